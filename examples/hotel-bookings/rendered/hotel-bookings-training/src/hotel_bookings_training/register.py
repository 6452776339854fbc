"""Step register: the model becomes a version; it gets the alias only if it passes the rules.

A champion that a round or a person chose stays: the next round says whether it should.

Every run record that the state folder holds goes to the metadata store, whichever repository
wrote it.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from . import registry, tracking
from .dossiers import read_document
from .faults import Fault
from .measures import score
from .model import package_digest
from .plan import BETTER_THAN_BASELINE_BY, METRIC, MINIMUM
from .run_record import Run
from .settings import Settings

ALIAS: Final = "champion"
CHALLENGER: Final = "challenger"


def run(settings: Settings, run: Run) -> None:
    """Register the package, promote it if it is accepted, and write registration.json."""
    training = settings.state / "training"
    evaluation = read_document(training / "evaluation.json")
    trained_by = record_of(settings, "train")
    version = register(settings, training / "model", evaluation, trained_by)
    accepted, reasons = judge(evaluation)
    path = training / "registration.json"
    if accepted and (kept := chosen_since(settings, path, version.version)):
        accepted = False
        reasons.append(f"version {kept} stays {ALIAS}: it was chosen since the last first model")
    if accepted and registry.current(settings, ALIAS) != version.version:
        registry.promote(settings, version.version, ALIAS, "; ".join(reasons))
    for reason in reasons:
        run.say(reason)
    run.say(f"version {version.version} is {ALIAS if accepted else 'registered, not promoted'}")
    run.metric("accepted", accepted)
    path = run.staged(path)
    describe(path, version, ALIAS if accepted else None, reasons, trained_by)
    run.metric("published", publish_all(settings))


def chosen_since(settings: Settings, registration: Path, version: str) -> str | None:
    """The champion that a round or a person chose after the last run of this step, if there is one.

    Replayed rounds choose again, so nothing is kept for them.
    """
    champion = registry.current(settings, ALIAS)
    if champion is None or champion == version or settings.replayed is not None:
        return None
    before = read_document(registration) if registration.is_file() else {}
    return None if before.get("version") == champion else champion


def register(
    settings: Settings, package: Path, evaluation: Mapping[str, Any], trained_by: str
) -> registry.ModelVersion:
    """Make the package a version; `Fault` when the evaluation is of another one."""
    if evaluation["package"] != package_digest(package):
        raise Fault("the evaluation is of another model than the one here; run evaluate again")
    metrics = _test_metrics(evaluation)
    return registry.register(settings, package, metrics=metrics, record_id=trained_by)


def describe(
    path: Path,
    version: registry.ModelVersion,
    alias: str | None,
    reasons: Sequence[str],
    trained_by: str,
) -> None:
    """Write what became of the model: its version, its alias and why."""
    document = {
        "version": version.version,
        "digest": version.digest,
        "alias": alias,
        "accepted": alias == ALIAS,
        "reasons": list(reasons),
        "run": trained_by,
    }
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def judge(evaluation: Mapping[str, Any]) -> tuple[bool, list[str]]:
    """Whether the model passes the rules on the test window, and why or why not."""
    own, other = evaluation["model"]["test"], evaluation["baseline"]["test"]
    good, words = good_enough(own)
    gain = score(own) - score(other)
    rules = (
        (good, words),
        (
            gain >= BETTER_THAN_BASELINE_BY,
            f"better than the baseline ({other[METRIC]:.4f}) by {gain:.4f}, "
            f"at least {BETTER_THAN_BASELINE_BY} is asked",
        ),
    )
    reasons = [f"{'passed' if passed else 'failed'}: {text}" for passed, text in rules]
    return all(passed for passed, _ in rules), reasons


def good_enough(metrics: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether a model is good enough by itself, whatever it is compared with."""
    found = metrics[METRIC]
    if found is None:
        return False, f"{METRIC} cannot be measured on test"
    words = f"{METRIC} {found:.4f} on test, at least {MINIMUM} is asked"
    return found >= MINIMUM, words


def publish_all(settings: Settings) -> int:
    """Hand every run record to the metadata store; those that it has already stay as they are."""
    paths = (settings.state / "runs").glob("**/[!.]*.json")
    records = [read_document(path) for path in sorted(paths) if path.name != "latest.json"]
    for record in records:
        tracking.publish(settings, record)
    return len(records)


def publish(settings: Settings, arguments: Sequence[str]) -> int:
    """Command publish: hand what other steps recorded since to the metadata store."""
    argparse.ArgumentParser(prog="publish", description=publish.__doc__).parse_args(arguments)
    print(f"{publish_all(settings)} run records are in the metadata store")
    return 0


def record_of(settings: Settings, step: str, part: str = "") -> str:
    """The id of a step's last run."""
    return str(read_document(settings.state / "runs" / step / part / "latest.json")["id"])


def _test_metrics(evaluation: Mapping[str, Any]) -> dict[str, float]:
    metrics: Mapping[str, float | None] = evaluation["model"]["test"]
    return {f"test.{name}": value for name, value in metrics.items() if value is not None}
