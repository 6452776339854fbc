"""A small state folder as the steps leave it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flight_delays_product.distributions import FEATURES, LABEL
from flight_delays_product.documents import DOCUMENTS
from flight_delays_product.pipeline import PIPELINE
from flight_delays_product.prediction import UNITS

from .samples import METRIC, write_rounds


def documents() -> dict[str, dict[str, Any]]:
    """One small document per step."""
    names = list(UNITS)
    measured = {METRIC: 0.71}
    return {
        "ingest": {
            "sources": {"raw": {"read": 1000, "valid": 990, "quarantined": {"bad value": 10}}}
        },
        "features": {"rows": {"view": 990}, "excluded": {"left out": 7}},
        "materialised": {"until": "2026-01-01T00:00:00+00:00", "rows": {"view": 990}},
        "dataset": {
            "rows": {"train": 700, "validation": 100, "test": 100},
            "windows": {"train": ["2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"]},
            "sha256": "ab" * 32,
        },
        "search": {
            "metric": METRIC,
            "parameters": {"max_depth": 4},
            "trials": [
                {"number": 0, "parameters": {"max_depth": 4}, "metrics": measured},
                {"number": 1, "parameters": {"max_depth": 5}, "metrics": {}, "error": "broke"},
            ],
        },
        "evaluation": {
            "problem": "binary-classification",
            "metric": METRIC,
            "rows": {"test": 100},
            "model": {"test": measured},
            "baseline": {"test": {METRIC: 0.65}},
            "slices": [{"feature": names[0], "value": None, "rows": 40, "metrics": measured}],
            "calibration": [
                {"predicted": 0.1, "observed": 0.12, "rows": 50},
                {"predicted": 0.4, "observed": 0.38, "rows": 50},
            ],
            "importance": {names[0]: 0.05},
        },
        "registration": {
            "version": "3",
            "digest": "cd" * 32,
            "alias": "champion",
            "reasons": ["passed: better than the baseline"],
        },
        "scores": {"rows": 55},
        "probe": {
            "example": {
                "key": "key-1",
                "prediction": 0.25,
                "model_version": "3",
                "prediction_id": "p-1",
                "features": {name: None if place else 12.5 for place, name in enumerate(names)},
            },
            "latency_ms": {"p50": 2.5, "p99": 7.25},
            "compared": 200,
            "equal": True,
        },
        "drift": {
            "features": {names[0]: {"distance": 0.3, "control": 0.1, "drifted": True}},
            "share": 0.5,
            "alarm": True,
            "words": "One feature moved.",
            "prediction": {"distance": 0.02, "drifted": False},
            "control": {"share": 0.0},
        },
        "trace": {
            "key": "key-1",
            "as_of": "2026-01-01T00:00:00+00:00",
            "keys": {"key": "key-1"},
            "views": {
                "view": {
                    "keys": {"key": "key-1"},
                    "event_timestamp": "2025-12-31T00:00:00+00:00",
                    "features": {names[0]: 12.5},
                    "raw": {"source": "raw", "count": 30, "rows": [{"source_row": 17}]},
                },
            },
            "differences": [],
        },
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, dict[str, Any]]], Path]:
    """Writes documents into a new state folder."""

    def into_state(given: dict[str, dict[str, Any]]) -> Path:
        return write_documents(tmp_path, given)

    return into_state


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Every document, table and record, and rounds of the loop."""
    write_all(tmp_path)
    write_rounds(tmp_path)
    return tmp_path


def write_documents(folder: Path, given: dict[str, dict[str, Any]]) -> Path:
    """Write documents where their steps leave them."""
    for name, document in given.items():
        path = folder / DOCUMENTS[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document), "utf-8")
    return folder


def write_all(folder: Path) -> None:
    """Write what the first run leaves: documents, tables and records."""
    write_documents(folder, documents())
    write_tables(folder)
    for step in PIPELINE:
        record = {
            "id": f"{step.name}-1",
            "commit": "e" * 40,
            "dirty": False,
            "lock": "f" * 64,
            "seconds": 1.5,
            "peak_memory_bytes": 250_000_000,
            "finished": "2026-01-01T00:00:00.000+00:00",
            "inputs": {"in.txt": "1" * 64},
            "outputs": {"out.txt": "2" * 64},
            "metrics": {"rows": 3.0},
        }
        path = folder / "runs" / step.name / "latest.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(record), "utf-8")


def write_tables(folder: Path) -> None:
    """The training set and the labels, which the report reads for its distributions."""
    columns = ", ".join(
        f"(i % 5)::VARCHAR AS {name}" if type_ == "category" else f"i::DOUBLE AS {name}"
        for name, (type_, _) in FEATURES.items()
    )
    with duckdb.connect() as database:
        database.execute(
            f"COPY (SELECT {columns} FROM range(100) AS r(i))"
            f" TO '{folder / 'training/dataset/train.parquet'}' (FORMAT parquet)"
        )
        database.execute(
            "COPY (SELECT TIMESTAMPTZ '2026-01-15 00:00:00+00' + to_days(i::INTEGER * 20)"
            f" AS event_timestamp, (i % 2)::DOUBLE AS {LABEL}, NULL::VARCHAR AS excluded"
            f" FROM range(6) AS r(i)) TO '{folder / 'features/entities.parquet'}' (FORMAT parquet)"
        )
