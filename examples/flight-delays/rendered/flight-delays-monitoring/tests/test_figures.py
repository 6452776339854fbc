"""The figures of the steps are those of their records."""

import json
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from queries import metrics

from flight_delays_monitoring.figures import FIGURE, FINISHED, LIMIT, exposition, serve
from flight_delays_monitoring.settings import Settings

AT = datetime(2024, 6, 1, 12, tzinfo=UTC)
STEPS: dict[str, dict[str, float]] = {
    "ingest": {},
    "materialise": {},
    "watch/20240501T1200Z": {"quality.current": 0.5, "quality.drop": 0.25},
    "watch/20240601T1200Z": {"quality.current": 0.75, "quality.drop": 0.125},
    "retrain/20240601T1200Z": {"trained": 1.0},
    "compare/20240601T1200Z": {"promoted": 0.0},
}


def write_records(state: Path) -> None:
    """Records as the steps leave them."""
    for place, figures in STEPS.items():
        folder = state / "runs" / place
        folder.mkdir(parents=True)
        record = {"metrics": figures, "finished": AT.isoformat()}
        (folder / "latest.json").write_text(json.dumps(record), "utf-8")


def values(state: Path) -> dict[str, float]:
    """What is told, by name and labels."""
    lines = [line for line in exposition(state).splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_the_last_success_of_each_step_is_told(tmp_path: Path) -> None:
    write_records(tmp_path)
    found = values(tmp_path)
    assert found[FINISHED + '{step="ingest"}'] == AT.timestamp()
    # Of the rounds it is the last one.
    assert found[FIGURE + '{figure="quality.current",step="watch"}'] == 0.75
    assert found[FIGURE + '{figure="promoted",step="compare"}'] == 0
    assert found[LIMIT + '{figure="drifted_share",step="watch"}'] > 0


def test_before_the_first_step_there_is_nothing_but_limits(tmp_path: Path) -> None:
    assert {name.partition("{")[0] for name in values(tmp_path) if "{" in name} == {LIMIT}


def test_a_record_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    write_records(tmp_path)
    (tmp_path / "runs" / "ingest" / "latest.json").write_text("{", "utf-8")
    found = values(tmp_path)
    assert FINISHED + '{step="ingest"}' not in found
    assert FINISHED + '{step="watch"}' in found


def test_what_is_told_is_what_rules_and_dashboards_may_ask_for(tmp_path: Path) -> None:
    write_records(tmp_path)
    told = {name.partition("{")[0] for name in values(tmp_path) if "{" in name}
    assert told == {one["name"] for one in metrics() if "step" in one["labels"]}


def test_a_label_cannot_break_the_format(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "ingest"
    folder.mkdir(parents=True)
    record = {"metrics": {'a"\\\n': 1.0}, "finished": AT.isoformat()}
    (folder / "latest.json").write_text(json.dumps(record), "utf-8")
    assert FIGURE + '{figure="a\\"\\\\\\n",step="ingest"}' in values(tmp_path)


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    write_records(settings.state)
    server = serve(settings, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_it_answers_two_pages(address: str) -> None:
    with urllib.request.urlopen(f"{address}/metrics", timeout=5) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert FINISHED in answer.read().decode()
    with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{address}/else", timeout=5)


def test_it_ends_when_it_is_told_to() -> None:
    command = [sys.executable, "-m", "flight_delays_monitoring.figures", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
