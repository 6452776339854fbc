"""The prediction service: BentoML runs its workers and answers /livez, /readyz and /metrics.

`POST /predict` is a route of an ASGI application mounted in the service. BentoML's own API
classes cost about five times as much per request (they were measured), and answer bad input with
a traceback in the log; the request is checked here instead, against the types of the features.
"""

import asyncio
import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import bentoml
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from .lifeline import follow_parent
from .messages import LARGEST_BODY, Answer, Refusal
from .settings import PREFIX, load_settings

SUPERVISOR: Final = f"{PREFIX}_SUPERVISOR"  # process id, set by `serve`
WORKERS: Final = int(os.environ.get(f"{PREFIX}_WORKERS", "1"))
REQUEST_SECONDS: Final = 30  # a request that takes longer is given up

logging.getLogger(__package__).setLevel(logging.INFO)


async def predict(request: Request) -> Response:
    """Answer one request for predictions."""
    service: FlightDelays = bentoml.get_current_service()
    try:
        body = await _body(request)
    except Refusal as refusal:
        return _response(service.predictor.refuse(refusal))
    except ClientDisconnect:
        return Response(status_code=400)
    given_id = request.headers.get("x-request-id", "")
    loop = asyncio.get_running_loop()
    answer = await loop.run_in_executor(service.executor, service.predictor.answer, body, given_id)
    return _response(answer)


async def _body(request: Request) -> bytes:
    """The body, if it is JSON by its content type and not too large."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        message = "the content type must be application/json"
        raise Refusal(415, "media_type", message)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            message = f"the body is larger than {LARGEST_BODY} bytes; send less"
            raise Refusal(413, "too_large", message)
    return bytes(body)


async def _refused(request: Request, error: Exception) -> Response:
    """What the router refuses (a wrong method) is answered as JSON too."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    service: FlightDelays = bentoml.get_current_service()
    refusal = Refusal(status, "method", "predictions are asked for with POST /predict")
    return _response(service.predictor.refuse(refusal))


def _response(answer: Answer) -> Response:
    content = json.dumps(answer.document, allow_nan=False)
    headers = {"x-request-id": str(answer.document["request_id"])}
    return Response(content, answer.status, headers, "application/json")


application = Starlette(
    routes=[Route("/predict", predict, methods=["POST"])],
    exception_handlers={HTTPException: _refused},
)


# No access log: the prediction log says more. Nothing exports traces, so none are made.
@bentoml.service(
    workers=WORKERS,
    traffic={"timeout": REQUEST_SECONDS},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},
)
@bentoml.asgi_app(application, path="/")
class FlightDelays:
    """One worker: its model, its features, and one thread that computes."""

    def __init__(self) -> None:
        follow_parent(int(os.environ.get(SUPERVISOR, os.getppid())))
        # Imported by the workers only: the supervisor needs neither model nor features.
        from .predictor import Predictor

        # One thread: a prediction is computed at a time, while the event loop stays free.
        self.executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="predictor")
        self.predictor = Predictor(load_settings())
        self.predictor.champion.refresh()
        self.predictor.champion.follow()

    async def __is_ready__(self) -> bool:
        """Ready when the model and the feature store answer; /readyz says what is missing."""
        loop = asyncio.get_running_loop()
        missing = await loop.run_in_executor(self.executor, self.predictor.missing)
        if missing:
            raise HTTPException(503, missing)
        return True

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def stop(self) -> None:
        """End the thread; requests in progress were answered before."""
        self.predictor.champion.stop()
        self.executor.shutdown()
