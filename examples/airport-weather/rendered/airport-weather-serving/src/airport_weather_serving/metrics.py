"""Metrics of the service, as Prometheus reads them at /metrics.

Several workers answer: each writes into files of `PROMETHEUS_MULTIPROC_DIR`, and any of them
answers with the sum. The names below are what rules and dashboards ask for.
"""

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram, Summary

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

PREDICTIONS: Final = Counter(
    "airport_weather_predictions_total",
    "Predictions answered",
    ["model_version"],
)
VALUES: Final = Summary(
    "airport_weather_prediction_value",
    "Predicted values; sum over count is their mean",
    ["model_version"],
)
LATENCY: Final = Histogram(
    "airport_weather_request_seconds",
    "Time to answer a request with predictions",
    buckets=SECONDS,
)
FAILURES: Final = Counter(
    "airport_weather_failures_total",
    "Requests refused or failed",
    ["reason"],
)
NULLS: Final = Counter(
    "airport_weather_feature_nulls_total",
    "Predictions made without a feature's value; over predictions it is the null share",
    ["feature"],
)
LOG_FAILURES: Final = Counter(
    "airport_weather_prediction_log_failures_total",
    "Predictions that the prediction log could not take",
)
MODEL: Final = Gauge(
    "airport_weather_model_info",
    "1 for the model version in service",
    ["model_version"],
    multiprocess_mode="livemostrecent",
)
REASONS: Final = (
    "bad_json",
    "bad_key",
    "bad_request",
    "bad_row",
    "internal",
    "media_type",
    "method",
    "too_large",
    "unavailable",
    "unknown_key",
)

_versions: set[str] = set()


def predicted(entries: Sequence[Mapping[str, Any]], seconds: float) -> None:
    """One request was answered; its entries hold prediction, model_version and features."""
    LATENCY.observe(seconds)
    versions = Tally(entry["model_version"] for entry in entries)
    for version, count in versions.items():
        PREDICTIONS.labels(version).inc(count)
    for entry in entries:
        VALUES.labels(entry["model_version"]).observe(entry["prediction"])
    nulls = Tally(
        name for entry in entries for name, value in entry["features"].items() if value is None
    )
    for name, count in nulls.items():
        NULLS.labels(name).inc(count)


def failed(reason: str) -> None:
    """A request was refused or failed; `reason` is one of `REASONS`."""
    FAILURES.labels(reason).inc()


def log_failed(predictions: int) -> None:
    """The prediction log could not take this many predictions."""
    LOG_FAILURES.inc(predictions)


def model_loaded(version: str) -> None:
    """From now on this worker serves the version."""
    for old in _versions - {version}:
        MODEL.labels(old).set(0)
    _versions.add(version)
    MODEL.labels(version).set(1)
    # A series that starts at 0 makes the first failure visible as an increase.
    for reason in REASONS:
        FAILURES.labels(reason)
