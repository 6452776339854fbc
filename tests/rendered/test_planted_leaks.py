"""The rendered tests of data engineering find a leak that somebody plants in a view."""

import subprocess
from pathlib import Path

import pytest

from rendering import Family, copy, set_up

LEAKS = {
    "a view that counts a flight from its departure, before it has landed": (
        "plane_delays",
        'SQLExpression("landed_at")',
        'SQLExpression("scheduled_departure")',
        "test_no_feature_knows_the_future",
    ),
    "a feature of the timetable that is made of the delay": (
        "schedule",
        'SQLExpression("distance")',
        'SQLExpression("arr_delay")',
        "test_no_feature_knows_the_outcome",
    ),
    "a window that looks an hour ahead": (
        "carrier_delays",
        "AND CURRENT ROW",
        "AND INTERVAL 1 HOUR FOLLOWING",
        "test_no_feature_knows_the_future",
    ),
    "the last row of an hour, counted before the hour is over": (
        "route_delays",
        "return relations.latest(features, KEYS, EVERY)",
        "return relations.latest(features, KEYS, EVERY).select(\n"
        "        duckdb.StarExpression(exclude=['event_timestamp']),\n"
        "        duckdb.SQLExpression(f'event_timestamp - {EVERY}').alias('event_timestamp'),\n"
        "    )",
        "test_no_feature_knows_the_future",
    ),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_found(leak: str, family: Family, tmp_path: Path) -> None:
    view, true, false, test = LEAKS[leak]
    repository = family.repository("data-engineering")
    set_up(repository)
    spoiled = copy(repository, tmp_path / "spoiled")
    path = spoiled / "src" / family.package("data-engineering") / "views" / f"{view}.py"
    text = path.read_text(encoding="utf-8")
    assert true in text
    path.write_text(text.replace(true, false), encoding="utf-8")
    done = subprocess.run(
        [
            *(repository / ".venv" / "bin" / "python", "-m", "pytest", "-q"),
            *("-p", "no:cacheprovider", "-o", f"pythonpath={spoiled / 'src'}"),
            *(f"tests/test_view_{view}.py", "-k", test),
        ],
        cwd=spoiled,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "a leak" in done.stdout
