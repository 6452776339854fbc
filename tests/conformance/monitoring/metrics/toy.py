"""Metrics of a service, right and small: each broken case spoils one thing in them."""

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram, Summary

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

PREDICTIONS: Final = Counter(
    "flight_delays_predictions_total",
    "Predictions answered",
    ["model_version"],
)
VALUES: Final = Summary(
    "flight_delays_prediction_value",
    "Predicted values; sum over count is their mean",
    ["model_version"],
)
FAILURES: Final = Counter(
    "flight_delays_failures_total",
    "Requests refused or failed",
    ["reason"],
)
NULLS: Final = Counter(
    "flight_delays_feature_nulls_total",
    "Predictions made without a feature's value; over predictions it is the null share",
    ["feature"],
)
LOG_FAILURES: Final = Counter(
    "flight_delays_prediction_log_failures_total",
    "Predictions that the prediction log could not take",
)
MODEL: Final = Gauge(
    "flight_delays_model_info",
    "1 for the model version in service",
    ["model_version"],
    multiprocess_mode="mostrecent",
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


class Toy:
    """The port's functions as methods, and what a case may spoil."""

    seconds = "flight_delays_request_seconds"

    def __init__(self) -> None:
        text = "Time to answer a request with predictions"
        self.latency = Histogram(self.seconds, text, buckets=SECONDS)
        self.versions: set[str] = set()

    def predicted(self, entries: Sequence[Mapping[str, Any]], seconds: float) -> None:
        """One request was answered; its entries hold prediction, model_version and features."""
        self.time(seconds, len(entries))
        versions = Tally(entry["model_version"] for entry in entries)
        for version, count in versions.items():
            self.count(version, count)
        for entry in entries:
            VALUES.labels(entry["model_version"]).observe(entry["prediction"])
        nulls = Tally(
            name for entry in entries for name, value in entry["features"].items() if value is None
        )
        for name, count in nulls.items():
            self.miss(name, count)

    def failed(self, reason: str) -> None:
        """A request was refused or failed; `reason` is one of `REASONS`."""
        FAILURES.labels(reason).inc()

    def log_failed(self, predictions: int) -> None:
        """The prediction log could not take this many predictions."""
        LOG_FAILURES.inc(predictions)

    def model_loaded(self, version: str) -> None:
        """From now on this worker serves the version."""
        for old in self.versions - {version}:
            self.replaced(old)
        self.versions.add(version)
        MODEL.labels(version).set(1)
        # A series that starts at 0 makes the first failure visible as an increase.
        for reason in REASONS:
            FAILURES.labels(reason)

    def time(self, seconds: float, predictions: int) -> None:
        """A request with so many predictions took so long."""
        self.latency.observe(seconds)

    def count(self, version: str, predictions: int) -> None:
        """A version answered."""
        PREDICTIONS.labels(version).inc(predictions)

    def miss(self, feature: str, predictions: int) -> None:
        """A feature had no value."""
        NULLS.labels(feature).inc(predictions)

    def replaced(self, version: str) -> None:
        """A version is out of service."""
        MODEL.labels(version).set(0)
