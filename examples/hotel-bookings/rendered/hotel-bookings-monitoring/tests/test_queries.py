"""Rules and dashboards are valid, and ask only for what service and steps export."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from queries import DASHBOARDS, RULES, queries, rules, unknown

from hotel_bookings_monitoring.figures import PORT

PROMTOOL = shutil.which("promtool")


@pytest.mark.parametrize("query", queries())
def test_a_query_asks_only_for_what_is_there(query: str) -> None:
    assert unknown(query) == []


def test_a_query_for_what_nobody_exports_is_found() -> None:
    assert unknown("sum(rate(hotel_bookings_planted_total[5m]))")
    assert unknown('up{planted="label"}') == ["up has no label planted"]
    with pytest.raises(ValueError):
        unknown("sum(rate(up[5m])")


def test_an_alert_says_who_is_called_and_what_to_do() -> None:
    guide = Path("rules/README.md").read_text("utf-8")
    for alert in (rule for rule in rules() if "alert" in rule):
        assert {"severity", "role"} <= set(alert["labels"]), alert["alert"]
        anchor = alert["annotations"]["runbook"].removeprefix("rules/README.md#")
        assert f'<a id="{anchor}"></a>{alert["alert"]}' in guide


def test_every_alert_has_a_test() -> None:
    tested = Path("rules/service.test.yaml").read_text("utf-8")
    for alert in (rule["alert"] for rule in rules() if "alert" in rule):
        assert tested.count(alert) > 1, alert


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_one_that_can_be_imported(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    assert document["schemaVersion"] >= 39
    assert document["panels"], "an empty dashboard"
    numbers = [panel["id"] for panel in document["panels"]]
    assert len(numbers) == len(set(numbers))
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in document["panels"]]
    assert len(places) == len(set(places))
    for panel in document["panels"]:
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert all(target["datasource"]["uid"] == "${source}" for target in panel["targets"])


def test_the_service_and_the_figures_of_the_steps_are_scraped() -> None:
    document = yaml.safe_load(Path("prometheus.yml").read_text("utf-8"))
    jobs = {job["job_name"]: job["static_configs"] for job in document["scrape_configs"]}
    assert jobs == {
        "hotel-bookings": [{"targets": ["127.0.0.1:3010"]}],
        "hotel-bookings-figures": [{"targets": [f"127.0.0.1:{PORT}"]}],
    }


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not on PATH: apt-get install prometheus")
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", *map(str, RULES)],
        ["test", "rules", "rules/service.test.yaml"],
    ],
    ids=["config", "rules", "alerts"],
)
def test_promtool_agrees(arguments: list[str]) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
