"""The model package: a folder that training writes, the registry keeps and serving loads.

It holds `model.ubj` (the booster in XGBoost's own format), `signature.json` (columns in their
order, categories, label) and `manifest.json` (SHA-256 of the other two). Nothing in it is code.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd
import xgboost
from numpy.typing import NDArray

from .faults import Fault

MODEL: Final = "model.ubj"
SIGNATURE: Final = "signature.json"
MANIFEST: Final = "manifest.json"
FILES: Final = (MODEL, SIGNATURE)


@dataclass(frozen=True)
class Feature:
    """One column of the model: a number, or a category with the values that training saw."""

    name: str
    type: str
    categories: tuple[str, ...] = ()
    codes: Mapping[str, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        codes = {value: float(code) for code, value in enumerate(self.categories)}
        object.__setattr__(self, "codes", codes)

    def encode(self, column: "pd.Series[Any]") -> NDArray[np.float32]:
        """Numbers as they are, categories as their codes; unknown or not finite means missing."""
        if self.type == "category":
            codes = [self.codes.get(value, math.nan) for value in column]
            return np.array(codes, dtype=np.float32)
        with np.errstate(over="ignore"):
            numbers = column.to_numpy(dtype=np.float64, na_value=math.nan).astype(np.float32)
        return np.where(np.isfinite(numbers), numbers, np.float32(math.nan))

    def encode_one(self, value: Any) -> float:
        """One plain value as `encode` does, before it is rounded to single precision."""
        if self.type == "category":
            return self.codes.get(value, math.nan)
        return math.nan if value is None else value


def matrix(
    features: Sequence[Feature],
    frame: pd.DataFrame,
    label: str | None = None,
    *,
    threads: int = 1,
) -> xgboost.DMatrix:
    """Columns in the model's order; training and serving both encode here, so they cannot differ."""
    missing = [feature.name for feature in features if feature.name not in frame.columns]
    if missing:
        raise Fault(f"features are missing: {', '.join(missing)}; give a column for each")
    values = np.empty((len(frame), len(features)), dtype=np.float32)
    for position, feature in enumerate(features):
        values[:, position] = feature.encode(frame[feature.name])
    return xgboost.DMatrix(
        values,
        label=None if label is None else frame[label].to_numpy(dtype=np.float32),
        feature_names=[feature.name for feature in features],
        feature_types=["c" if feature.type == "category" else "q" for feature in features],
        enable_categorical=True,
        nthread=threads,
    )


def array(
    features: Sequence[Feature],
    rows: Sequence[Mapping[str, Any]],
) -> NDArray[np.float32]:
    """Plain rows as `matrix` encodes a frame: a request of few rows needs no table in between."""
    values = [[feature.encode_one(row[feature.name]) for feature in features] for row in rows]
    with np.errstate(over="ignore"):
        numbers = np.array(values, dtype=np.float64).astype(np.float32)
    return np.where(np.isfinite(numbers), numbers, np.float32(math.nan))


@dataclass(frozen=True)
class Model:
    """A loaded model package."""

    booster: xgboost.Booster
    features: tuple[Feature, ...]
    signature: Mapping[str, Any]
    digest: str

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> Self:
        """Load a package; `Fault` when a file is missing or differs from the manifest."""
        digest = package_digest(folder)
        signature = json.loads((folder / SIGNATURE).read_text("utf-8"))
        booster = xgboost.Booster({"nthread": threads})
        booster.load_model(folder / MODEL)
        return cls(booster, features_of(signature), signature, digest)

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the model's order."""
        return tuple(feature.name for feature in self.features)

    def predict(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """One probability per row, in the order of the rows."""
        if frame.empty:
            return np.empty(0, dtype=np.float64)
        predicted = self.booster.predict(matrix(self.features, frame))
        return np.asarray(predicted, dtype=np.float64)

    def predict_rows(self, rows: Sequence[Mapping[str, Any]]) -> list[float]:
        """The same for plain rows that hold every feature; None is missing."""
        if not rows:
            return []
        values = array(self.features, rows)
        predicted = self.booster.inplace_predict(values, validate_features=False)
        return [float(value) for value in predicted]


def features_of(signature: Mapping[str, Any]) -> tuple[Feature, ...]:
    """The features that a signature describes."""
    return tuple(
        Feature(item["name"], item["type"], tuple(item.get("categories", ())))
        for item in signature["features"]
    )


def write_package(folder: Path, model: bytes, signature: Mapping[str, Any]) -> str:
    """Write a package from a booster's bytes (`save_raw("ubj")`); returns its digest."""
    folder.mkdir(parents=True)
    (folder / MODEL).write_bytes(model)
    (folder / SIGNATURE).write_text(_json(signature), "utf-8")
    manifest = {"files": {name: _sha256(folder / name) for name in FILES}}
    (folder / MANIFEST).write_text(_json(manifest), "utf-8")
    return package_digest(folder)


def package_digest(folder: Path) -> str:
    """SHA-256 of the manifest, after each file was found to be as the manifest says."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
        expected: Mapping[str, str] = json.loads(manifest)["files"]
        damaged = [name for name in FILES if _sha256(folder / name) != expected.get(name)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Fault(
            f"{folder} is no complete model package; train again or load it from the registry"
        ) from None
    if damaged:
        raise Fault(
            f"{folder}: {', '.join(damaged)} differs from {MANIFEST}, so it was changed after "
            "training; refuse it and load another version"
        )
    return hashlib.sha256(manifest).hexdigest()


def named_version(name: str) -> str | None:
    """The number in `v7`, a name by which that version itself is meant; None for an alias."""
    return name[1:] if re.fullmatch(r"v[1-9][0-9]*", name) else None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
