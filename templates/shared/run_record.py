"""The run record: every step runs through here and leaves one JSON document.

A record holds command, parameters, seed, code commit, lock, inputs and outputs by content hash,
metrics, start, end and peak memory. Skipping what is unchanged, resuming, tracing and reproducing
all read this one document. The file is the same, byte for byte, in every repository of the family.
"""

import contextlib
import errno
import fcntl
import hashlib
import importlib
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from .faults import Fault

SCHEMA: Final = 1
CHUNK: Final = 1 << 20  # bytes read at a time while hashing
# Called with "started", "said" or "ended", the run, and what there is to say.
WATCHERS: Final[list[Callable[[str, "Run", str], None]]] = []


@dataclass(frozen=True)
class Step:
    """One command of the pipeline with all that its result depends on.

    `call` names the function `module:function`, imported only when the step really runs.
    Paths are files or folders; what is not listed in `outputs` is not moved into place. A step that
    runs for several parts of history keeps the records of each `part` apart.
    """

    name: str
    summary: str
    call: str
    inputs: tuple[Path, ...] = ()
    outputs: tuple[Path, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    part: str = ""


@dataclass
class Run:
    """One execution of a step, handed to its function."""

    step: Step
    id: str
    seed: int
    metrics: dict[str, float] = field(default_factory=dict)
    absent: set[Path] = field(default_factory=set)

    def staged(self, output: Path) -> Path:
        """Path to write a declared output to; it is moved into place when the step succeeds."""
        if output not in self.step.outputs:
            raise ValueError(f"{output} is no declared output of step {self.step.name}")
        output.parent.mkdir(parents=True, exist_ok=True)
        return output.with_name(f".{output.name}.{self.id}.partial")

    def leave_out(self, output: Path) -> None:
        """Say that this run has no such output; what an earlier run left there is removed."""
        self.absent.add(output)

    def metric(self, name: str, value: float) -> None:
        """Record a figure of this run."""
        self.metrics[name] = float(value)

    def say(self, text: str) -> None:
        """Show a line of progress."""
        print(f"  {text}", flush=True)
        self.tell("said", text)

    def tell(self, event: str, text: str) -> None:
        """Let those who watch know."""
        for watcher in WATCHERS:
            watcher(event, self, text)


def content_hash(path: Path) -> str:
    """SHA-256 over a file, or over the sorted names and contents of a folder's files."""
    digest = hashlib.sha256()
    if path.is_dir():
        for part in sorted(path.rglob("*")):
            if part.is_file() and ".partial" not in part.name:
                digest.update(
                    f"{part.relative_to(path).as_posix()}\0{content_hash(part)}\n".encode()
                )
        return digest.hexdigest()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def execute(
    step: Step,
    *,
    settings: Any,
    repository: str,
    force: bool = False,
    parent: str | None = None,
) -> bool:
    """Run a step unless nothing changed since its last success; True when it ran.

    Raises `Fault` when an input is missing, when the step is running already, or from the step.
    """
    folder = _folder(step, settings)
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, step.name):
        basis = _basis(step, settings.state)
        last = _read(folder / "latest.json")
        if not force and last is not None and not _change(step, basis, last, settings.state):
            print(f"{step.name}: nothing changed since {last['finished']}", flush=True)
            return False
        _sweep(step, folder)
        _run(step, settings, repository, parent, basis, folder)
    return True


def would_run(step: Step, *, settings: Any, force: bool = False) -> bool:
    """Say whether `execute` would run the step, and why."""
    last = _read(_folder(step, settings) / "latest.json")
    missing = [path for path in step.inputs if not path.exists()]
    if force:
        why = "it is forced"
    elif last is None:
        why = "it has not succeeded yet"
    elif missing:
        why = f"its input {_name(missing[0], settings.state)} is missing"
    else:
        why = _change(step, _basis(step, settings.state), last, settings.state)
    since = f"nothing changed since {last['finished']}" if last else ""
    print(f"{step.name}: {f'would run: {why}' if why else since}", flush=True)
    return bool(why)


def _folder(step: Step, settings: Any) -> Path:
    """Where the records of the step are, for its part of history."""
    folder: Path = settings.state / "runs" / step.name / step.part
    return folder


