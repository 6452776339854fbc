"""What each section of the report shows, taken from the documents of the steps.

A document or a part of it may be missing: then the section says so instead of drawing nothing.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from . import distributions, figures
from .documents import read_document
from .prediction import ENTITY, UNITS, answer_text, value_text

METRIC: Final = "roc_auc"
LABEL: Final = "late"
PROMISED_P99: Final = "250ms"
LABEL_TITLE: Final = f"Share of {LABEL}, per month"

Tiles = list[tuple[str, str, str]]  # title, value, remark


def prediction(state: Path) -> dict[str, Any] | None:
    """The answer that the service gave, with its features and units."""
    document = read_document(state, "probe")
    example = _mapping(document.get("example"))
    value = _number(example.get("prediction"))
    if value is None:
        return None
    features = _mapping(example.get("features"))
    return {
        "entity": ENTITY,
        "key": example.get("key", "a full row"),
        "answer": answer_text(value),
        "share": min(max(value, 0.0), 1.0),
        "model_version": example.get("model_version", document.get("model_version", "unknown")),
        "as_of": example.get("as_of", document.get("as_of", "")),
        "id": example.get("prediction_id", ""),
        "features": [
            (_words(name), value_text(features[name]), UNITS.get(name, "")) for name in features
        ],
    }


def data(state: Path) -> dict[str, Any] | None:
    """Rows per source and what was kept out."""
    sources = _mapping(read_document(state, "ingest").get("sources"))
    features = read_document(state, "features")
    months = distributions.of_label(state / "features/entities.parquet")
    if not sources and not features and not months:
        return None
    excluded = _counts(features.get("excluded"))
    return {
        "sources": [_source(name, _mapping(counts)) for name, counts in sources.items()],
        "months": figures.columns(
            # Many months have no room for their year.
            [(month if len(months) <= 6 else month[5:], mean) for month, mean in months],
            title=LABEL_TITLE,
            form=lambda value: f"{value:.2f}",
        )
        if months
        else None,
        "months_title": LABEL_TITLE,
        "excluded": list(excluded.items()),
        "views": list(_counts(features.get("rows")).items()),
    }


def _source(name: str, counts: Mapping[str, Any]) -> dict[str, Any]:
    quarantined = counts.get("quarantined")
    reasons = _counts(quarantined)
    total = sum(reasons.values()) if reasons else _number(quarantined) or 0
    return {
        "name": name,
        "read": _number(counts.get("read")),
        "valid": _number(counts.get("valid")),
        "quarantined": total,
        "reasons": list(reasons.items()),
    }


def features(state: Path) -> dict[str, Any] | None:
    """The distribution of each feature in the training set."""
    found = distributions.of_features(state / "training/dataset/train.parquet")
    document = read_document(state, "dataset")
    if not found and not document:
        return None
    return {
        "rows": list(_counts(document.get("rows")).items()),
        "windows": [
            (name, " to ".join(str(end)[:10] for end in _sequence(ends)))
            for name, ends in _mapping(document.get("windows")).items()
        ],
        "left_out": list(_counts(document.get("left_out")).items()),
        "sha256": str(document.get("sha256", "")),
        "figures": [
            {
                "name": _words(one.name),
                "unit": one.unit,
                "missing": one.missing,
                "figure": figures.histogram(one.counts, one.low, one.high, title=_words(one.name))
                if one.counts
                else None,
            }
            for one in found
        ],
    }


def model(state: Path) -> dict[str, Any] | None:
    """How good the model is, beside the baseline, in slices, and why it was accepted or not."""
    evaluation = read_document(state, "evaluation")
    registration = read_document(state, "registration")
    if not evaluation:
        return None
    own = _counts(_mapping(evaluation.get("model")).get("test"))
    other = _counts(_mapping(evaluation.get("baseline")).get("test"))
    metric = str(evaluation.get("metric", METRIC))
    return {
        "metric": metric,
        "rows": _counts(evaluation.get("rows")).get("test"),
        "metrics": [(name, value, other.get(name)) for name, value in own.items()],
        "calibration": _calibration(evaluation),
        "slices": _slices(evaluation, metric, own.get(metric)),
        "importance": _importance(evaluation),
        "trials": _trials(read_document(state, "search")),
        "registration": {
            "version": registration.get("version", "none"),
            "alias": registration.get("alias"),
            "digest": str(registration.get("digest", "")),
            "reasons": [str(reason) for reason in _sequence(registration.get("reasons"))],
        }
        if registration
        else None,
    }


def _calibration(evaluation: Mapping[str, Any]) -> Any:
    bins = [_mapping(item) for item in _sequence(evaluation.get("calibration"))]
    points = [
        (float(one["predicted"]), float(one["observed"]), float(one.get("rows", 1)))
        for one in bins
        if _number(one.get("predicted")) is not None and _number(one.get("observed")) is not None
    ]
    return figures.calibration(points, title="Predicted against observed share") if points else None


def _slices(evaluation: Mapping[str, Any], metric: str, whole: float | None) -> list[Any]:
    groups: dict[str, list[tuple[str, float]]] = {}
    for item in map(_mapping, _sequence(evaluation.get("slices"))):
        value = _number(_mapping(item.get("metrics")).get(metric))
        if value is not None:
            rows = _number(item.get("rows")) or 0
            name = "unknown" if item.get("value") is None else str(item["value"])
            group = groups.setdefault(str(item.get("feature", "")), [])
            group.append((f"{name} ({rows:,.0f})", value))
    return [
        (
            _words(feature),
            figures.bars(
                sorted(items, key=lambda item: -item[1])[:24],
                title=f"{metric} by {_words(feature)}",
                form=lambda value: f"{value:.3f}",
                reference=whole,
            ),
        )
        for feature, items in groups.items()
    ]


def _importance(evaluation: Mapping[str, Any]) -> Any:
    items = sorted(_counts(evaluation.get("importance")).items(), key=lambda item: -item[1])[:15]
    if not items:
        return None
    return figures.bars(
        [(_words(name), max(value, 0.0)) for name, value in items],
        title="Importance of the features",
        form=lambda value: f"{value:.4f}",
    )


def _trials(search: Mapping[str, Any]) -> dict[str, Any] | None:
    rows: list[tuple[str, dict[str, float], float | None]] = []
    for place, trial in enumerate(map(_mapping, _sequence(search.get("trials")))):
        measured = _counts(trial.get("metrics"))
        value = next(iter(measured.values()), None)
        rows.append((str(trial.get("number", place)), _counts(trial.get("parameters")), value))
    if not rows:
        return None
    names = list(dict.fromkeys(name for _, parameters, _ in rows for name in parameters))
    chosen = _counts(search.get("parameters"))
    return {
        "metric": search.get("metric", METRIC),
        "names": [_words(name) for name in names],
        "rows": [
            (number, [parameters.get(name) for name in names], value, parameters == chosen)
            for number, parameters, value in rows
        ],
    }


def serving(state: Path) -> dict[str, Any] | None:
    """Latency, and whether online equals batch."""
    probe = read_document(state, "probe")
    if not probe:
        return None
    latency = _counts(probe.get("latency_ms"))
    tiles: Tiles = []
    for name, value in latency.items():
        remark = f"promised: {PROMISED_P99}" if name == "p99" else "one client"
        tiles.append((f"latency {name}", f"{value:.1f} ms", remark))
    if (seconds := _number(probe.get("ready_seconds"))) is not None:
        tiles.append(("ready after", f"{seconds:.1f} s", "with model and features"))
    if (compared := _number(probe.get("compared"))) is not None:
        equal = probe.get("equal")
        tiles.append(
            (
                "online = batch",
                "yes" if equal else "no" if equal is False else "not compared",
                f"{compared:,.0f} rows, by key and by full row",
            )
        )
    scores = read_document(state, "scores")
    if (rows := _number(scores.get("rows"))) is not None:
        tiles.append(("scored in batch", f"{rows:,.0f}", "rows within the horizon"))
    if (refused := _number(probe.get("refused"))) is not None:
        tiles.append(("a bad row", f"HTTP {refused:.0f}", "refused with the reason"))
    return {"tiles": tiles}


def drift(state: Path) -> dict[str, Any] | None:
    """How far the features moved, beside a control that must not move."""
    document = read_document(state, "drift")
    return _drift(document) if document else None


def _drift(document: Mapping[str, Any]) -> dict[str, Any]:
    measured = list(_distances(document.get("features"), "distance").items())
    drifted = frozenset(
        _words(name)
        for name, one in _mapping(document.get("features")).items()
        if _mapping(one).get("drifted")
    )
    tiles: Tiles = []
    if measured:
        count = f"{len(drifted)} of {len(measured)}"
        tiles.append(("features that moved", count, _window(document)))
    if (share := _number(document.get("share"))) is not None:
        remark = "an alarm" if document.get("alarm") else "no alarm"
        tiles.append(("share that moved", f"{share:.0%}", remark))
    moved = _mapping(document.get("prediction"))
    if (distance := _number(moved.get("distance"))) is not None:
        remark = "it moved" if moved.get("drifted") else "it did not move"
        tiles.append(("the prediction itself", f"{distance:.3f}", remark))
    if (still := _number(_mapping(document.get("control")).get("share"))) is not None:
        remark = "of the features differ as much between parts of the training window"
        tiles.append(("control", f"{still:.0%}", remark))
    return {
        "words": str(document.get("words") or ""),
        "tiles": tiles,
        "figure": figures.bars(
            sorted(measured, key=lambda item: -item[1])[:30],
            title="Distance of each feature from its training distribution",
            form=lambda value: f"{value:.3f}",
            reference=0.1,
            marked=drifted,
            usual=_distances(document.get("features"), "control"),
        )
        if measured
        else None,
    }


def _window(document: Mapping[str, Any]) -> str:
    current = _mapping(document.get("current"))
    rows = _number(current.get("rows"))
    ends = [str(current[key])[:10] for key in ("start", "end") if current.get(key)]
    return " to ".join(ends) + ("" if rows is None else f", {rows:,.0f} rows")


def _distances(features: Any, kind: str) -> dict[str, float]:
    values = {name: _number(_mapping(one).get(kind)) for name, one in _mapping(features).items()}
    return {_words(name): value for name, value in values.items() if value is not None}


def _words(name: str) -> str:
    return name.replace("_", " ")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _counts(value: Any) -> dict[str, float]:
    """The numbers of a mapping."""
    numbers = {str(name): _number(one) for name, one in _mapping(value).items()}
    return {name: one for name, one in numbers.items() if one is not None}
