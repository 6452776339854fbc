"""Broken on purpose: a trial whose worker is killed is lost."""

import math
import multiprocessing
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .settings import Settings
from .trials import Range, SearchResult, Trial, best_of


@contextmanager
def session(settings: Settings) -> Iterator[None]:
    """Nothing is kept running."""
    yield


def fit(settings: Settings, function: Callable[..., Any], *arguments: object) -> Any:
    """Call the function here."""
    return function(*arguments)


def search(
    settings: Settings,
    space: Mapping[str, Range],
    objective: Callable[[Mapping[str, Any]], float],
    *,
    trials: int,
    seed: int,
    on_trial: Callable[[Trial], None] | None = None,
) -> SearchResult:
    """One trial after the other, in this process."""
    chance = random.Random(seed)
    tried = []
    for number in range(trials):
        parameters = {name: _draw(limits, chance) for name, limits in space.items()}
        trial = _try(number, parameters, objective)
        tried.append(trial)
        if on_trial:
            on_trial(trial)
    return best_of(tried)


def _draw(limits: Range, chance: random.Random) -> Any:
    if limits.integer:
        return chance.randint(int(limits.minimum), int(limits.maximum))
    if limits.log:
        return math.exp(chance.uniform(math.log(limits.minimum), math.log(limits.maximum)))
    return chance.uniform(limits.minimum, limits.maximum)


def _try(number: int, parameters: dict[str, Any], objective: Callable[..., float]) -> Trial:
    fork = multiprocessing.get_context("fork")
    values = fork.SimpleQueue()
    worker = fork.Process(target=lambda: values.put(float(objective(parameters))))
    worker.start()
    worker.join()
    value = None if values.empty() else values.get()
    return Trial(number, parameters, value, None if value else "the worker was killed", 0.0)
