"""Questions to the service and its answers, whatever server carries them.

A question names keys (their features come from the online store) or holds full rows:
`{"keys": [...]}` or `{"rows": [{feature: value, ...}]}`; `"features": true` asks for the features
in the answer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

KEY: Final = "flight_id"
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
    """A request whose shape was checked; exactly one of keys and rows is given."""

    keys: Sequence[str] | None
    rows: Sequence[object] | None
    features: bool


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
    unknown = sorted(set(document) - {"keys", "rows", "features"})
    if unknown or ("keys" in document) == ("rows" in document):
        extra = f", not `{unknown[0][:64]}`" if unknown else ""
        message = f"give either `keys` or `rows`, and `features: true` if wanted{extra}"
        raise Refusal(400, "bad_request", message)
    wanted = document.get("features", False)
    if not isinstance(wanted, bool):
        raise Refusal(400, "bad_request", "`features` must be true or false")
    if "keys" in document:
        return Request(_keys(_list(document, "keys")), None, wanted)
    return Request(None, _list(document, "rows"), wanted)


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
