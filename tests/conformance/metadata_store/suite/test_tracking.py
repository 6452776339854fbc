"""What every metadata store does: keeps each run record once, whoever writes and whatever dies."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import PACKAGE, tracking


def record(number: int, **more: Any) -> dict[str, Any]:
    """A run record as the steps write it."""
    return {
        "schema": 1,
        "id": f"20260101T00{number // 60:02d}{number % 60:02d}-{number:08x}",
        "step": "train",
        "repository": "toy-training",
        "environment": "dev",
        "command": ["toy-training", "train"],
        "parameters": {"depth": 3, "nested": {"a": [1, 2]}},
        "seed": 7,
        "parent": None,
        "commit": "c" * 40,
        "dirty": False,
        "image": None,
        "code": "a" * 64,
        "lock": None,
        "inputs": {"features/entities.parquet": "b" * 64},
        "outputs": {"training/model": "d" * 64},
        "metrics": {"test.roc_auc": 0.7, "rows": 12345.0},
        "started": f"2026-01-01T00:{number // 60:02d}:{number % 60:02d}.000+00:00",
        "finished": "2026-01-01T02:00:00.000+00:00",
        "seconds": 1.5,
        "peak_memory_bytes": 3_000_000_000,
        "python": "3.11",
        "platform": "any",
        "status": "succeeded",
        "error": None,
        **more,
    }


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in records]


def test_record_comes_back_as_it_was(settings: Any) -> None:
    assert tracking.runs(settings) == []
    assert tracking.publish(settings, record(1))
    assert tracking.runs(settings) == [record(1)]


def test_oldest_comes_first(settings: Any) -> None:
    for number in (3, 1, 2):
        tracking.publish(settings, record(number))
    assert ids(tracking.runs(settings)) == ids([record(number) for number in (1, 2, 3)])


def test_same_record_is_stored_once(settings: Any) -> None:
    first = tracking.publish(settings, record(1))
    assert tracking.publish(settings, record(1)) == first
    assert tracking.publish(settings, record(2)) != first
    assert len(tracking.runs(settings)) == 2


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_run_that_did_not_succeed_is_kept_too(settings: Any, status: str) -> None:
    bad = record(1, status=status, error="x" * 20_000, outputs={}, metrics={})
    tracking.publish(settings, bad)
    assert tracking.runs(settings) == [bad]


def test_long_and_odd_values_are_kept_whole(settings: Any) -> None:
    odd = record(
        1,
        parameters={"text": "ä'\"; drop table runs; --\n" * 500, "none": None},
        inputs={f"../{'deep/' * 20}{number}.parquet": "e" * 64 for number in range(50)},
        metrics={"validation.loss": -1e-12, "many": 1e300},
        parent="loop-1",
    )
    tracking.publish(settings, odd)
    assert tracking.runs(settings) == [odd]


PUBLISH = textwrap.dedent("""
    import importlib, json, sys
    package, path = sys.argv[1:]
    tracking, settings, environment = (
        importlib.import_module(f"{package}.{name}")
        for name in ("tracking", "settings", "environment")
    )
    loaded = settings.load_settings()
    environment.apply(loaded)
    for record in json.load(open(path)):
        tracking.publish(loaded, record)
        print(record["id"], flush=True)
""")


@pytest.fixture
def writer(settings: Any, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a process that publishes records and prints each id when it is stored."""

    def start(*records: dict[str, Any]) -> subprocess.Popen[str]:
        path = tmp_path / f"{records[0]['id']}.json"
        path.write_text(json.dumps(records), "utf-8")
        return subprocess.Popen(
            [sys.executable, "-c", PUBLISH, PACKAGE, str(path)], stdout=subprocess.PIPE, text=True
        )

    return start


def test_two_writers_lose_nothing(settings: Any, writer: Any) -> None:
    mine = [record(number) for number in range(12)]
    yours = [record(number) for number in range(6, 18)]
    writers = [writer(*mine), writer(*yours)]
    for one in writers:
        one.communicate(timeout=180)
        assert one.returncode == 0
    assert ids(tracking.runs(settings)) == ids([record(number) for number in range(18)])


def test_nothing_is_lost_when_the_writer_is_killed(settings: Any, writer: Any) -> None:
    records = [record(number) for number in range(200)]
    one = writer(*records)
    stored = [one.stdout.readline().strip() for _ in range(5)]
    one.kill()
    stored += one.communicate(timeout=60)[0].split()
    known = ids(tracking.runs(settings))
    assert set(stored) <= set(known)
    assert len(known) == len(set(known))
    for again in records[: len(stored) + 3]:
        tracking.publish(settings, again)
    told = tracking.runs(settings)
    assert told == records[: len(told)]
    assert len(told) >= len(stored) + 3


def test_state_folder_may_be_moved(settings: Any, settings_of: Any) -> None:
    tracking.publish(settings, record(1))
    moved = settings_of(settings.state.parent / "moved")
    settings.state.mkdir(parents=True, exist_ok=True)  # a store may keep nothing in it
    settings.state.rename(moved.state)
    tracking.publish(moved, record(2))
    assert tracking.runs(moved) == [record(1), record(2)]
    assert not settings.state.exists()
