"""The documents that the steps leave behind, as the report reads them."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .pipeline import PIPELINE

DOCUMENTS: Final = {
    "ingest": "validated/ingest.json",
    "features": "features/features.json",
    "materialised": "feature_store/materialised.json",
    "dataset": "training/dataset/dataset.json",
    "search": "training/search.json",
    "evaluation": "training/evaluation.json",
    "registration": "training/registration.json",
    "scores": "serving/scores.json",
    "probe": "serving/probe.json",
    "drift": "monitoring/drift.json",
    "trace": "trace.json",
}
# What each round of the loop leaves in its own folder.
ROUND_DOCUMENTS: Final = ("traffic", "watch", "retrain", "comparison", "follow")


def document_paths(state: Path) -> tuple[Path, ...]:
    """Every file that the report is made from, whether it exists or not."""
    records = (
        state / "runs" / step.name / "latest.json" for step in PIPELINE if step.name != "report"
    )
    tables = (state / "training/dataset/train.parquet", state / "features/entities.parquet")
    of_rounds = (
        *(
            folder / f"{name}.json"
            for folder in round_folders(state)
            for name in (*ROUND_DOCUMENTS, "challenger/registration")
        ),
        *round_records(state),
    )
    return (*(state / path for path in DOCUMENTS.values()), *tables, *records, *of_rounds)


def round_folders(state: Path) -> tuple[Path, ...]:
    """The folder of each round, in the order of time."""
    return tuple(sorted(path for path in (state / "rounds").glob("*") if path.is_dir()))


def round_records(state: Path) -> tuple[Path, ...]:
    """The last run record of each step of each round, in the order of time.

    Without the report's own: it would be written again for having been written.
    """
    records = (state / "runs").glob("*/*/latest.json")
    found = [path for path in records if path.parent.parent.name != "report"]
    return tuple(sorted(found, key=lambda path: (path.parent.name, path.parent.parent.name)))


def read_document(state: Path, name: str) -> dict[str, Any]:
    """A step's document, empty when there is none."""
    return read_json(state / DOCUMENTS[name])


def read_records(state: Path) -> dict[str, dict[str, Any]]:
    """The last run record of each step that has one."""
    found = {step.name: read_json(state / "runs" / step.name / "latest.json") for step in PIPELINE}
    return {name: record for name, record in found.items() if record}


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object, empty when there is none or it is damaged."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def memory_text(count: int) -> str:
    """Bytes in the unit that reads best."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: Any) -> Sequence[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """The value if it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def counts(value: Any) -> dict[str, float]:
    """The numbers of a mapping."""
    numbers = {str(name): number(one) for name, one in mapping(value).items()}
    return {name: one for name, one in numbers.items() if one is not None}


def words(name: str) -> str:
    """A column's name as people write it."""
    return name.replace("_", " ")
