"""The report on the rounds: what was decided and why, whatever is missing or of another kind."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotel_bookings_product.axes import number_axis, time_axis
from hotel_bookings_product.documents import ROUND_DOCUMENTS
from hotel_bookings_product.history import rounds, thresholds_of, version_in_service

from .conftest import write_all
from .samples import DECISIONS, HIGHER, REFERENCE, write_rounds
from .test_report import elements_of, hostile, page_of

PANEL = '<div class="panel">'


def section(page: str, name: str) -> str:
    """One section of the page."""
    return page.split(f'<section id="{name}">')[1].split("</section>")[0]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Rounds of the loop and nothing else."""
    write_rounds(tmp_path)
    return tmp_path


def documents(state: Path) -> list[Path]:
    """Every document of every round."""
    return sorted((state / "rounds").glob("*/*.json"))


def test_every_round_says_what_was_decided(state: Path) -> None:
    body = section(page_of(state), "happened")
    for number, decision in enumerate(DECISIONS, 1):
        assert f"Round {number} " in body
        assert f">{decision}</em>" in body
    assert "Version 3 replaced version 1" in body
    assert "Version 2 was refused, version 1 stays" in body
    assert "better in 61.0% of 1,000 resamples" in body


def test_the_champion_and_its_quality_head_the_page(state: Path) -> None:
    body = section(page_of(state), "short")
    assert "version 3" in body
    assert "1 new version promoted, 1 refused" in body.replace("\n", " ")
    assert version_in_service(state, rounds(state))[0] == "3"


def test_the_threshold_lies_on_the_worse_side(state: Path) -> None:
    found = thresholds_of(rounds(state)[0].quality)
    assert found is not None
    assert found[0] == REFERENCE
    assert (found[2] < found[1] < found[0]) == HIGHER
    assert (found[2] > found[1] > found[0]) != HIGHER


def test_a_week_counts_in_the_round_that_it_lies_in(state: Path) -> None:
    for path in documents(state):
        if path.stem == "watch":
            document = json.loads(path.read_text("utf-8"))
            document["quality"]["weeks"][0]["start"] = "2013-09-01T00:00:00+00:00"
            path.write_text(json.dumps(document), "utf-8")
    for one in rounds(state):
        assert one.start is not None
        assert all(week.start >= one.start for week in one.weeks)


def test_every_week_is_drawn_and_listed(state: Path) -> None:
    body = section(page_of(state), "quality")
    weeks = [week for one in rounds(state) for week in one.weeks]
    assert len(weeks) == 4 * len(DECISIONS)
    for drawing in body.split("<svg ")[1:]:
        assert drawing.split("</svg>")[0].count('class="point v') == len(weeks)
    assert body.count("<tr>") == len(weeks) + 1


def test_a_round_can_be_chosen_without_a_script(state: Path) -> None:
    page = page_of(state)
    assert section(page, "moved").count(PANEL) == len(DECISIONS)
    assert section(page, "contest").count(PANEL) == len(DECISIONS) - DECISIONS.count("not needed")
    for name in ("moved", "contest"):
        assert section(page, name).count(" checked>") == 1


def test_the_prediction_stands_beside_its_control(state: Path) -> None:
    body = section(page_of(state), "moved")
    shown = "the prediction itself did not move (0.119, control 0.200)"
    assert body.count(shown) == len(DECISIONS)
    path = state / "monitoring" / "drift.json"
    path.parent.mkdir()
    prediction = {"distance": 0.119, "control": 0.1, "drifted": True}
    path.write_text(json.dumps({"prediction": prediction, "words": "The predictions"}), "utf-8")
    body = section(page_of(state), "drift")
    assert "<b>0.119</b><i>it moved; control 0.100</i>" in body


def test_the_times_and_records_of_the_rounds_are_shown(state: Path) -> None:
    for part, seconds in (("20131029T1200Z", 2.0), ("20131126T1200Z", 4.0)):
        path = state / "runs" / "watch" / part / "latest.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"id": f"watch-{part}", "seconds": seconds}), "utf-8")
    page = page_of(state)
    elements_of(page)
    assert "on average of 2" in page
    assert "3.0 s" in section(page, "loop")
    assert "watch-20131126T1200Z" in section(page, "lineage")


