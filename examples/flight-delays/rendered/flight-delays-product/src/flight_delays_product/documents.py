"""The documents that the steps leave behind, as the report reads them."""

import json
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


def document_paths(state: Path) -> tuple[Path, ...]:
    """Every file that the report is made from, whether it exists or not."""
    records = (
        state / "runs" / step.name / "latest.json" for step in PIPELINE if step.name != "report"
    )
    tables = (state / "training/dataset/train.parquet", state / "features/entities.parquet")
    return (*(state / path for path in DOCUMENTS.values()), *tables, *records)


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
