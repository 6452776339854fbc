"""Broken: a replaced version stays in service."""

from .toy import MODEL, REASONS, Toy


class Keeping(Toy):
    def replaced(self, version: str) -> None:
        MODEL.labels(version)


port = Keeping()
predicted, failed = port.predicted, port.failed
log_failed, model_loaded = port.log_failed, port.model_loaded

__all__ = ["REASONS", "failed", "log_failed", "model_loaded", "predicted"]
