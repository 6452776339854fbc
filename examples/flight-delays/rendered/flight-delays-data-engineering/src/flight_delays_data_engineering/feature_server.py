"""The feature server: online features over HTTP, for whoever does not have the port.

`python -m flight_delays_data_engineering.feature_server`
answers `POST /features` with what the port's `online` says now, stale values null, and
`GET /health` when it runs. It listens on this machine only unless `--host` says otherwise, and asks
nobody who they are: a cluster's network policies do that.
"""

import argparse
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

from . import environment, features
from .faults import Fault
from .settings import Settings, load_settings

PORT: Final = 6566
MOST: Final = 1000  # keys of a question


class Question(BaseModel):
    """The keys of the entities, each a `flight_id`."""

    keys: Annotated[list[str], Field(min_length=1, max_length=MOST)]


class Answer(BaseModel):
    """Of each key in order its join keys and features as they are known at the instant `at`."""

    at: datetime
    features: list[dict[str, Any]]


def application(settings: Settings) -> FastAPI:
    """The server over the online store that the settings name."""
    app = FastAPI(title="Features", docs_url=None, redoc_url=None)
    one_at_a_time = threading.Lock()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "running"}

    @app.post("/features")
    def answer(question: Question) -> Answer:
        now = settings.clock
        try:
            with one_at_a_time:  # Feast's stores keep one connection
                found = features.online(settings, question.keys, now)
        except features.UnknownEntity as error:
            raise HTTPException(404, str(error)) from None
        except Fault as error:
            raise HTTPException(503, str(error)) from None
        plain = found.astype(object).where(found.notna(), None)
        return Answer(at=now, features=plain.to_dict("records"))

    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; 1 with one line on what to mend."""
    parser = argparse.ArgumentParser(prog="feature_server", description=application.__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=PORT, help="and the port")
    asked = parser.parse_args(arguments)
    try:
        settings = load_settings()
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    environment.apply(settings)
    uvicorn.run(
        application(settings), host=asked.host, port=asked.port, log_level="info", access_log=False
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
