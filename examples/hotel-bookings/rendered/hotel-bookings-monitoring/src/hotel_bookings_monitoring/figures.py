"""What the loop's steps came to, told to the metrics server: the service tells only its own figures.

`python -m hotel_bookings_monitoring.figures`
answers `GET /metrics` with the last success of each step, from its run record in the state folder,
and `GET /health` when it runs. It reads when it is asked, and listens on this machine only unless
`--host` says otherwise.
"""

import argparse
import contextlib
import json
import math
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any, Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from .faults import Fault
from .plan import DRIFT_SHARE, QUALITY_DROP
from .settings import Settings, load_settings

PORT: Final = 9101
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
FINISHED: Final = "hotel_bookings_step_finished_timestamp_seconds"
FIGURE: Final = "hotel_bookings_step_figure"
LIMIT: Final = "hotel_bookings_step_figure_limit"
Values = Mapping[tuple[str, ...], float]


class Steps(Collector):
    """The last success of each step, read anew whenever somebody asks."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """When it was, its figures, and what these may be at most."""
        finished: dict[tuple[str, ...], float] = {}
        figures: dict[tuple[str, ...], float] = {}
        for step, record in _latest(self._state):
            finished[(step,)] = datetime.fromisoformat(record["finished"]).timestamp()
            figures |= {(step, figure): value for figure, value in record["metrics"].items()}
        yield _family(FINISHED, "When the step last succeeded", ("step",), finished)
        yield _family(FIGURE, "A figure of its last success", ("step", "figure"), figures)
        yield _family(LIMIT, "What the figure may be at most", ("step", "figure"), _limits())


def exposition(state: Path) -> str:
    """All of it and the process's own, in the format that the metrics server reads."""
    registry = CollectorRegistry()
    registry.register(Steps(state))
    ProcessCollector(registry=registry)
    return generate_latest(registry).decode()


def serve(settings: Settings, host: str, port: int) -> ThreadingHTTPServer:
    """The server, which waits to be told to serve."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, TEXT, exposition(settings.state))
            elif self.path == "/health":
                self._answer(200, "text/plain", "running\n")
            else:
                self._answer(404, "text/plain", "there are /metrics and /health\n")

        def _answer(self, status: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Nothing: it is asked every few seconds."""

    return ThreadingHTTPServer((host, port), Answer)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; 1 with one line on what to mend."""
    parser = argparse.ArgumentParser(prog="figures", description=exposition.__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=PORT, help="and the port")
    asked = parser.parse_args(arguments)
    # The first process of a container ignores what it does not handle.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        server = serve(load_settings(), asked.host, asked.port)
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    except OSError as error:
        text = f"{asked.host}:{asked.port}: {error.strerror}; name another by --host or --port"
        print(f"error: {text}", file=sys.stderr)
        return 1
    with server, contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


def _latest(state: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Of each step its last success; of one that runs in rounds, that of the last round."""
    for folder in sorted((state / "runs").glob("*")):
        parts = sorted(folder.glob("*/latest.json"))
        try:
            record = json.loads((parts[-1] if parts else folder / "latest.json").read_text("utf-8"))
        except (OSError, ValueError):
            continue
        yield folder.name, record


def _limits() -> Values:
    """What a figure may be at most before somebody has to act."""
    dropped = QUALITY_DROP
    return {
        ("watch", "quality.drop"): math.inf if dropped is None else dropped,
        ("watch", "drifted_share"): DRIFT_SHARE,
    }


def _family(name: str, about: str, labels: Sequence[str], values: Values) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=labels)
    for place, value in sorted(values.items()):
        family.add_metric(place, value)
    return family


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