def _run(
    step: Step,
    settings: Any,
    repository: str,
    parent: str | None,
    basis: Mapping[str, Any],
    folder: Path,
) -> None:
    started = datetime.now(UTC)
    clock = time.monotonic()
    run = Run(step, f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}", step.seed or 0)
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "id": run.id,
        "step": step.name,
        "part": step.part,
        "repository": repository,
        "environment": settings.environment,
        "command": [repository, *sys.argv[1:]],
        "seed": step.seed,
        "parent": parent,
        "started": started.isoformat(timespec="milliseconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "image": os.environ.get("IMAGE_DIGEST"),
        **_revision(),
        **basis,
        "status": "failed",
        "error": None,
    }
    run.tell("started", f"{step.name} starts")
    try:
        _function(step.call)(settings, run)
        _publish(step, run)
        record["outputs"] = {
            _name(path, settings.state): content_hash(path)
            for path in step.outputs
            if path not in run.absent
        }
        record["absent"] = sorted(_name(path, settings.state) for path in run.absent)
        record["status"] = "succeeded"
    except BaseException as error:
        record["status"] = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        record["error"] = str(error) or type(error).__name__
        if not isinstance(error, Fault | KeyboardInterrupt):
            record["traceback"] = traceback.format_exc()
        raise
    finally:
        record["metrics"] = run.metrics
        record["finished"] = datetime.now(UTC).isoformat(timespec="milliseconds")
        record["seconds"] = round(time.monotonic() - clock, 3)
        record["peak_memory_bytes"] = _peak_memory()
        _sweep(step, folder)
        run.tell("ended", f"{step.name} {record['status']} after {record['seconds']:.1f} s")
        # A full disk must not hide the error that led here.
        with contextlib.suppress(OSError):
            _write(folder / f"{run.id}.json", record)
    _write(folder / "latest.json", record)
    print(f"{step.name}: done in {record['seconds']:.1f} s", flush=True)


def _basis(step: Step, state: Path) -> dict[str, Any]:
    """Everything that the result depends on."""
    for path in step.inputs:
        if not path.exists():
            raise Fault(
                f"{step.name}: input {path} is missing; run the step that writes it first "
                "(`make run` in the product's repository runs all of them in order)"
            )
    lock = Path("uv.lock")
    return {
        "parameters": json.loads(json.dumps(dict(step.parameters), sort_keys=True, default=str)),
        "code": _code_hash(),
        "lock": content_hash(lock) if lock.is_file() else None,
        "inputs": {_name(path, state): content_hash(path) for path in step.inputs},
    }


def _change(step: Step, basis: Mapping[str, Any], last: Mapping[str, Any], state: Path) -> str:
    """What the step's last success did not know yet, in words; empty when nothing changed."""
    for key, words in (("parameters", "its parameters"), ("code", "the code"), ("lock", "uv.lock")):
        if basis[key] != last.get(key):
            return f"{words} changed"
    if last.get("seed") != step.seed:
        return "its seed changed"
    known, now = last.get("inputs", {}), basis["inputs"]
    for name in {**known, **now}:
        if known.get(name) != now.get(name):
            return f"its input {name} changed"
    outputs, absent = last.get("outputs", {}), last.get("absent", [])
    if {*outputs, *absent} != {_name(path, state) for path in step.outputs}:
        return "its outputs are others"
    for path in step.outputs:
        now = content_hash(path) if path.exists() else None
        if now != outputs.get(_name(path, state)):
            return f"its output {_name(path, state)} is missing or changed"
    return ""


def _publish(step: Step, run: Run) -> None:
    """Move every staged output into place; a kill in between leaves no record, so it runs again."""
    for output in run.absent:
        _remove(output)
    staged = {output: run.staged(output) for output in step.outputs if output not in run.absent}
    for output, partial in staged.items():
        if not partial.exists():
            raise RuntimeError(f"step {step.name} did not write its output {output}")
    for output, partial in staged.items():
        if output.is_dir():
            aside = output.with_name(f".{output.name}.{run.id}.old.partial")
            output.rename(aside)
            partial.rename(output)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            partial.replace(output)


def _sweep(step: Step, records: Path) -> None:
    """Remove what an earlier, killed run of this step left half-written, its record included."""
    for output in step.outputs:
        for partial in output.parent.glob(f".{output.name}.*.partial"):
            _remove(partial)
    for partial in records.glob(".*.json.*.partial"):
        _remove(partial)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(folder: Path, name: str) -> Iterator[None]:
    """Hold the step's lock; the kernel frees it however the process ends."""
    with (folder / ".lock").open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            raise Fault(
                f"{name}: this step is running already; wait for it or stop it, then try again"
            ) from None
        yield


def _function(call: str) -> Callable[[Any, Run], None]:
    module, _, name = call.partition(":")
    function: Callable[[Any, Run], None] = getattr(importlib.import_module(module), name)
    return function


def _name(path: Path, state: Path) -> str:
    """Relative to the state folder where possible, so that records survive a move of the family."""
    return path.relative_to(state).as_posix() if path.is_relative_to(state) else str(path)


def _code_hash() -> str:
    """SHA-256 over this package's modules."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for module in sorted(package.rglob("*.py")):
        digest.update(f"{module.relative_to(package).as_posix()}\0".encode())
        digest.update(module.read_bytes())
    return digest.hexdigest()


def _revision() -> dict[str, Any]:
    """Commit of the working tree and whether it holds changes; the lock has a hash of its own."""
    commit = _git("rev-parse", "HEAD")
    return {
        "commit": commit,
        "dirty": None
        if commit is None
        else bool(_git("status", "--porcelain", "--", ".", ":(exclude)uv.lock")),
    }


def _git(*arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _peak_memory() -> int:
    """Bytes at the peak of this process or of its largest child."""
    unit = 1 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * unit


def _read(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) and document.get("schema") == SCHEMA else None


def _write(path: Path, document: Mapping[str, Any]) -> None:
    """Write whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("w", encoding="utf-8") as stream:
        json.dump(document, stream, indent=2, sort_keys=True, default=str)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
