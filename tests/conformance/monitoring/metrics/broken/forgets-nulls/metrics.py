"""Broken: missing features are not counted."""

from .toy import NULLS, REASONS, Toy


class Forgetful(Toy):
    def miss(self, feature: str, predictions: int) -> None:
        NULLS.labels(feature)


port = Forgetful()
predicted, failed = port.predicted, port.failed
log_failed, model_loaded = port.log_failed, port.model_loaded

__all__ = ["REASONS", "failed", "log_failed", "model_loaded", "predicted"]
