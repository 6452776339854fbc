"""What HTTP adds to questions and answers, whatever server speaks it."""

import json
import os
from collections.abc import Mapping
from typing import Final

from .messages import LARGEST_BODY, Answer, Refusal

JSON: Final = "application/json"


def require_json(content_type: str) -> None:
    """Refuse a body that is not JSON by its content type."""
    if content_type.partition(";")[0].strip().lower() != JSON:
        raise Refusal(415, "media_type", f"the content type must be {JSON}")


def too_large() -> Refusal:
    """The refusal of a body that is too large."""
    return Refusal(413, "too_large", f"the body is larger than {LARGEST_BODY} bytes; send less")


def misdirected(status: int) -> Refusal:
    """The refusal of a wrong method or path."""
    return Refusal(status, "method", "predictions are asked for with POST /predict")


def content(answer: Answer) -> str:
    """The body of an answer."""
    return json.dumps(answer.document, allow_nan=False)


def headers(answer: Answer) -> Mapping[str, str]:
    """The headers of an answer beside its type and length."""
    return {
        "x-request-id": str(answer.document["request_id"]),
        "x-process": str(os.getpid()),  # tells a service that goes on from one that was restarted
    }
