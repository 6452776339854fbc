"""A round as it goes: history is replayed, and the service takes up what was promoted meanwhile."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest
from conftest import (
    KEY,
    KEYS,
    row,
)
from standins import Family, build

from hotel_bookings_serving.due import JOIN_KEYS
from hotel_bookings_serving.follow import _continuity
from hotel_bookings_serving.scoring import FEATURES
from hotel_bookings_serving.settings import PREFIX

CLOCK: Final = "2026-01-31T12:00:00+00:00"
ROUND: Final = "2026-01-31T12:00:00Z/2026-02-02T12:00:00Z"
PART: Final = "20260202T1200Z"
INSTANTS: Final = ("2026-02-01T09:00:00Z", "2026-02-02T12:00:00Z")


@dataclass
class Replayed:
    """A family in an environment that replays history."""

    family: Family
    url: str = ""

    @property
    def place(self) -> Path:
        """The round's folder."""
        return self.family.state / "rounds" / PART

    @property
    def variables(self) -> dict[str, str]:
        """What makes it replay, and names the service."""
        return {f"{PREFIX}_CLOCK": CLOCK, f"{PREFIX}_SERVICE": self.url}

    def call(self, step: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the round."""
        return self.family.call([step, "--round", ROUND], **self.variables)

    def write(self, path: str, document: Mapping[str, Any]) -> None:
        """Leave a document in the state folder."""
        target = self.family.state / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(document), "utf-8")

    def read(self, name: str) -> dict[str, Any]:
        """A document of the round."""
        document: dict[str, Any] = json.loads((self.place / f"{name}.json").read_text("utf-8"))
        return document


@pytest.fixture
def replayed(tmp_path: Path) -> Replayed:
    """Version 1 in the registry, and two entities that come up in the round."""
    found = Replayed(build(tmp_path))
    found.family.add("1")
    found.write("training/registration.json", {"version": "1", "accepted": True})
    entities = pd.DataFrame(
        {
            KEY: list(KEYS),
            **{name: ["a", "b"] for name in JOIN_KEYS if name != KEY},
            "event_timestamp": pd.to_datetime(list(INSTANTS), utc=True).astype(
                "datetime64[us, UTC]"
            ),
        }
    )
    folder = found.family.state / "features"
    folder.mkdir()
    entities.to_parquet(folder / "entities.parquet")
    scores = found.family.state / "serving" / "scores.parquet"
    scores.parent.mkdir()
    entities[[KEY]].to_parquet(scores)
    return found


@contextmanager
def beside(replayed: Replayed, *words: str) -> Iterator[None]:
    """A command that runs beside the steps."""
    with subprocess.Popen(
        replayed.family.command(*words),
        env={**replayed.family.environment, **replayed.variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def test_a_round_is_served_and_the_service_follows(replayed: Replayed) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    replayed.url = f"http://127.0.0.1:{port}"
    with beside(replayed, "serve", "--port", port), beside(replayed, "heartbeat"):
        served = replayed.call("traffic")
        assert served.returncode == 0, served.stdout + served.stderr
        _look_at_the_traffic(replayed)

        replayed.write(
            f"rounds/{PART}/comparison.json",
            {"decision": "promoted", "challenger": {"version": "2"}},
        )
        replayed.write(
            f"runs/compare/{PART}/latest.json", {"finished": datetime.now(UTC).isoformat()}
        )
        replayed.family.add("2", rounds=9)
        followed = replayed.call("follow")
        assert followed.returncode == 0, followed.stdout + followed.stderr
    document = replayed.read("follow")
    assert document["needed"]
    assert document["version"] == "2"
    assert document["failed"] == 0 < document["requests"]
    assert document["same_process"]
    assert document["seconds_until_in_service"] < 30
    again = replayed.family.call(["traffic", "--round", ROUND, "--dry-run"], **replayed.variables)
    assert again.returncode == 3, again.stdout


def _look_at_the_traffic(replayed: Replayed) -> None:
    document = replayed.read("traffic")
    assert (document["source"], document["rows"]) == ("replayed", len(KEYS))
    assert document["versions"] == {"1": len(KEYS)}
    table = pd.read_parquet(replayed.place / "traffic.parquet")
    assert table["key"].tolist() == list(KEYS)
    assert table["as_of"].tolist() == [pd.Timestamp(instant) for instant in INSTANTS]
    known = table[list(FEATURES)].astype(object).where(table[list(FEATURES)].notna(), None)
    assert known.to_dict("records") == [row(0), row(1)]
    assert table["prediction"].between(-1e6, 1e6).all()
    assert not (replayed.family.state / "serving" / "predictions.jsonl").exists()


def test_a_step_of_a_round_needs_one(replayed: Replayed) -> None:
    answer = replayed.family.call(["traffic"], **replayed.variables)
    assert answer.returncode == 1
    assert "name the round: --round START/END" in answer.stderr


def test_what_people_asked_is_read_from_the_log(replayed: Replayed) -> None:
    log = replayed.family.state / "serving" / "predictions.jsonl"
    common = {"request_id": "r", "mode": "online", "model_version": "1", "duration_ms": 2.0}
    answers = [
        {"key": KEYS[0], "as_of": INSTANTS[0], "prediction": 0.1},
        {"key": KEYS[0], "as_of": INSTANTS[0], "prediction": 0.2},
        {"key": KEYS[1], "as_of": "2026-01-31T12:00:00Z", "prediction": 0.3},  # before the round
    ]
    lines = [
        {
            "prediction_id": str(number),
            "predicted_at": INSTANTS[1],
            "features": row(0),
            **common,
            **answer,
        }
        for number, answer in enumerate(answers)
    ]
    lines.append({**lines[0], "key": KEYS[1], "request_id": "probe-20260131T120000Z-1"})
    log.write_text("".join(json.dumps(line) + "\n" for line in lines) + "{half", "utf-8")
    served = replayed.family.call(
        ["traffic", "--round", ROUND],
        **{f"{PREFIX}_ENVIRONMENT": _with_the_wall_clock(replayed.family)},
    )
    if "no settings" in served.stderr:
        pytest.skip("every environment of this product replays history")
    assert served.returncode == 0, served.stdout + served.stderr
    assert replayed.read("traffic")["source"] == "log"
    table = pd.read_parquet(replayed.place / "traffic.parquet")
    assert table["prediction"].tolist() == [0.2]


def _with_the_wall_clock(family: Family) -> str:
    """An environment without a clock."""
    found = [
        path.stem for path in Path("settings").glob("*.toml") if "clock =" not in path.read_text()
    ]
    return found[0] if found else "none"


def test_a_gap_in_the_heartbeat_is_measured() -> None:
    start = time.time()
    beats = [
        {
            "at": datetime.fromtimestamp(start + second, UTC).isoformat(),
            "status": status,
            "ms": 1.0,
            "process": process,
        }
        for second, status, process in ((0, 200, "7"), (0.1, 503, "7"), (2.1, 200, "8"))
    ]
    found = _continuity(beats)
    assert (found["requests"], found["failed"], found["same_process"]) == (3, 1, False)
    assert found["longest_gap_ms"] == pytest.approx(2100, abs=1)
