"""The model: windows in order, a fitting metric, features that exist, parameters that count."""

from collections.abc import Iterator

from ninefold.spec.features import Calendar, Category
from ninefold.spec.meaning.fault import Fault
from ninefold.spec.model import METRICS
from ninefold.spec.problem import did_you_mean
from ninefold.spec.spec import Spec
from ninefold.spec.text import instant

# What the search may set; a misspelt parameter would be ignored by the library without a word.
PARAMETERS = {
    "gradient-boosting": (
        "colsample_bylevel", "colsample_bynode", "colsample_bytree", "gamma", "learning_rate",
        "max_bin", "max_delta_step", "max_depth", "max_leaves", "min_child_weight", "reg_alpha",
        "reg_lambda", "scale_pos_weight", "subsample",
    ),
}  # fmt: skip


def faults(spec: Spec) -> Iterator[Fault]:
    """Faults of `model`, and of the clocks that its windows must lie before."""
    yield from _windows(spec)
    yield from _metric(spec)
    yield from _features(spec)
    known = PARAMETERS[spec.model.algorithm]
    for name in spec.model.search.space:
        if name not in known:
            text = f"{name} is no parameter of {spec.model.algorithm}; {did_you_mean(name, known)}"
            yield Fault(("model", "search", "space", name), text, True)


def _windows(spec: Spec) -> Iterator[Fault]:
    split = spec.model.split
    end = None
    for name, window in (("train", split.train), ("validation", split.validation),
                         ("test", split.test)):  # fmt: skip
        place = ("model", "split", name)
        start, stop = (instant(each) for each in window)
        if start >= stop:
            yield Fault(place, f"the {name} window ends before it starts; exchange its instants")
        elif end is not None and start < end:
            text = (
                f"the {name} window starts before the one above it ends; "
                "let train, validation and test follow each other"
            )
            yield Fault(place, text)
        end = max(stop, end) if end else stop
    for name, environment in spec.environments.items():
        if environment.clock and end and instant(environment.clock) < end:
            text = (
                f"the clock of {name} stands before the end of the model's test window; "
                "set it later, or move model.split"
            )
            yield Fault(("environments", name, "clock"), text)


def _metric(spec: Spec) -> Iterator[Fault]:
    metric, problem = spec.model.acceptance.metric, spec.product.type
    known = METRICS[problem]
    if metric not in known:
        text = f"{metric} does not measure a {problem}; {did_you_mean(metric, known)}"
        yield Fault(("model", "acceptance", "metric"), text)


def _features(spec: Spec) -> Iterator[Fault]:
    rules = {name: rule for view in spec.features.values() for name, rule in view.rules.items()}
    few = [name for name, rule in rules.items() if isinstance(rule, Category | Calendar)]
    for use, named in (("slices", spec.model.slices), ("baseline", spec.model.baseline)):
        for at, name in enumerate(named):
            place = ("model", use, at)
            if name not in rules:
                yield Fault(place, f"there is no feature {name}; {did_you_mean(name, few)}")
            elif name not in few:
                text = f"{name} has too many values for {use}; name a category or calendar part"
                yield Fault(place, text)