def test_no_round_leaves_no_trace_in_the_page(tmp_path: Path) -> None:
    write_all(tmp_path)
    page = page_of(tmp_path)
    elements_of(page)
    assert 'id="happened"' not in page
    assert 'class="absent"' not in page


def test_of_many_rounds_the_latest_are_shown_one_by_one(tmp_path: Path) -> None:
    write_rounds(tmp_path, DECISIONS * 4)
    page = page_of(tmp_path)
    elements_of(page)
    assert "4 earlier rounds" in page
    assert section(page, "moved").count(PANEL) == 12
    assert "Round 1 " in section(page, "happened")


@pytest.mark.parametrize("missing", ROUND_DOCUMENTS)
def test_a_missing_document_of_a_round_is_no_fault(state: Path, missing: str) -> None:
    for path in documents(state):
        if path.stem == missing:
            path.unlink()
    page = page_of(state)
    elements_of(page)
    if missing == "watch":
        assert 'class="absent"' in section(page, "quality")
        assert 'class="absent"' in section(page, "moved")
    if missing == "comparison":
        assert "trained, not compared yet" in section(page, "happened")


def test_damaged_documents_count_as_missing(state: Path) -> None:
    for path in documents(state):
        path.write_text('{"half": ', "utf-8")
    assert 'id="happened"' not in page_of(state)


@pytest.mark.parametrize(
    "value", [None, [], {}, "text", 3, True, 1e308, [{"a": [1, None]}], [1, 2], "9999-12-31T23:59Z"]
)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_values_of_another_kind_break_nothing(state: Path, value: Any, depth: int) -> None:
    for path in documents(state):
        document = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps(replaced(document, value, depth)), "utf-8")
    elements_of(page_of(state))


def replaced(document: Any, value: Any, depth: int) -> Any:
    """The same structure with another value at a depth."""
    if depth == 0:
        return value
    if isinstance(document, dict):
        return {name: replaced(one, value, depth - 1) for name, one in document.items()}
    if isinstance(document, list):
        return [replaced(one, value, depth - 1) for one in document]
    return document


def test_hostile_text_in_a_round_stays_text(state: Path) -> None:
    for path in documents(state):
        document = hostile(json.loads(path.read_text("utf-8")))
        document["round"] = {"start": "2013-10-01T12:00:00Z", "end": "2013-10-29T12:00:00Z"}
        path.write_text(json.dumps(document), "utf-8")
    page = page_of(state)
    elements = elements_of(page)
    assert not {"script", "img"}.intersection(elements.names)
    assert not any(name.startswith("on") for name, _ in elements.attributes)


@pytest.mark.parametrize(
    "values", [[], [0.0], [0.7, 0.7], [1e-12, 2e-12], [-1e300, 1e300], [0.679, 0.721], [5, 1234567]]
)
def test_an_axis_of_numbers_has_ticks_within_it(values: list[float]) -> None:
    axis = number_axis(values)
    assert axis.low < axis.high
    assert all(axis.low <= value <= axis.high for value in values)
    assert 1 <= len(axis.ticks) <= 21
    assert len({text for _, text in axis.ticks}) == len(axis.ticks)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2013-10-01", "2013-10-01"),
        ("2013-10-01T00:00", "2013-10-01T05:00"),
        ("2013-10-01", "2014-01-21"),
        ("2013-10-01", "2023-01-21"),
        ("0001-01-01", "9999-12-31"),
    ],
)
def test_an_axis_of_time_has_round_dates(start: str, end: str) -> None:
    ends = [datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (start, end)]
    axis = time_axis(ends[0], ends[1], count=6)
    assert len(axis.ticks) <= 6
    assert all(axis.low <= value <= axis.high for value, _ in axis.ticks)
    assert len({text for _, text in axis.ticks}) == len(axis.ticks)
