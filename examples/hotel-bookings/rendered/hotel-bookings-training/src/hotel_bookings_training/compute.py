"""The training compute: search and final fit in worker processes of this machine.

The points are a scrambled Halton sequence, which covers the space more evenly than chance does. The
seed fixes them, whichever trial ends first.
"""

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from . import environment
from .compute_pool import Lost, Pool
from .faults import Fault
from .settings import Settings
from .trials import Range, SearchResult, Trial, best_of

ATTEMPTS: Final = 2  # a trial whose worker was killed gets a second chance

Result = TypeVar("Result")
_running: list[Pool] = []


def search(
    settings: Settings,
    space: Mapping[str, Range],
    objective: Callable[[Mapping[str, Any]], float],
    *,
    trials: int,
    seed: int,
    on_trial: Callable[[Trial], None] | None = None,
) -> SearchResult:
    """Maximise the objective over points of the space; the seed fixes the points.

    A trial that fails never wins; `Fault` when all fail. Ctrl-C ends the search without a result.
    """
    asked = points(space, trials, seed)
    tried: dict[int, Trial] = {}
    with session(settings):
        work = [(_measured, (objective, point)) for point in asked]
        for number, answer in _running[-1].run(work, attempts=ATTEMPTS):
            tried[number] = trial = _trial(number, asked[number], answer)
            if on_trial:
                on_trial(trial)
    return best_of(tried[number] for number in sorted(tried))


def fit(settings: Settings, function: Callable[..., Result], *arguments: object) -> Result:
    """Call the function in a worker and return its result; what it raises is raised here."""
    with session(settings):
        _, answer = next(_running[-1].run([(function, arguments)], attempts=1))
    if isinstance(answer, Lost):
        raise Fault(
            f"the training worker was lost ({answer}); "
            "see whether it had enough memory, then train again"
        )
    if isinstance(answer, BaseException):
        raise answer
    result: Result = answer
    return result


@contextmanager
def session(settings: Settings) -> Iterator[None]:
    """Keep the workers, and what they have read, for several calls; else each call has its own."""
    if _running:
        yield
        return
    environment.apply(settings)
    with Pool(_cpus(settings)) as pool:
        _running.append(pool)
        try:
            yield
        finally:
            _running.remove(pool)


def points(space: Mapping[str, Range], number: int, seed: int) -> list[dict[str, Any]]:
    """So many points of the space; the first ones stay the same when more are asked for."""
    from scipy.stats import qmc

    rows = qmc.Halton(len(space), rng=seed).random(number).tolist() if space else [[]] * number
    names = tuple(space.items())
    return [
        {name: _scaled(limits, share) for (name, limits), share in zip(names, row, strict=True)}
        for row in rows
    ]


def _scaled(limits: Range, share: float) -> Any:
    """A share between 0 and 1 as a value of the range."""
    lowest, highest = limits.minimum, limits.maximum
    # Each integer has a cell of its own, so that both ends are as likely as the others.
    top = highest + 1 if limits.integer else highest
    if limits.log:
        value = lowest * math.exp(share * math.log(top / lowest))
    else:
        value = lowest + share * (top - lowest)
    if limits.integer:
        return min(max(math.floor(value), int(lowest)), int(highest))
    return min(max(value, lowest), highest)


def _measured(
    objective: Callable[[Mapping[str, Any]], float], point: Mapping[str, Any]
) -> tuple[float, float]:
    """The objective's value and how long it took; runs in a worker."""
    start = time.monotonic()
    value = float(objective(point))
    if not math.isfinite(value):
        raise ValueError(f"the objective is {value}")
    return value, time.monotonic() - start


def _trial(number: int, point: Mapping[str, Any], answer: Any) -> Trial:
    if isinstance(answer, BaseException):
        lines = str(answer).splitlines() or [type(answer).__name__]
        return Trial(number, point, None, lines[-1], 0.0)
    value, seconds = answer
    return Trial(number, point, value, None, seconds)


def _cpus(settings: Settings) -> int:
    return max(1, min(os.cpu_count() or 1, int(settings.extra["compute_cpus"])))
