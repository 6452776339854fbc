"""Answers requests for predictions, whatever server carries them.

A request is answered as a whole or refused as a whole, with the reason; what was answered is
counted and logged.
"""

import logging
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd

from . import features, metrics
from .champion import Champion
from .faults import Fault
from .messages import MOST, Answer, Refusal, Request, parse
from .prediction_log import PredictionLog
from .scoring import BadRows, Scorer, frame_of, rows_of
from .settings import Settings

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

logger = logging.getLogger("flight_delays_serving")


class Predictor:
    """Model, features and prediction log behind one call."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._log = PredictionLog(settings.state / "serving" / "predictions.jsonl")
        self._log_failing = False
        self.champion = Champion(settings, loaded=metrics.model_loaded)

    def missing(self) -> str:
        """Why no prediction can be made now; empty when model and features answer."""
        if self.champion.scorer is None:
            return self.champion.problem
        try:
            features.online(self._settings, ["readiness"], self._settings.clock)
        except features.UnknownEntity:
            return ""
        except Exception as error:  # whatever the store raises, the answer is: not ready
            return f"the feature store does not answer: {error}"
        return ""

    def answer(self, body: bytes, given_id: str = "") -> Answer:
        """Predict; never raises."""
        started = time.perf_counter()
        request_id = given_id if REQUEST_ID.fullmatch(given_id) else uuid.uuid4().hex
        try:
            return self._predict(parse(body), request_id, started)
        except Refusal as refusal:
            return self.refuse(refusal, request_id)
        except Fault as fault:
            return self.refuse(Refusal(503, "unavailable", str(fault)), request_id)
        except Exception:
            logger.exception("request %s failed", request_id)
            failure = Refusal(500, "internal", f"internal error; see the log at {request_id}")
            return self.refuse(failure, request_id)

    def refuse(self, refusal: Refusal, request_id: str = "") -> Answer:
        """The answer to a request that cannot be served, counted by its reason."""
        metrics.failed(refusal.reason)
        error = {"reason": refusal.reason, "message": str(refusal), **refusal.details}
        return Answer(refusal.status, {"request_id": request_id, "error": error})

    def _predict(self, request: Request, request_id: str, started: float) -> Answer:
        scorer = self.champion.scorer
        if scorer is None:
            raise Refusal(503, "unavailable", self.champion.problem)
        as_of = self._settings.clock
        frame = self._frame(request, as_of)
        entries = _entries(scorer, frame, request, as_of)
        duration = time.perf_counter() - started
        self._record(entries, request_id, duration)
        shown = entries if request.features else [_without_features(entry) for entry in entries]
        return Answer(200, {"request_id": request_id, "predictions": shown})

    def _frame(self, request: Request, as_of: datetime) -> pd.DataFrame:
        if request.keys is None:
            try:
                return frame_of(request.rows or ())
            except BadRows as bad:
                fields = [vars(reason) for reason in bad.reasons[:MOST]]
                raise Refusal(422, "bad_row", str(bad), fields=fields) from None
        try:
            return features.online(self._settings, request.keys, as_of)
        except features.UnknownEntity as unknown:
            raise Refusal(404, "unknown_key", str(unknown)) from None

    def _record(
        self,
        entries: Sequence[Mapping[str, Any]],
        request_id: str,
        seconds: float,
    ) -> None:
        """Count and log; a log that cannot be written does not fail the request."""
        metrics.predicted(entries, seconds)
        common = {
            "request_id": request_id,
            "predicted_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "mode": "online",
            "duration_ms": round(1000 * seconds, 3),
        }
        try:
            self._log.append([{**entry, **common} for entry in entries])
        except OSError as error:
            metrics.log_failed(len(entries))
            if not self._log_failing:
                logger.warning("prediction log %s: %s; free or unlock it", self._log.path, error)
            self._log_failing = True
        else:
            self._log_failing = False


def _entries(
    scorer: Scorer,
    frame: pd.DataFrame,
    request: Request,
    as_of: datetime,
) -> list[dict[str, Any]]:
    scored = scorer.predict_rows(frame)
    keys: Sequence[str | None] = request.keys or [None] * len(scored)
    return [
        {
            "prediction_id": uuid.uuid4().hex,
            "key": key,
            "prediction": prediction,
            "model_version": scorer.version,
            "as_of": as_of.isoformat(),
            "features": row,
        }
        for key, prediction, row in zip(
            keys, scored["prediction"].tolist(), rows_of(scored), strict=True
        )
    ]


def _without_features(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "features"}
