"""What makes the loop train a challenger, and what does not."""

from datetime import timedelta
from typing import Any

import pytest

from airport_weather_monitoring import triggers
from airport_weather_monitoring.verdict import (
    DATA,
    MISSING,
    PREDICTIONS,
)

DRIFT: dict[str, Any] = {"causes": [], "share": 0.1, "prediction": {}}
QUALITY: dict[str, Any] = {"alert": False, "drop": 0.0, "threshold": 0.02, "words": "As before."}


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "DRIFT_RETRAINS", False)
    monkeypatch.setattr(triggers, "EVERY", None)
    monkeypatch.setattr(triggers, "NEW_ROWS", None)


def fired(
    quality: dict[str, Any] = QUALITY,
    drift: dict[str, Any] = DRIFT,
    *,
    days: int = 400,
    new_rows: int = 10**6,
    by_hand: str = "",
) -> list[str]:
    found = triggers.triggers(
        quality, drift, age=timedelta(days=days), new_rows=new_rows, by_hand=by_hand
    )
    assert [one["name"] for one in found] == [
        "quality_drop",
        "drift",
        "every",
        "new_rows",
        "manual",
    ]
    assert all(one["words"].endswith(".") for one in found)
    return [one["name"] for one in found if one["fired"]]


def test_nothing_fires_by_itself() -> None:
    assert fired() == []


def test_drop_of_quality_fires() -> None:
    assert fired({**QUALITY, "alert": True}) == ["quality_drop"]


def test_drift_fires_only_where_the_product_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for cause in (DATA, PREDICTIONS):
        moved = {**DRIFT, "causes": [cause]}
        monkeypatch.setattr(triggers, "DRIFT_RETRAINS", False)
        assert fired(drift=moved) == []
        monkeypatch.setattr(triggers, "DRIFT_RETRAINS", True)
        assert fired(drift=moved) == ["drift"]
    assert fired(drift={**DRIFT, "causes": [MISSING]}) == []


def test_age_and_new_rows_fire_at_their_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "EVERY", timedelta(days=180))
    monkeypatch.setattr(triggers, "NEW_ROWS", 1000)
    assert fired(days=179, new_rows=999) == []
    assert fired(days=180, new_rows=999) == ["every"]
    assert fired(days=0, new_rows=1000) == ["new_rows"]


def test_somebody_asks() -> None:
    assert fired(by_hand="new airline") == ["manual"]


def test_summary_names_what_fired() -> None:
    asked = triggers.triggers(QUALITY, DRIFT, age=timedelta(0), new_rows=0, by_hand="new airline")
    assert triggers.summary(asked, QUALITY, []) == (
        "A challenger is trained. Asked for by hand: new airline."
    )
    nothing = triggers.triggers(QUALITY, DRIFT, age=timedelta(0), new_rows=0, by_hand="")
    assert triggers.summary(nothing, QUALITY, []).startswith("Nothing asks for a challenger.")
    for cause, words in (
        (DATA, "The data have drifted, and no rule"),
        (PREDICTIONS, "The predictions have moved, and no rule"),
        (MISSING, "More values are missing than in training"),
    ):
        assert triggers.summary(nothing, QUALITY, [cause]).startswith(words)
