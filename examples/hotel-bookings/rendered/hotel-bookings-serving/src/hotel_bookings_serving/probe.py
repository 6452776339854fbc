"""Step `probe`: starts the service as a user would, asks it, and compares with the batch scores.

Where the product's loop has a service running already, that one is asked.

The service runs at the instant of the scores, so that both must agree: the same keys, the same
features from two stores, the same predictions.
"""

import json
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from .client import Client, Reply
from .faults import Fault
from .prediction_log import PROBE
from .run_record import Run
from .running import given, service
from .scoring import FEATURES, rows_of
from .settings import Settings

KEY: Final = "booking_id"
SAMPLE: Final = 200  # keys compared with the batch scores
REQUESTS: Final = 300  # single requests whose latency is measured
OWN_METRICS: Final = "hotel_bookings_"
CLOSE: Final = 1e-9  # relative: what two ways may differ by


def run(settings: Settings, run: Run) -> None:
    """Write probe.json."""
    serving = settings.state / "serving"
    scores = pd.read_parquet(serving / "scores.parquet")
    scored = json.loads((serving / "scores.json").read_text("utf-8"))
    sample = _sample(scores, run.seed)
    run.say("the service starts" if given() is None else "asking the service that runs")
    with service(settings, scored["clock"], serving / "service.log") as found:
        ready_seconds = found.ready_seconds
        run.say(f"ready after {ready_seconds:.1f} s; asking it about {len(sample)} keys")
        with found.client() as client:
            by_key = _predictions(client, {"keys": sample[KEY].tolist(), "features": True}, run)
            by_row = _predictions(client, {"rows": rows_of(sample), "features": True}, run)
            difference = max(
                _compare(sample, by_key, "by key"),
                _compare(sample, by_row, "by full row"),
            )
            refused = _refused(client, rows_of(sample)[0], run)
            milliseconds = _latencies(client, sample[KEY].tolist(), run)
            measured = _metrics(client)
    p50, p99 = (float(value) for value in np.percentile(milliseconds, [50, 99]))
    run.say(f"equal to the batch scores; p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    document = {
        "example": by_key[0],
        "as_of": scored["clock"],
        "model_version": scored["model_version"],
        "compared": len(sample),
        "equal": True,
        "largest_difference": difference,
        "refused": refused,
        "requests": len(milliseconds),
        "latency_ms": {"p50": round(p50, 3), "p99": round(p99, 3)},
        "ready_seconds": round(ready_seconds, 3),
        "metrics": measured,
    }
    path = run.staged(serving / "probe.json")
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    run.metric("latency_p50_ms", p50)
    run.metric("latency_p99_ms", p99)
    run.metric("ready_seconds", ready_seconds)
    run.metric("compared", len(sample))


def _sample(scores: pd.DataFrame, seed: int) -> pd.DataFrame:
    chosen = random.Random(seed).sample(range(len(scores)), min(SAMPLE, len(scores)))  # noqa: S311
    return scores.iloc[chosen].reset_index(drop=True)


def _predictions(
    client: Client,
    question: Mapping[str, Any],
    run: Run,
) -> list[dict[str, Any]]:
    reply = client.predict(question, request_id=f"{PROBE}{run.id}")
    if reply.status != 200:
        raise Fault(f"the service answered {reply.status}: {reply.text.strip()}; see service.log")
    predictions: list[dict[str, Any]] = reply.document["predictions"]
    return predictions


def _compare(sample: pd.DataFrame, answers: Sequence[Mapping[str, Any]], way: str) -> float:
    """The largest difference; `Fault` names the first value that online and batch do not share."""
    largest = 0.0
    for row, (expected, answer) in enumerate(zip(rows_of(sample), answers, strict=True)):
        pairs = {name: (expected[name], answer["features"][name]) for name in FEATURES}
        pairs["prediction"] = (sample["prediction"].iloc[row], answer["prediction"])
        pairs["model_version"] = (sample["model_version"].iloc[row], answer["model_version"])
        for name, (batch, online) in pairs.items():
            if isinstance(batch, float) and isinstance(online, float):
                largest = max(largest, abs(batch - online))
            if not _equal(batch, online):
                raise Fault(
                    f"{sample[KEY].iloc[row]} {way}: {name} is {online} online and {batch} in "
                    "batch; materialise the features and score again, both at the same clock"
                )
    return largest


def _equal(batch: object, online: object) -> bool:
    if isinstance(batch, float) and isinstance(online, float):
        return bool(np.isclose(batch, online, rtol=CLOSE, atol=CLOSE))
    return batch == online


def _refused(client: Client, row: Mapping[str, object], run: Run) -> int:
    """A row with a feature of the wrong type must be refused with the reason."""
    name, type_ = next(iter(FEATURES.items()))
    bad = {**row, name: "many" if type_ == "number" else 1}
    reply: Reply = client.predict({"rows": [bad]}, request_id=f"{PROBE}{run.id}")
    if not 400 <= reply.status < 500 or name not in reply.text:
        raise Fault(f"a row with a wrong {name} was answered {reply.status}: {reply.text.strip()}")
    return reply.status


def _latencies(client: Client, keys: Sequence[str], run: Run) -> list[float]:
    """Milliseconds of single requests, one after the other."""
    taken = []
    for number in range(REQUESTS):
        started = time.perf_counter()
        _predictions(client, {"keys": [keys[number % len(keys)]]}, run)
        taken.append(1000 * (time.perf_counter() - started))
    return taken


def _metrics(client: Client) -> dict[str, float]:
    """The service's own counts, as monitoring reads them."""
    reply = client.get("/metrics")
    if reply.status != 200:
        raise Fault(f"/metrics answered {reply.status}; see service.log")
    lines = [line.rsplit(" ", 1) for line in reply.text.splitlines() if not line.startswith("#")]
    own = [line for line in lines if line[0].startswith(OWN_METRICS)]
    return {name: float(value) for name, value in own if "_bucket" not in name}
