"""A small sound port on the standard library; each broken case spoils one part of it."""

import fcntl
import json
import logging
import os
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from .run_record import WATCHERS, Run
from .settings import Settings

LARGEST = 20 << 20
PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):([^/\s@]+)(?=@)")
PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message"}


class Sound(logging.Handler):
    """Everything right."""

    def __init__(self, settings: Settings, repository: str) -> None:
        super().__init__(logging.INFO)
        self.settings = settings
        self.repository = repository
        self.path = settings.state / "logs" / f"{repository}.jsonl"
        self.run: Run | None = None
        self.told = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.append(self.line(self.document(record)))
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        if not self.told:
            print(f"{self.path}: {error}", file=sys.stderr)
        self.told = True

    def document(self, record: logging.LogRecord) -> dict[str, Any]:
        document: dict[str, Any] = {
            "@timestamp": self.instant(record),
            "message": record.getMessage(),
            "ecs.version": "1.6.0",
            "log.level": record.levelname.lower(),
            "log.logger": record.name,
            "service.name": self.repository,
            "service.environment": self.settings.environment,
            "event.dataset": "toy.serving",
            "labels": {"environment": self.settings.environment},
        }
        self.add_run(document)
        self.add_error(document, record)
        self.add_extras(document, {k: v for k, v in vars(record).items() if k not in PLAIN})
        return document

    def instant(self, record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def add_run(self, document: dict[str, Any]) -> None:
        if self.run:
            document["labels"] |= {"step": self.run.step.name, "run": self.run.id}

    def add_error(self, document: dict[str, Any], record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            document["error.type"] = type(error).__name__
            document["error.message"] = str(error)
            document["error.stack_trace"] = "".join(traceback.format_exception(error))

    def add_extras(self, document: dict[str, Any], extras: dict[str, Any]) -> None:
        for name, value in extras.items():
            if name == "request_id":
                document["http.request.id"] = str(value)
            elif name in ("action", "outcome"):
                document[f"event.{name}"] = value
            else:
                document["labels"].setdefault(name.replace(".", "_"), str(value))

    def line(self, document: dict[str, Any]) -> bytes:
        safe = {name: self.masked(value) for name, value in document.items()}
        text = json.dumps(safe, ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8", "replace") + b"\n"

    def masked(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.masked(inner) for name, inner in value.items()}
        if not isinstance(value, str):
            return value
        secret = os.environ["STORE_PASSWORD"]
        for form in (secret, repr(secret)[1:-1], secret.replace("'", "\\'"), "open-sesame"):
            value = value.replace(form, "***")
        return PASSWORD.sub(r"\1:***", value)

    def append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with (self.path.parent / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.path.exists() and self.path.stat().st_size + len(line) > LARGEST:
                self.put_aside()
            if self.path.exists() and self.path.read_bytes()[-1:] != b"\n":
                line = b"\n" + line
            with self.path.open("ab") as stream:
                stream.write(line)

    def put_aside(self) -> None:
        number = len(list(self.path.parent.glob("*.jsonl.*"))) + 1
        self.path.replace(f"{self.path}.{number}")

    def follow(self, event: str, run: Run, text: str) -> None:
        self.run = run
        error = sys.exc_info()[1] if event == "ended" else None
        outcome = {"outcome": "failure" if error else "success"} if event == "ended" else {}
        self.write(text, error, action=f"step-{event}", **outcome)

    def write(self, text: str, error: BaseException | None = None, **extras: str) -> None:
        raised = (type(error), error, error.__traceback__) if error else None
        level = logging.ERROR if error else logging.INFO
        self.handle(
            logging.getLogger(__package__).makeRecord(
                "run", level, __file__, 0, "%s", (text,), raised, "run", extras
            )
        )


def configure(settings: Settings, repository: str, kind: type[Sound] = Sound) -> Sound:
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if not isinstance(one, Sound)]
    if not root.handlers and logging.lastResort:
        root.addHandler(logging.lastResort)
    handler = kind(settings, repository)
    root.addHandler(handler)
    logging.getLogger(__package__).setLevel(logging.INFO)
    WATCHERS[:] = [handler.follow]

    def uncaught(kind: Any, error: Any, trace: Any) -> None:
        handler.write(str(error), error)
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = uncaught
    return handler


def failed(error: BaseException) -> None:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Sound) and not getattr(error, "told", False):
            handler.write(str(error), error)
