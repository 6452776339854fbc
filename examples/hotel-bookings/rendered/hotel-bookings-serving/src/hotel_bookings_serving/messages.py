"""Questions to the service and its answers, whatever server carries them.

A question names keys (their features come from the online store) or holds full rows:
`{"keys": [...]}` or `{"rows": [{feature: value, ...}]}`; with both, the rows are scored and the
keys say whose they are. `"features": true` asks for the features in the answer; `"check": true` is
answered like any other question and stays out of the prediction log. Where history is replayed,
`"as_of": [instant, ...]` says for which instant each row counts.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

KEY: Final = "booking_id"
MOST: Final = 1000  # keys or rows in one request
LARGEST_BODY: Final = 1 << 20  # bytes
LONGEST_KEY: Final = 200  # characters


@dataclass(frozen=True)
class Answer:
    """What goes back: an HTTP status and a JSON document."""

    status: int
    document: Mapping[str, Any]


class Refusal(Exception):
    """A request that is not answered with predictions, and why."""

    def __init__(self, status: int, reason: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.details = details


@dataclass(frozen=True)
class Request:
    """A request whose shape was checked: keys or rows or, of the same length, both."""

    keys: Sequence[str] | None
    rows: Sequence[object] | None
    as_of: Sequence[datetime] | None
    features: bool
    check: bool


def parse(body: bytes) -> Request:
    """Read a request; `Refusal` says what is wrong with its shape."""
    if len(body) > LARGEST_BODY:
        raise Refusal(413, "too_large", f"the body is larger than {LARGEST_BODY} bytes; send less")
    try:
        document = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "bad_json", f"the body is no JSON document: {error}") from None
    if not isinstance(document, dict):
        raise Refusal(400, "bad_request", "the body must be an object with `keys` or `rows`")
    unknown = sorted(set(document) - {"keys", "rows", "as_of", "features", "check"})
    if unknown or not {"keys", "rows"} & set(document):
        extra = f", not `{unknown[0][:64]}`" if unknown else ""
        message = f"give `keys`, `rows` or both, and `features: true` if wanted{extra}"
        raise Refusal(400, "bad_request", message)
    keys = _keys(_list(document, "keys")) if "keys" in document else None
    rows = _list(document, "rows") if "rows" in document else None
    if keys is not None and rows is not None and len(keys) != len(rows):
        raise Refusal(400, "bad_request", "`keys` and `rows` must be of the same length")
    as_of = _instants(document, rows) if "as_of" in document else None
    return Request(keys, rows, as_of, _flag(document, "features"), _flag(document, "check"))


def _flag(document: Mapping[str, object], name: str) -> bool:
    value = document.get(name, False)
    if not isinstance(value, bool):
        raise Refusal(400, "bad_request", f"`{name}` must be true or false")
    return value


def _instants(
    document: Mapping[str, object],
    rows: Sequence[object] | None,
) -> list[datetime]:
    items = _list(document, "as_of")
    if rows is None or len(items) != len(rows):
        raise Refusal(400, "bad_request", "`as_of` goes with `rows` and must be of the same length")
    try:
        instants = [datetime.fromisoformat(str(item)) for item in items]
    except ValueError as error:
        raise Refusal(422, "bad_request", f"`as_of`: {error}; write 2026-01-31T12:00:00Z") from None
    if any(instant.tzinfo is None for instant in instants):
        raise Refusal(422, "bad_request", "`as_of` needs a time zone; write 2026-01-31T12:00:00Z")
    return [instant.astimezone(UTC) for instant in instants]


def _keys(items: Sequence[object]) -> list[str]:
    keys = [item for item in items if isinstance(item, str) and _is_key(item)]
    if len(keys) < len(items):
        message = f"each key must be a {KEY}: 1 to {LONGEST_KEY} printable characters"
        raise Refusal(422, "bad_key", message)
    return keys


def _is_key(text: str) -> bool:
    return 1 <= len(text) <= LONGEST_KEY and text.isprintable()


def _list(document: Mapping[str, object], name: str) -> Sequence[object]:
    value = document[name]
    if not isinstance(value, list) or not 1 <= len(value) <= MOST:
        raise Refusal(400, "bad_request", f"`{name}` must be a list of 1 to {MOST} items")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON; write null")
