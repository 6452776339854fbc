"""The report says what there is and what is missing, and runs nothing that data may hold."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from flight_delays_product.documents import DOCUMENTS
from flight_delays_product.pipeline import PIPELINE
from flight_delays_product.prediction import UNITS, prediction_text
from flight_delays_product.report import page_text
from flight_delays_product.settings import Settings

from .conftest import documents

CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>"\'&{{ 7 * 7 }}'


def page_of(state: Path) -> str:
    """The page on a state folder."""
    return page_text(state, "dev", CLOCK)


class Elements(HTMLParser):
    """Collects the elements of a page and checks that they are closed in order."""

    VOID = frozenset({"meta", "br", "img", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes.extend(attrs)
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes.extend(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def close(self) -> None:
        super().close()
        assert self._open == []


def elements_of(page: str) -> Elements:
    """The page's elements."""
    found = Elements()
    found.feed(page)
    found.close()
    return found


def test_the_full_report_misses_nothing(state: Path) -> None:
    page = page_of(state)
    assert 'class="absent"' not in page
    assert "key-1" in page
    for name in UNITS:
        assert name.replace("_", " ") in page
    for step in PIPELINE:
        assert f">{step.name}</text>" in page


def test_it_is_well_formed_and_needs_no_network(state: Path) -> None:
    page = page_of(state)
    elements = elements_of(page)
    assert not {"script", "link", "img", "iframe", "object"}.intersection(elements.names)
    links = [value for name, value in elements.attributes if name in ("href", "src")]
    assert all(value is not None and value.startswith("#") for value in links)
    assert not re.search(r"url\(|@import|https?://", page)


@pytest.mark.parametrize("missing", DOCUMENTS)
def test_a_missing_document_is_said(state: Path, missing: str) -> None:
    (state / DOCUMENTS[missing]).unlink()
    elements_of(page_of(state))
    if missing in {"ingest", "evaluation", "probe", "drift", "trace", "registration", "search"}:
        assert 'class="absent"' in page_of(state)


def test_an_empty_state_is_said_everywhere(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    elements_of(page)
    for section in ("data", "features", "model", "serving", "drift"):
        body = page.split(f'<section id="{section}">')[1].split("</section>")[0]
        assert 'class="absent"' in body
        assert "<svg" not in body


def test_a_damaged_document_counts_as_missing(state: Path) -> None:
    for path in DOCUMENTS.values():
        (state / path).write_text('{"half": ', "utf-8")
    elements_of(page_of(state))


@pytest.mark.parametrize("value", [None, [], {}, "text", 3, True, [{"a": [1, None]}]])
def test_values_of_another_kind_break_nothing(
    write: Callable[[dict[str, dict[str, Any]]], Path], value: Any
) -> None:
    given = {name: dict.fromkeys(document, value) for name, document in documents().items()}
    elements_of(page_of(write(given)))


def test_hostile_text_stays_text(write: Callable[[dict[str, dict[str, Any]]], Path]) -> None:
    page = page_of(write({name: hostile(document) for name, document in documents().items()}))
    elements = elements_of(page)
    assert not {"script", "img"}.intersection(elements.names)
    assert not any(name.startswith("on") for name, _ in elements.attributes)
    assert "{{ 7 * 7 }}" in page


def hostile(value: Any) -> Any:
    """The same structure with hostile names and texts."""
    if isinstance(value, dict):
        keep = {name: hostile(one) for name, one in value.items()}
        return {**keep, HOSTILE: HOSTILE, **{f"{HOSTILE} number": 1.5}}
    if isinstance(value, list):
        return [hostile(one) for one in value]
    return HOSTILE if isinstance(value, str) else value


def test_the_terminal_shows_the_prediction_beside_its_features(state: Path) -> None:
    text = prediction_text(_settings(state))
    assert "key-1" in text
    assert all(name in text for name in UNITS)
    assert "unknown" in text


def test_the_terminal_shows_nothing_before_there_is_a_prediction(tmp_path: Path) -> None:
    assert prediction_text(_settings(tmp_path)) == ""


def _settings(state: Path) -> Settings:
    return Settings("dev", "local", state, CLOCK, {}, {})
