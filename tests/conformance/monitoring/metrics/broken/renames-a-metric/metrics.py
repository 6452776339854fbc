"""Broken: what the dashboards ask for has another name."""

from .toy import REASONS, Toy


class Renamed(Toy):
    seconds = "flight_delays_request_duration_seconds"


port = Renamed()
predicted, failed = port.predicted, port.failed
log_failed, model_loaded = port.log_failed, port.model_loaded

__all__ = ["REASONS", "failed", "log_failed", "model_loaded", "predicted"]
