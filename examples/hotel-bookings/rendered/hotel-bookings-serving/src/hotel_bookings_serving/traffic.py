"""Step `traffic`: what the service was asked in a round, and what it answered.

Where history is replayed, every booking that came up in the round is sent to the
running service over HTTP, as a full row with its key and instant: its features are those that were
known then. Elsewhere people have asked. Either way the answers are read from the prediction log.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from . import features
from .due import JOIN_KEYS, KEY
from .faults import Fault
from .messages import MOST
from .prediction_log import asked_now, entries, replayed_between
from .rounds import Round, current, folder, reference
from .run_record import Run
from .running import Service, service
from .scoring import FEATURES, rows_of
from .settings import Settings

FOLLOW_SECONDS: Final = 20.0  # in which a service takes up the version of its registry


def run(settings: Settings, run: Run) -> None:
    """Write traffic.parquet and traffic.json."""
    round_, place = current(settings), folder(settings)
    if settings.replayed is None:
        document: dict[str, Any] = {"source": "log"}
        logs = [asked_now(settings.state)]
    else:
        document = {"source": "replayed", **_replay(settings, round_, run)}
        logs = replayed_between(settings.state, round_.start, round_.end)
    answered = _answered(logs, round_)
    if len(answered) < document.get("sent", 0):
        raise Fault(
            f"the prediction log holds {len(answered)} of {document['sent']} answers of the round; "
            "the log of the service says why, mend it and run the step again"
        )
    answered.to_parquet(run.staged(place / "traffic.parquet"))
    document = {
        "round": {"start": round_.start.isoformat(), "end": round_.end.isoformat()},
        "requests": int(answered.attrs["requests"]),
        "failed": 0,
        "latency_ms": _percentiles(answered.attrs["durations"]),
        **{name: value for name, value in document.items() if name != "sent"},
        "rows": len(answered),
        "versions": {
            str(name): int(count)
            for name, count in answered["model_version"].value_counts().sort_index().items()
        },
    }
    path = run.staged(place / "traffic.json")
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    versions = ", ".join(document["versions"]) or "none"
    run.say(f"{len(answered)} predictions by version {versions}")
    run.metric("rows", len(answered))
    run.metric("requests", document["requests"])


def _replay(settings: Settings, round_: Round, run: Run) -> dict[str, Any]:
    """Send the round to the service."""
    asked = features.historical(settings, _came_up(settings, round_))
    run.say(f"{len(asked)} rows with their features as of then")
    log = settings.state / "serving" / "service.log"
    durations: list[float] = []
    # The service stands at the instant of the environment; what is sent has its own.
    clock = settings.replayed.isoformat() if settings.replayed else ""
    with service(settings, clock, log) as found:
        wanted = _version(reference(settings) / "registration.json")
        with found.client() as client:
            _wait_for(found, rows_of(asked.head(1)), wanted, run)
            for question in _questions(asked):
                started = time.perf_counter()
                reply = client.predict(question, request_id=f"replay-{run.id}")
                durations.append(1000 * (time.perf_counter() - started))
                if reply.status != 200:
                    raise Fault(
                        f"the service answered {reply.status}: {reply.text.strip()[:500]}; "
                        "its log says more"
                    )
        address = f"http://{found.host}:{found.port}"
    return {
        "sent": len(asked),
        "requests": len(durations),
        "latency_ms": _percentiles(durations),
        "service": {"url": address, "version": wanted, "rows_per_request": MOST},
    }


def _came_up(settings: Settings, round_: Round) -> pd.DataFrame:
    """Who is asked about in the round, in the order of time."""
    found = pd.read_parquet(
        settings.state / "features" / "entities.parquet",
        columns=[KEY, *JOIN_KEYS, "event_timestamp"],
        filters=[
            ("event_timestamp", ">", pd.Timestamp(round_.start)),
            ("event_timestamp", "<=", pd.Timestamp(round_.end)),
        ],
    ).sort_values(["event_timestamp", KEY], ignore_index=True)
    if found.empty:
        raise Fault(
            f"no booking came up in the round {round_}; "
            f"let `replay` in settings of the product end where the data end"
        )
    return found


def _questions(asked: pd.DataFrame) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(asked), MOST):
        part = asked.iloc[start : start + MOST]
        yield {
            "keys": part[KEY].tolist(),
            "rows": rows_of(part),
            "as_of": [instant.isoformat() for instant in part["event_timestamp"]],
        }


def _wait_for(found: Service, rows: Sequence[Mapping[str, Any]], version: str, run: Run) -> None:
    """Wait until the service answers with the champion of the round's start."""
    deadline = time.monotonic() + FOLLOW_SECONDS
    seen = ""
    while time.monotonic() < deadline:
        with found.client() as client:
            reply = client.predict({"rows": rows, "check": True})
        if reply.status == 200:
            seen = str(reply.document["predictions"][0]["model_version"])
            if seen == version:
                return
        time.sleep(0.2)
    run.say(f"version {version} was the champion, but version {seen or 'none'} is in service")


def _version(registration: Path) -> str:
    return str(json.loads(registration.read_text("utf-8"))["version"])


def _answered(logs: Sequence[Path], round_: Round) -> pd.DataFrame:
    """The logged answers of the round: the latest for each key and instant."""
    latest: dict[tuple[str, datetime], dict[str, Any]] = {}
    requests: set[str] = set()
    durations: dict[str, float] = {}
    for log in logs:
        for entry in entries(log):
            instant = datetime.fromisoformat(entry["as_of"]).astimezone(UTC)
            if round_.start < instant <= round_.end:
                # Without a key two questions of the same instant are two.
                key = entry["key"] or entry["prediction_id"]
                latest[key, instant] = entry
                requests.add(entry["request_id"])
                durations[entry["request_id"]] = entry["duration_ms"]
    ordered = sorted(latest.items(), key=lambda item: (item[0][1], item[0][0]))
    frame = pd.DataFrame(
        {
            "key": [entry["key"] for _, entry in ordered],
            "as_of": _instants([instant for (_, instant), _ in ordered]),
            "prediction": np.array([entry["prediction"] for _, entry in ordered], dtype=float),
            "model_version": [entry["model_version"] for _, entry in ordered],
            "predicted_at": _instants(
                [datetime.fromisoformat(entry["predicted_at"]) for _, entry in ordered]
            ),
            **{
                name: pd.Series(
                    [entry["features"].get(name) for _, entry in ordered],
                    dtype="float64" if type_ == "number" else "object",
                )
                for name, type_ in FEATURES.items()
            },
        }
    )
    frame.attrs = {"requests": len(requests), "durations": list(durations.values())}
    return frame


def _instants(values: Sequence[datetime]) -> "pd.Series[Any]":
    return pd.Series(pd.to_datetime(list(values), utc=True)).astype("datetime64[us, UTC]")


def _percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    if not milliseconds:
        return {}
    p50, p99 = (float(value) for value in np.percentile(milliseconds, [50, 99]))
    return {"p50": round(p50, 3), "p99": round(p99, 3)}
