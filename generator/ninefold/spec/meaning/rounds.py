"""The rounds that replay history: in order, few enough, on rows that no model has seen."""

from collections.abc import Iterator
from datetime import datetime

from ninefold.spec.environments import Replay
from ninefold.spec.meaning.fault import Fault
from ninefold.spec.problem import Place
from ninefold.spec.spec import Spec
from ninefold.spec.text import instant, span

MOST = 1000  # rounds of a replay


def faults(spec: Spec) -> Iterator[Fault]:
    """Faults of `environments.<name>.replay`, and of the comparison window in its first round."""
    for name, environment in spec.environments.items():
        if environment.replay is None:
            continue
        place: Place = ("environments", name, "replay")
        if environment.clock is None:
            text = f"{name} replays nothing without a clock; add `clock`, or remove `replay`"
            yield Fault(place, text, True)
            continue
        yield from _rounds(spec, place, instant(environment.clock), environment.replay)


def _rounds(spec: Spec, place: Place, clock: datetime, replay: Replay) -> Iterator[Fault]:
    until, every = instant(replay.until), span(replay.every)
    if until <= clock:
        text = "the replay ends before the clock at which it starts; set `until` later"
        yield Fault((*place, "until"), text)
        return
    if clock.second or until.second:
        yield Fault((*place, "until"), "rounds begin and end at whole minutes; drop the seconds")
    if (until - clock) / every > MOST:
        yield Fault((*place, "every"), f"these are more than {MOST} rounds; make them longer")
    seen = instant(spec.model.split.validation[1])
    if min(until, clock + every) - span(spec.retraining.window) < seen:
        text = (
            "in the first round, the window reaches back to rows that the model was trained on; "
            "shorten it, or make the rounds longer"
        )
        yield Fault(("retraining", "window"), text)
