"""The prediction log is read by its contract."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import CLOCK, entry

from hotel_bookings_monitoring.plan import FEATURES
from hotel_bookings_monitoring.prediction_log import (
    Log,
    read_log,
)

CONTRACT = Path("contracts/prediction-log.schema.json")


def read(tmp_path: Path, text: str) -> Log:
    path = tmp_path / "predictions.jsonl"
    path.write_text(text, "utf-8")
    return read_log(path, CONTRACT, since=CLOCK - timedelta(days=1), until=CLOCK)


def test_lines_in_the_window_become_rows(tmp_path: Path) -> None:
    old = entry(CLOCK - timedelta(days=2))
    missing = entry(key=None, features={**entry()["features"], next(iter(FEATURES)): None})
    log = read(tmp_path, "\n".join(map(json.dumps, [entry(), old, missing])) + "\n")
    assert (log.lines, log.bad, len(log.entries)) == (3, 0, 2)
    frame = log.frame()
    assert list(FEATURES) == [name for name in frame.columns if name in FEATURES]
    assert int(frame[next(iter(FEATURES))].isna().sum()) == 1
    assert str(frame["event_timestamp"].dtype).endswith("UTC]")


@pytest.mark.parametrize(
    "line",
    [
        "{half a li",
        "[]",
        json.dumps({**entry(), "prediction": "much"}),
        json.dumps({**entry(), "features": {"unheard_of": 1}}),
        json.dumps({name: value for name, value in entry().items() if name != "model_version"}),
        json.dumps({**entry(), "as_of": "2024-06-01T11:00:00"}),
    ],
    ids=["cut", "list", "text", "feature", "missing", "zone"],
)
def test_a_line_that_breaks_the_contract_is_counted_and_named(tmp_path: Path, line: str) -> None:
    log = read(tmp_path, json.dumps(entry()) + "\n" + line + "\n")
    assert (log.lines, log.bad, len(log.entries)) == (2, 1, 1)
    assert log.first_bad.startswith("line 2: ")


def test_what_the_loop_asked_is_nobody_s_question(tmp_path: Path) -> None:
    asked = [entry(request_id="probe-20240601T110000Z-1"), entry(request_id="probable")]
    log = read(tmp_path, "\n".join(map(json.dumps, asked)) + "\n")
    assert (log.lines, log.bad) == (2, 0)
    assert [one["request_id"] for one in log.entries] == ["probable"]


def test_no_log_is_an_empty_one(tmp_path: Path) -> None:
    log = read_log(tmp_path / "none", CONTRACT, since=CLOCK, until=CLOCK)
    assert log.lines == 0
    assert log.frame().empty
