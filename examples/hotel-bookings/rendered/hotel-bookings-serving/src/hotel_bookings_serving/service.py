"""The prediction service: BentoML runs its workers and answers /livez, /readyz and /metrics.

`POST /predict` is answered by an ASGI layer below BentoML's metrics and time limit. BentoML's own
API classes cost several times as much per request, and answer bad input with a traceback in the
log; the request is checked here instead, against the types of the features.
"""

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

import bentoml
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from . import transport
from .lifeline import follow_parent
from .messages import LARGEST_BODY, Answer, Refusal
from .settings import PREFIX, load_settings

SUPERVISOR: Final = f"{PREFIX}_SUPERVISOR"  # process id, set by `serve`
WORKERS: Final = int(os.environ.get(f"{PREFIX}_WORKERS", "1"))
REQUEST_SECONDS: Final = 30  # a request that takes longer is given up
OTHERS: Final = frozenset({"/livez", "/healthz", "/readyz", "/metrics"})  # BentoML's own paths

logging.getLogger(__package__).setLevel(logging.INFO)


class Predictions:
    """Answers /predict and refuses what is no path of the service; BentoML answers the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called for each request."""
        path = scope.get("path")
        if scope["type"] != "http" or path in OTHERS:
            await self._app(scope, receive, send)
            return
        service: HotelBookings = bentoml.get_current_service()
        try:
            if path != "/predict":
                raise transport.misdirected(404)
            if scope["method"] != "POST":
                raise transport.misdirected(405)
            headers = dict(scope["headers"])
            transport.require_json(headers.get(b"content-type", b"").decode("latin-1"))
            body = await _body(receive)
        except Refusal as refusal:
            await _answer(send, service.predictor.refuse(refusal))
            return
        except ConnectionError:
            return
        given_id = headers.get(b"x-request-id", b"").decode("latin-1")
        await _answer(send, await service.waiting.ask(body, given_id))


async def _body(receive: Receive) -> bytes:
    """The body, if it is not too large; `ConnectionError` when the client is gone."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > LARGEST_BODY:
            raise transport.too_large()
        if not message.get("more_body", False):
            return body


async def _answer(send: Send, answer: Answer) -> None:
    body = transport.content(answer).encode()
    headers = {
        "content-type": transport.JSON,
        "content-length": str(len(body)),
        **transport.headers(answer),
    }
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


# No access log: the prediction log says more. Nothing exports traces, so none are made.
@bentoml.service(
    workers=WORKERS,
    traffic={"timeout": REQUEST_SECONDS},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},
)
class HotelBookings:
    """One worker: its model, its features, and one thread that computes."""

    def __init__(self) -> None:
        follow_parent(int(os.environ.get(SUPERVISOR, os.getppid())))
        # Imported by the workers only: the supervisor needs neither model nor features.
        from .predictor import Predictor
        from .waiting import Waiting

        # One thread computes, while the event loop stays free and gathers what comes in.
        self.executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="predictor")
        self.predictor = Predictor(load_settings())
        self.waiting = Waiting(self.executor, self.predictor.answer_all)
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


# The decorator made a service of the class, which its types do not tell.
cast("Any", HotelBookings).add_asgi_middleware(Predictions)
