"""`flight-delays-serving heartbeat`: asks the running service ten times a second, and keeps each answer.

What it has seen tells whether the service went on while its model was replaced.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from .client import KEY, Client
from .faults import Fault
from .lifeline import follow_parent
from .running import SERVICE, Service, given
from .settings import Settings

EVERY: Final = 0.1  # seconds between two questions
PATIENCE: Final = 10.0  # seconds until an answer that does not come counts as none


def path(state: Path) -> Path:
    """Where the answers are kept, one line each."""
    return state / "serving" / "heartbeat.jsonl"


def main(settings: Settings, arguments: Sequence[str]) -> int:
    """Ask until Ctrl-C; silent until the service has answered for the first time."""
    argparse.ArgumentParser(
        prog="flight-delays-serving heartbeat",
        description=f"Ask the service of {SERVICE} until Ctrl-C; answers go to {path(Path())}.",
    ).parse_args(arguments)
    found = given()
    if found is None:
        raise Fault(f"there is no service to ask; set {SERVICE}=http://127.0.0.1:3000")
    follow_parent()
    target = path(settings.state)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8") as stream:
        started, key = False, ""
        while True:
            key = key or _key(settings)
            beat = _ask(found, key) if key else {"status": 0}
            started = started or beat["status"] == 200
            if started:
                stream.write(json.dumps(beat) + "\n")
                stream.flush()
            time.sleep(EVERY)


def beats(state: Path, since: datetime) -> list[dict[str, Any]]:
    """The answers from an instant on; empty where nobody asked."""
    try:
        lines = path(state).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    # The last line may be half-written: the other process goes on while this one reads.
    found = [json.loads(line) for line in lines if line.endswith("}")]
    return [beat for beat in found if datetime.fromisoformat(beat["at"]) >= since]


def _ask(found: Service, key: str) -> Mapping[str, Any]:
    """One question on a connection of its own, as a new caller would."""
    beat: dict[str, Any] = {"at": datetime.now(UTC).isoformat(), "status": 0}
    started = time.perf_counter()
    try:
        with Client(found.port, found.host, timeout=PATIENCE) as client:
            reply = client.predict({"keys": [key], "check": True})
        beat |= {"status": reply.status, "process": reply.process}
        if reply.status == 200:
            beat["version"] = reply.document["predictions"][0]["model_version"]
        else:
            beat["error"] = reply.text[:200]
    except OSError as error:
        beat["error"] = f"{type(error).__name__}: {error}"[:200]
    return beat | {"ms": round(1000 * (time.perf_counter() - started), 3)}


def _key(settings: Settings) -> str:
    """A key that the online store knows: one that was scored in batch; empty before it was."""
    scores = settings.state / "serving" / "scores.parquet"
    if not scores.exists():
        return ""
    # Imported by the heartbeat only: `follow` reads what it kept and needs no tables.
    import pyarrow.parquet as pq

    return str(pq.ParquetFile(scores).read_row_group(0, columns=[KEY])[KEY][0])
