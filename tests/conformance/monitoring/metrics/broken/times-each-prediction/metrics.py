"""Broken: the time of a request is counted for each of its predictions."""

from .toy import REASONS, Toy


class Timing(Toy):
    def time(self, seconds: float, predictions: int) -> None:
        for _ in range(predictions):
            super().time(seconds, 1)


port = Timing()
predicted, failed = port.predicted, port.failed
log_failed, model_loaded = port.log_failed, port.model_loaded

__all__ = ["REASONS", "failed", "log_failed", "model_loaded", "predicted"]
