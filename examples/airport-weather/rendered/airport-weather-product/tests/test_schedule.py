"""Which rounds there are, and what is kept of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airport_weather_product import rounds, schedule
from airport_weather_product.faults import Fault
from airport_weather_product.settings import Replay, Settings

CLOCK = schedule.TESTED + timedelta(hours=12)
DAY = timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An environment that replays two days and a half in rounds of a day."""
    return Settings(
        environment="test",
        target="local",
        state=tmp_path,
        replayed=CLOCK,
        sources={},
        extra={},
        replay=Replay(until=CLOCK + 2.5 * DAY, every=DAY),
    )


def finish(settings: Settings, one: rounds.Round, decision: str) -> Path:
    """Leave what a round leaves that came to its end."""
    place = rounds.folder(replace(settings, round=one))
    place.mkdir(parents=True, exist_ok=True)
    own = {"start": one.start.isoformat(), "end": one.end.isoformat()}
    documents = {
        "traffic": {"round": own},
        "watch": {"words": "the figures are as they were."},
        "comparison": {"decision": decision, "reasons": ["better by 0.01"]},
        "follow": {"needed": decision == "promoted", "words": "version 2 is in service"},
    }
    for name, document in documents.items():
        (place / f"{name}.json").write_text(json.dumps(document), "utf-8")
    return place


def test_replayed_history_has_its_rounds_and_ends_when_it_says(settings: Settings) -> None:
    found = schedule.rounds_of(settings)
    assert [(one.end - one.start) / DAY for one in found] == [1, 1, 0.5]
    assert found[0].start == CLOCK
    assert found[-1].end == CLOCK + 2.5 * DAY
    assert schedule.rounds_of(replace(settings, replay=None)) == ()


def test_with_the_wall_clock_a_round_begins_where_the_last_one_ended(settings: Settings) -> None:
    live = replace(settings, replayed=None, replay=None)
    (first,) = schedule.rounds_of(live)
    assert first.start == schedule.TESTED
    finish(live, rounds.Round(first.start, first.end - DAY), "not needed")
    (second,) = schedule.rounds_of(live)
    assert second.start == first.end - DAY
    assert datetime.now(UTC) - second.end < timedelta(minutes=2)


def test_what_history_no_longer_has_is_forgotten(settings: Settings) -> None:
    one, *_ = schedule.rounds_of(settings)
    other = rounds.Round(CLOCK, CLOCK + 7 * DAY)
    kept, gone = finish(settings, one, "refused"), finish(settings, other, "promoted")
    record = settings.state / "runs" / "watch" / other.part / "latest.json"
    record.parent.mkdir(parents=True)
    record.write_text("{}", "utf-8")
    assert schedule.stale(settings.state, schedule.rounds_of(settings)) == (gone,)
    assert schedule.interval_of(gone) == other
    schedule.forget(settings.state, gone)
    assert kept.exists()
    assert not gone.exists()
    assert not record.exists()


def test_the_champion_of_a_round_is_the_last_one_promoted_before(settings: Settings) -> None:
    first, second, third = schedule.rounds_of(settings)
    place = finish(settings, first, "promoted")
    finish(settings, second, "refused")
    folders = [rounds.reference(replace(settings, round=one)) for one in (first, second, third)]
    assert folders == [settings.state / "training", place / "challenger", place / "challenger"]
    assert schedule.promoted_from(settings.state, first.part)
    assert not schedule.promoted_from(settings.state, second.part)


def test_what_was_decided_since_a_round_is_taken_back(settings: Settings) -> None:
    first, second, third = schedule.rounds_of(settings)
    places = [finish(settings, one, "promoted") for one in (first, second, third)]
    schedule.forget_decisions(settings.state, second.part)
    assert [(place / "comparison.json").exists() for place in places] == [True, False, False]
    assert all((place / "watch.json").exists() for place in places)
    assert not schedule.promoted_from(settings.state, second.part)


def test_what_is_asked_by_hand_stays_asked(settings: Settings) -> None:
    one, *_ = schedule.rounds_of(settings)
    assert schedule.by_hand(settings.state, one) == ""
    schedule.ask_by_hand(settings.state, one, "a new sensor")
    assert schedule.by_hand(settings.state, one) == "a new sensor"


def test_the_outcome_is_told_for_each_round(settings: Settings) -> None:
    found = schedule.rounds_of(settings)
    finish(settings, found[0], "promoted")
    text = schedule.outcomes(settings.state, found)
    assert "Round 1" in text
    assert "  promoted\n    better by 0.01\n" in text
    assert "version 2 is in service" in text


@pytest.mark.parametrize(
    "text",
    ["", "x/y", "2026-01-01T12:00:00Z", "2026-01-01T12:00:30Z/2026-01-02T12:00:00Z"],
)
def test_what_is_no_round_is_said(text: str) -> None:
    with pytest.raises(Fault, match="write START/END"):
        rounds.parse(text)
    with pytest.raises(Fault, match="exchange"):
        rounds.parse("2026-01-02T12:00:00Z/2026-01-01T12:00:00Z")
