"""Answers requests for predictions, whatever server carries them.

A request is answered as a whole or refused as a whole, with the reason; what was answered is
counted and logged. Requests that wait at the same time are answered together: one look-up of
features and one call of the model take little longer for many rows than for one.
"""

import logging
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from . import features, metrics
from .champion import Champion
from .faults import Fault
from .messages import MOST, Answer, Refusal, Request, parse
from .prediction_log import PredictionLog, asked_now, replayed
from .scoring import BadRows, Row, Scorer, checked_rows, rows_of
from .settings import Settings

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
SHOWN: Final = ("prediction_id", "key", "prediction", "model_version", "as_of")

logger = logging.getLogger("hotel_bookings_serving")


@dataclass(frozen=True)
class Question:
    """A request as it came, and since when it waits."""

    body: bytes
    given_id: str = ""
    since: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True)
class _Asked:
    """A request that was read and can be answered; its rows, unless they are to be looked up."""

    request: Request
    request_id: str
    since: float
    rows: list[Row] | None


class Predictor:
    """Model, features and prediction log behind one call."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._log = asked_now(settings.state)
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
        return self.answer_all([Question(body, given_id)])[0]

    def answer_all(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer what waits together, with one look-up and one call of the model; never raises."""
        scorer = self.champion.scorer
        read = [self._read(question, scorer) for question in questions]
        good = [one for one in read if isinstance(one, _Asked)]
        answers = iter(self._answers(scorer, good) if scorer and good else [])
        return [one if isinstance(one, Answer) else next(answers) for one in read]

    def refuse(self, refusal: Refusal, request_id: str = "") -> Answer:
        """The answer to a request that cannot be served, counted by its reason."""
        metrics.failed(refusal.reason)
        error = {"reason": refusal.reason, "message": str(refusal), **refusal.details}
        return Answer(refusal.status, {"request_id": request_id, "error": error})

    def _read(self, question: Question, scorer: Scorer | None) -> _Asked | Answer:
        """What is asked, or the refusal."""
        given = question.given_id
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        try:
            request = parse(question.body)
            if scorer is None:
                raise Refusal(503, "unavailable", self.champion.problem)
            if request.as_of is not None and self._settings.replayed is None:
                message = "this environment replays nothing; leave out `as_of`"
                raise Refusal(422, "bad_request", message)
            rows = None if request.rows is None else checked_rows(request.rows)
        except BadRows as bad:
            fields = [vars(reason) for reason in bad.reasons[:MOST]]
            return self.refuse(Refusal(422, "bad_row", str(bad), fields=fields), request_id)
        except Exception as error:
            return self._failed(error, request_id)
        return _Asked(request, request_id, question.since, rows)

    def _answers(self, scorer: Scorer, asked: Sequence[_Asked]) -> list[Answer]:
        try:
            return self._predict(scorer, asked)
        except Exception as error:
            if len(asked) == 1:
                return [self._failed(error, asked[0].request_id)]
        # Nobody is refused for what another one asked.
        return [answer for one in asked for answer in self._answers(scorer, [one])]

    def _predict(self, scorer: Scorer, asked: Sequence[_Asked]) -> list[Answer]:
        now = self._settings.clock
        rows = self._rows(asked, now)
        predictions = iter(scorer.predict([row for part in rows for row in part]))
        entries = [
            _entries(scorer.version, one, part, now, predictions)
            for one, part in zip(asked, rows, strict=True)
        ]
        done = time.perf_counter()
        for one, part in zip(asked, entries, strict=True):
            metrics.predicted(part, done - one.since)
        self._record(asked, entries, done)
        return [
            Answer(200, {"request_id": one.request_id, "predictions": _shown(one, part)})
            for one, part in zip(asked, entries, strict=True)
        ]

    def _rows(self, asked: Sequence[_Asked], now: datetime) -> list[list[Row]]:
        """The rows of each: given, or looked up for all at once."""
        keys = [key for one in asked if one.rows is None for key in one.request.keys or ()]
        try:
            found = iter(rows_of(features.online(self._settings, keys, now)) if keys else ())
        except features.UnknownEntity as unknown:
            raise Refusal(404, "unknown_key", str(unknown)) from None
        return [
            list(islice(found, len(one.request.keys or ()))) if one.rows is None else one.rows
            for one in asked
        ]

    def _failed(self, error: Exception, request_id: str) -> Answer:
        """The answer when something was raised."""
        if isinstance(error, Refusal):
            return self.refuse(error, request_id)
        if isinstance(error, Fault):
            return self.refuse(Refusal(503, "unavailable", str(error)), request_id)
        logger.error("request %s failed", request_id, exc_info=error)
        failure = Refusal(500, "internal", f"internal error; see the log at {request_id}")
        return self.refuse(failure, request_id)

    def _record(
        self,
        asked: Sequence[_Asked],
        entries: Sequence[Sequence[Mapping[str, Any]]],
        done: float,
    ) -> None:
        """Log; a log that cannot be written does not fail the requests."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        logs: dict[Path, list[Mapping[str, Any]]] = {}
        for one, part in zip(asked, entries, strict=True):
            if one.request.check:
                continue
            common = {
                "request_id": one.request_id,
                "predicted_at": at,
                "mode": "online",
                "duration_ms": round(1000 * (done - one.since), 3),
            }
            for entry in part:
                logs.setdefault(self._log_of(one, entry), []).append({**entry, **common})
        try:
            for path, lines in logs.items():
                PredictionLog(path).append(lines)
        except OSError as error:
            metrics.log_failed(sum(len(lines) for lines in logs.values()))
            if not self._log_failing:
                logger.warning("prediction log %s: %s; free or unlock it", self._log, error)
            self._log_failing = True
        else:
            self._log_failing = False

    def _log_of(self, one: _Asked, entry: Mapping[str, Any]) -> Path:
        if one.request.as_of is None:
            return self._log
        return replayed(self._settings.state, entry["as_of"][:10])


def _entries(
    version: str,
    asked: _Asked,
    rows: Sequence[Row],
    now: datetime,
    predictions: Iterator[float],
) -> list[dict[str, Any]]:
    keys: Sequence[str | None] = asked.request.keys or [None] * len(rows)
    instants = asked.request.as_of or [now] * len(rows)
    return [
        {
            "prediction_id": uuid.uuid4().hex,
            "key": key,
            "prediction": next(predictions),
            "model_version": version,
            "as_of": instant.isoformat(),
            "features": row,
        }
        for key, instant, row in zip(keys, instants, rows, strict=True)
    ]


def _shown(asked: _Asked, entries: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """What the answer holds of its entries."""
    if asked.request.features:
        return entries
    return [{name: entry[name] for name in SHOWN} for entry in entries]
