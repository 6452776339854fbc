"""Broken: a request is counted, not its predictions."""

from .toy import PREDICTIONS, REASONS, Toy


class Requests(Toy):
    def count(self, version: str, predictions: int) -> None:
        PREDICTIONS.labels(version).inc()


port = Requests()
predicted, failed = port.predicted, port.failed
log_failed, model_loaded = port.log_failed, port.model_loaded

__all__ = ["REASONS", "failed", "log_failed", "model_loaded", "predicted"]
