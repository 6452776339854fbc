"""Configuration is read, checked, and described by one form."""

import json
from typing import Annotated, Any, NotRequired, TypedDict

import jsonschema
import pulumi
import pytest

from ninefold_stacks.configuration import ConfigError, Rule, checked, read, schema_of
from ninefold_stacks.schemas import documents, main

PROJECT = "toy"


class Toy(TypedDict):
    """Every kind of value."""

    name: Annotated[str, Rule("A name", "anna", pattern="[a-z]+")]
    colour: NotRequired[Annotated[str, Rule("A colour", "red", choices=("red", "blue"))]]
    loud: NotRequired[Annotated[bool, Rule("Loud or not", "true")]]
    words: NotRequired[Annotated[dict[str, str], Rule("Words", "--path words.a b")]]


class Bare(TypedDict):
    """A value without its rule."""

    name: str


LEGAL: list[dict[str, Any]] = [
    {"name": "anna"},
    {"name": "anna", "colour": "blue", "loud": False, "words": {"a": "b"}},
]
WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "`name` is missing"),
    ({"name": "Anna"}, "does not match"),
    ({"name": "anna\n"}, "does not match"),
    ({"name": 3}, "not text"),
    ({"name": "anna", "colour": "green"}, "is not one of red, blue"),
    ({"name": "anna", "loud": "yes"}, "not true or false"),
    ({"name": "anna", "words": {"a": 1}}, "not an object of strings"),
    ({"name": "anna", "words": ["a"]}, "not an object of strings"),
    ({"name": "anna", "extra": "x"}, "`extra` is not known"),
]


@pytest.mark.parametrize("values", LEGAL)
def test_legal_values_pass_form_and_schema(values: dict[str, Any]) -> None:
    assert checked(Toy, values) == values
    jsonschema.validate(values, schema_of(Toy, "Toy"))


@pytest.mark.parametrize(("values", "words"), WRONG)
def test_wrong_values_are_refused_by_form_and_schema(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match="config `") as refused:
        checked(Toy, values)
    assert words in str(refused.value)
    if "\n" not in str(values.get("name")):  # `$` of JSON Schema's regular expressions is looser
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(values, schema_of(Toy, "Toy"))


def test_values_are_read_from_the_stack() -> None:
    values = {"name": "anna", "loud": "true", "words": json.dumps({"a": "b"})}
    pulumi.runtime.set_all_config({f"{PROJECT}:{key}": value for key, value in values.items()})
    read_values = read(Toy, pulumi.Config(PROJECT))
    assert read_values == {"name": "anna", "loud": True, "words": {"a": "b"}}


def test_a_broken_object_is_refused() -> None:
    pulumi.runtime.set_all_config({f"{PROJECT}:name": "anna", f"{PROJECT}:words": "{broken"})
    with pytest.raises(ConfigError, match="`words`"):
        read(Toy, pulumi.Config(PROJECT))


def test_a_misspelt_key_of_the_stack_is_refused() -> None:
    pulumi.runtime.set_all_config({f"{PROJECT}:name": "anna", f"{PROJECT}:color": "red"})
    with pytest.raises(ConfigError, match="`color` is not known"):
        read(Toy, pulumi.Config(PROJECT))


def test_a_form_without_rules_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="Annotated"):
        schema_of(Bare, "Bare")


def test_the_schema_files_are_up_to_date() -> None:
    assert main(["--check"]) == 0
    assert len(list(documents())) >= 2
    for _, text in documents():
        jsonschema.Draft202012Validator.check_schema(json.loads(text))
