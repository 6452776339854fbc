"""Step register: the model becomes a version; it gets the alias only if it passes the rules.

Every run record that the state folder holds goes to the metadata store, whichever repository
wrote it.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from . import registry, tracking
from .faults import Fault
from .measures import score
from .model import package_digest
from .plan import BETTER_THAN_BASELINE_BY, METRIC, MINIMUM
from .run_record import Run
from .settings import Settings

ALIAS: Final = "champion"


def run(settings: Settings, run: Run) -> None:
    """Register the package, promote it if it is accepted, and write registration.json."""
    training = settings.state / "training"
    evaluation = json.loads((training / "evaluation.json").read_text("utf-8"))
    if evaluation["package"] != package_digest(training / "model"):
        raise Fault("the evaluation is of another model than the one here; run evaluate again")
    accepted, reasons = judge(evaluation)
    version = registry.register(
        settings,
        training / "model",
        metrics=_test_metrics(evaluation),
        record_id=_trained_by(settings.state),
    )
    if accepted and registry.current(settings, ALIAS) != version.version:
        registry.promote(settings, version.version, ALIAS, "; ".join(reasons))
    for reason in reasons:
        run.say(reason)
    run.say(f"version {version.version} is {ALIAS if accepted else 'registered, not promoted'}")
    run.metric("accepted", accepted)
    document = {
        "version": version.version,
        "digest": version.digest,
        "alias": ALIAS if accepted else None,
        "accepted": accepted,
        "reasons": reasons,
        "run": _trained_by(settings.state),
    }
    path = run.staged(training / "registration.json")
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    run.metric("published", publish_all(settings))


def judge(evaluation: Mapping[str, Any]) -> tuple[bool, list[str]]:
    """Whether the model passes the rules on the test window, and why or why not."""
    own, other = evaluation["model"]["test"], evaluation["baseline"]["test"]
    gain = score(own) - score(other)
    rules = (
        (
            own[METRIC] >= MINIMUM,
            f"{METRIC} {own[METRIC]:.4f} on test, at least {MINIMUM} is asked",
        ),
        (
            gain >= BETTER_THAN_BASELINE_BY,
            f"better than the baseline ({other[METRIC]:.4f}) by {gain:.4f}, "
            f"at least {BETTER_THAN_BASELINE_BY} is asked",
        ),
    )
    reasons = [f"{'passed' if passed else 'failed'}: {text}" for passed, text in rules]
    return all(passed for passed, _ in rules), reasons


def publish_all(settings: Settings) -> int:
    """Hand every run record to the metadata store; those that it has already stay as they are."""
    paths = (settings.state / "runs").glob("*/[!.]*.json")
    records = [_record(path) for path in sorted(paths) if path.name != "latest.json"]
    for record in records:
        tracking.publish(settings, record)
    return len(records)


def publish(settings: Settings, arguments: Sequence[str]) -> int:
    """Command publish: hand what other steps recorded since to the metadata store."""
    argparse.ArgumentParser(prog="publish", description=publish.__doc__).parse_args(arguments)
    print(f"{publish_all(settings)} run records are in the metadata store")
    return 0


def _trained_by(state: Path) -> str:
    return str(_record(state / "runs" / "train" / "latest.json")["id"])


def _record(path: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise Fault(f"{path} is missing or damaged; run its step again") from None
    return record


def _test_metrics(evaluation: Mapping[str, Any]) -> dict[str, float]:
    metrics: Mapping[str, float | None] = evaluation["model"]["test"]
    return {f"test.{name}": value for name, value in metrics.items() if value is not None}
