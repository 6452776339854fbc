"""Command line: `flight-delays-training STEP` runs a step unless nothing changed."""

import argparse
import atexit
import errno
import gc
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FrameType

from . import environment
from .faults import Fault
from .rounds import parse
from .run_record import Step, execute, would_run
from .settings import Settings, load_settings
from .steps import COMMANDS, steps

REPOSITORY = "flight-delays-training"
# The steps of a round of the loop, which is named by --round.
ROUND_STEPS = {
    "retrain": "Train a challenger if needed",
    "compare": "Promote or refuse it",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a step, all steps or a command; 0 done, 1 with one line on what to mend, 130 stopped."""
    # A shell that starts a step in the background lets it ignore Ctrl-C; take it back.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt)
    atexit.unregister(_leave)  # once, however often this is called
    atexit.register(_leave)
    try:
        settings = load_settings()
        environment.apply(settings)
        return _dispatch(settings, sys.argv[1:] if arguments is None else arguments)
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        where = error.filename or "the state folder"
        print(f"error: {where}: {os.strerror(error.errno)}; free or unlock it", file=sys.stderr)
        return 1


def _dispatch(settings: Settings, arguments: Sequence[str]) -> int:
    if arguments and arguments[0] in COMMANDS:
        return _command(COMMANDS[arguments[0]])(settings, arguments[1:])
    options = _parser(steps(settings)).parse_args(arguments)
    if options.round is not None:
        settings = replace(settings, round=parse(options.round))
    known = steps(settings)
    chosen = known if options.step == "run" else [s for s in known if s.name == options.step]
    if not chosen:
        raise Fault(
            f"{options.step} is a step of a round; name the round: --round START/END"
            if settings.round is None
            else f"{options.step} is no step of a round; leave out --round"
        )
    if options.dry_run:
        due = [would_run(step, settings=settings, force=options.force) for step in chosen]
        return 0 if any(due) else 3
    for step in chosen:
        execute(
            step,
            settings=settings,
            repository=REPOSITORY,
            force=options.force,
            parent=options.parent,
        )
    return 0


def _parser(known: Sequence[Step]) -> argparse.ArgumentParser:
    lines = [
        *(f"  {step.name:<14} {step.summary}" for step in known),
        f"  {'run':<14} All of these in order",
        *(f"  {name:<14} {summary} (with --round)" for name, summary in ROUND_STEPS.items()),
        *(f"  {name:<14} see `{REPOSITORY} {name} --help`" for name in COMMANDS),
    ]
    parser = argparse.ArgumentParser(
        prog=REPOSITORY,
        description="Steps:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = dict.fromkeys(["run", *(step.name for step in known), *ROUND_STEPS])
    parser.add_argument("step", choices=list(names), metavar="STEP")
    parser.add_argument("--round", metavar="START/END", help="the round that the step runs for")
    parser.add_argument("--force", action="store_true", help="run even if nothing changed")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="only say whether it would run and why; exit status 0: it would, 3: nothing changed",
    )
    parser.add_argument("--parent", metavar="ID", help="id of the pipeline run this belongs to")
    return parser


def _command(call: str) -> Callable[[Settings, Sequence[str]], int]:
    module, _, name = call.partition(":")
    function: Callable[[Settings, Sequence[str]], int] = getattr(
        importlib.import_module(module), name
    )
    return function


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _leave() -> None:
    """Spare the interpreter its search for cycles in all that was imported: up to a second.

    All errors are told by now. What would follow are complaints of libraries in C++ that some of
    their objects were never collected.
    """
    gc.freeze()
    sys.stdout.flush()
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
