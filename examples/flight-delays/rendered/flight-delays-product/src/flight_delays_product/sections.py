"""What each section of the report shows, taken from the documents of the steps.

A document or a part of it may be missing: then the section says so instead of drawing nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from . import distributions, figures, moved
from .documents import counts, mapping, number, read_document, sequence, words
from .prediction import ENTITY, UNITS, answer_text, value_text

METRIC: Final = "roc_auc"
LABEL: Final = "late"
PROMISED_P99: Final = "250ms"
LABEL_TITLE: Final = f"Share of {LABEL}, per month"

Tiles = list[tuple[str, str, str]]  # title, value, remark


def prediction(state: Path) -> dict[str, Any] | None:
    """The answer that the service gave, with its features and units."""
    document = read_document(state, "probe")
    example = mapping(document.get("example"))
    value = number(example.get("prediction"))
    if value is None:
        return None
    features = mapping(example.get("features"))
    return {
        "entity": ENTITY,
        "key": example.get("key", "a full row"),
        "answer": answer_text(value),
        "share": min(max(value, 0.0), 1.0),
        "model_version": example.get("model_version", document.get("model_version", "unknown")),
        "as_of": example.get("as_of", document.get("as_of", "")),
        "id": example.get("prediction_id", ""),
        "features": [
            (words(name), value_text(features[name]), UNITS.get(name, "")) for name in features
        ],
    }


def data(state: Path) -> dict[str, Any] | None:
    """Rows per source and what was kept out."""
    sources = mapping(read_document(state, "ingest").get("sources"))
    features = read_document(state, "features")
    months = distributions.of_label(state / "features/entities.parquet")
    if not sources and not features and not months:
        return None
    excluded = counts(features.get("excluded"))
    return {
        "sources": [_source(name, mapping(one)) for name, one in sources.items()],
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
        "views": list(counts(features.get("rows")).items()),
    }


def _source(name: str, source: Mapping[str, Any]) -> dict[str, Any]:
    quarantined = source.get("quarantined")
    reasons = counts(quarantined)
    total = sum(reasons.values()) if reasons else number(quarantined) or 0
    return {
        "name": name,
        "read": number(source.get("read")),
        "valid": number(source.get("valid")),
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
        "rows": list(counts(document.get("rows")).items()),
        "windows": [
            (name, " to ".join(str(end)[:10] for end in sequence(ends)))
            for name, ends in mapping(document.get("windows")).items()
        ],
        "left_out": list(counts(document.get("left_out")).items()),
        "sha256": str(document.get("sha256", "")),
        "figures": [
            {
                "name": words(one.name),
                "unit": one.unit,
                "missing": one.missing,
                "figure": figures.histogram(one.counts, one.low, one.high, title=words(one.name))
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
    own = counts(mapping(evaluation.get("model")).get("test"))
    other = counts(mapping(evaluation.get("baseline")).get("test"))
    metric = str(evaluation.get("metric", METRIC))
    return {
        "metric": metric,
        "rows": counts(evaluation.get("rows")).get("test"),
        "metrics": [(name, value, other.get(name)) for name, value in own.items()],
        "calibration": _calibration(evaluation),
        "slices": _slices(evaluation, metric, own.get(metric)),
        "importance": _importance(evaluation),
        "trials": _trials(read_document(state, "search")),
        "registration": {
            "version": registration.get("version", "none"),
            "alias": registration.get("alias"),
            "digest": str(registration.get("digest", "")),
            "reasons": [str(reason) for reason in sequence(registration.get("reasons"))],
        }
        if registration
        else None,
    }


def _calibration(evaluation: Mapping[str, Any]) -> Any:
    bins = [mapping(item) for item in sequence(evaluation.get("calibration"))]
    points = [
        (float(one["predicted"]), float(one["observed"]), float(one.get("rows", 1)))
        for one in bins
        if number(one.get("predicted")) is not None and number(one.get("observed")) is not None
    ]
    return figures.calibration(points, title="Predicted against observed share") if points else None


def _slices(evaluation: Mapping[str, Any], metric: str, whole: float | None) -> list[Any]:
    groups: dict[str, list[tuple[str, float]]] = {}
    for item in map(mapping, sequence(evaluation.get("slices"))):
        value = number(mapping(item.get("metrics")).get(metric))
        if value is not None:
            rows = number(item.get("rows")) or 0
            name = "unknown" if item.get("value") is None else str(item["value"])
            group = groups.setdefault(str(item.get("feature", "")), [])
            group.append((f"{name} ({rows:,.0f})", value))
    return [
        (
            words(feature),
            figures.bars(
                sorted(items, key=lambda item: -item[1])[:24],
                title=f"{metric} by {words(feature)}",
                form=lambda value: f"{value:.3f}",
                reference=whole,
            ),
        )
        for feature, items in groups.items()
    ]


def _importance(evaluation: Mapping[str, Any]) -> Any:
    items = sorted(counts(evaluation.get("importance")).items(), key=lambda item: -item[1])[:15]
    if not items:
        return None
    return figures.bars(
        [(words(name), max(value, 0.0)) for name, value in items],
        title="Importance of the features",
        form=lambda value: f"{value:.4f}",
    )


def _trials(search: Mapping[str, Any]) -> dict[str, Any] | None:
    rows: list[tuple[str, dict[str, float], float | None]] = []
    for place, trial in enumerate(map(mapping, sequence(search.get("trials")))):
        measured = counts(trial.get("metrics"))
        value = next(iter(measured.values()), None)
        rows.append((str(trial.get("number", place)), counts(trial.get("parameters")), value))
    if not rows:
        return None
    names = list(dict.fromkeys(name for _, parameters, _ in rows for name in parameters))
    chosen = counts(search.get("parameters"))
    return {
        "metric": search.get("metric", METRIC),
        "names": [words(name) for name in names],
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
    latency = counts(probe.get("latency_ms"))
    tiles: Tiles = []
    for name, value in latency.items():
        remark = f"promised: {PROMISED_P99}" if name == "p99" else "one client"
        tiles.append((f"latency {name}", f"{value:.1f} ms", remark))
    if (seconds := number(probe.get("ready_seconds"))) is not None:
        tiles.append(("ready after", f"{seconds:.1f} s", "with model and features"))
    if (compared := number(probe.get("compared"))) is not None:
        equal = probe.get("equal")
        tiles.append(
            (
                "online = batch",
                "yes" if equal else "no" if equal is False else "not compared",
                f"{compared:,.0f} rows, by key and by full row",
            )
        )
    scores = read_document(state, "scores")
    if (rows := number(scores.get("rows"))) is not None:
        tiles.append(("scored in batch", f"{rows:,.0f}", "rows within the horizon"))
    if (refused := number(probe.get("refused"))) is not None:
        tiles.append(("a bad row", f"HTTP {refused:.0f}", "refused with the reason"))
    return {"tiles": tiles}


def drift(state: Path) -> dict[str, Any] | None:
    """How far the features moved, beside a control that must not move."""
    document = read_document(state, "drift")
    return _drift(document) if document else None


def _drift(document: Mapping[str, Any]) -> dict[str, Any]:
    measured = moved.features(document)
    drifted = [one for one in measured if one["drifted"]]
    tiles: Tiles = []
    if measured:
        count = f"{len(drifted)} of {len(measured)}"
        tiles.append(("features that moved", count, _window(document)))
    if (share := number(document.get("share"))) is not None:
        remark = "an alarm" if document.get("alarm") else "no alarm"
        tiles.append(("share that moved", f"{share:.0%}", remark))
    prediction = mapping(document.get("prediction"))
    if said := moved.prediction(document):
        distance, control = said.split(", ")
        remark = "it moved" if prediction.get("drifted") else "it did not move"
        tiles.append(("the prediction itself", distance, f"{remark}; {control}"))
    if (still := number(mapping(document.get("control")).get("share"))) is not None:
        remark = "of the features differ as much between parts of the training window"
        tiles.append(("control", f"{still:.0%}", remark))
    return {
        "words": str(document.get("words") or ""),
        "tiles": tiles,
        "figure": moved.figure(document, "Distance of each feature from the training window"),
    }


def _window(document: Mapping[str, Any]) -> str:
    current = mapping(document.get("current"))
    rows = number(current.get("rows"))
    ends = [str(current[key])[:10] for key in ("start", "end") if current.get(key)]
    return " to ".join(ends) + ("" if rows is None else f", {rows:,.0f} rows")
