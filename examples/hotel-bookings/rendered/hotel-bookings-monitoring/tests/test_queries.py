"""Rules and dashboards are valid, and ask only for what the service exports."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from queries import DASHBOARDS, RULES, asked, known, queries, rules

PROMTOOL = shutil.which("promtool")


@pytest.mark.parametrize("query", queries())
def test_a_query_asks_only_for_what_is_there(query: str) -> None:
    names = known()
    for name, labels in asked(query).items():
        assert name in names, f"nothing exports {name}"
        assert labels <= names[name], f"{name} has no label {labels - names[name]}"


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


def test_the_service_of_the_product_is_scraped() -> None:
    document = yaml.safe_load(Path("prometheus.yml").read_text("utf-8"))
    (job,) = document["scrape_configs"]
    assert job["job_name"] == "hotel-bookings"
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:3010"]


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
