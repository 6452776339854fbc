"""Every field of the spec in turn: left out, or of the wrong type."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from toys import CHECKOUT, TEXT, problems

from ninefold.spec import schema

HEATING = CHECKOUT / "tests" / "rendered" / "specs" / "room-heating.yaml"
JUDGE = jsonschema.Draft202012Validator(json.loads(schema.schema_text()))
# Mappings whose keys are the product's own names: one of each is enough.
NAMED = {
    "environments", "sources", "columns", "derived", "lookups", "features", "rules", "exclude",
    "space",
}  # fmt: skip
Place = tuple[str | int, ...]


def documents() -> list[dict[str, Any]]:
    return [yaml.safe_load(text) for text in (TEXT, HEATING.read_text(encoding="utf-8"))]


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """The way to every key and entry."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield (*place, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*place, key))


def form(document: Any, place: Place) -> str:
    """The place without the product's own names; rules differ by their kind."""
    words: list[str] = []
    value = document
    for above, key in zip((None, *place[:-1]), place, strict=True):
        value = value[key]
        own = above in NAMED or isinstance(key, int)
        kind = value.get("kind", value.get("type", "")) if isinstance(value, dict) else ""
        words.append(f"*{kind if isinstance(kind, str) else ''}" if own else str(key))
    return ".".join(words)


def at(document: Any, place: Place) -> Any:
    for key in place:
        document = document[key]
    return document


def fields() -> dict[str, tuple[dict[str, Any], Place]]:
    """One example of each field."""
    found: dict[str, tuple[dict[str, Any], Place]] = {}
    for document in documents():
        for place in places(document):
            found.setdefault(form(document, place), (document, place))
    return found


FIELDS = fields()
KEYS = [name for name, (_, place) in FIELDS.items() if isinstance(place[-1], str)]


def judged(document: dict[str, Any]) -> list[str]:
    """What the loader says; every sentence has a line in the text and a remedy."""
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    found = problems(text)
    last = text.count("\n") + 1
    for line, said in found:
        assert 1 <= line <= last
        assert "\n" not in said
        assert ";" in said or said.endswith("?") or "quotes" in said, said
    return [said for _, said in found]


@pytest.mark.parametrize("name", KEYS)
def test_what_the_schema_requires_cannot_be_left_out(name: str) -> None:
    document, place = copy.deepcopy(FIELDS[name])
    del at(document, place[:-1])[place[-1]]
    said = judged(document)
    required = [
        error
        for error in JUDGE.iter_errors(document)
        if error.validator == "required" and tuple(error.absolute_path) == place[:-1]
    ]
    if required:
        assert any(str(place[-1]) in each for each in said), said
    elif not said:
        assert JUDGE.is_valid(document)


def wrong(value: Any) -> Any:
    """A value of another type than this."""
    return "some text" if isinstance(value, dict | list | int | float) else {"some": "mapping"}


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_of_another_type_is_refused(name: str) -> None:
    document, place = copy.deepcopy(FIELDS[name])
    holder = at(document, place[:-1])
    holder[place[-1]] = wrong(holder[place[-1]])
    said = judged(document)
    assert said, f"{name} takes anything"
    words = [str(each) for each in place if isinstance(each, str)]
    assert any(words[-1] in each for each in said), said


def test_every_property_of_the_schema_is_in_an_example() -> None:
    """Else a field could be added that is never left out here."""
    definitions = json.loads(Path(schema.PATH).read_text(encoding="utf-8"))["$defs"]
    required = {
        key for definition in definitions.values() for key in definition.get("required", ())
    }
    seen = {str(place[-1]) for _, place in FIELDS.values()}
    assert required <= seen, required - seen
