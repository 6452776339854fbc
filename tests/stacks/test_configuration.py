"""Configuration is read, checked, and described by one form."""

import asyncio
import json
from contextlib import closing
from typing import Annotated, Any, NotRequired, TypedDict

import jsonschema
import pulumi
import pytest

from ninefold_stacks import keys
from ninefold_stacks.configuration import ConfigError, Rule, checked, password, read, schema_of
from ninefold_stacks.foundation.kubernetes import sizes
from ninefold_stacks.schemas import documents, main

from registration import Answers

PROJECT = "toy"


class Toy(TypedDict):
    """Every kind of value."""

    name: Annotated[str, Rule("A name", "anna", pattern="[a-z]+")]
    colour: NotRequired[Annotated[str, Rule("A colour", "red", choices=("red", "blue"))]]
    loud: NotRequired[Annotated[bool, Rule("Loud or not", "true")]]
    words: NotRequired[Annotated[dict[str, str], Rule("Words", "--path words.a b")]]
    replicas: NotRequired[Annotated[int, Rule("How many", "2", minimum=1)]]


class Bare(TypedDict):
    """A value without its rule."""

    name: str


LEGAL: list[dict[str, Any]] = [
    {"name": "anna"},
    {"name": "anna", "colour": "blue", "loud": False, "words": {"a": "b"}},
    {"name": "anna", "replicas": 2},
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
    ({"name": "anna", "replicas": 0}, "`0` is less than 1"),
    ({"name": "anna", "replicas": True}, "`replicas` is True, not a whole number"),
    ({"name": "anna", "replicas": "two"}, "set it: pulumi config set replicas 2"),
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


def test_a_component_has_a_namespace_of_its_own() -> None:
    pulumi.runtime.set_mocks(Answers(), project=PROJECT)
    pulumi.runtime.set_all_config({"part:name": "anna", "part:replicas": "3"})
    assert read(Toy, pulumi.Config("part")) == {"name": "anna", "replicas": 3}
    pulumi.runtime.set_all_config({"part:name": "anna", "part:replicas": "0"})
    with pytest.raises(ConfigError, match="pulumi config set part:replicas 2"):
        read(Toy, pulumi.Config("part"))


def test_a_password_is_marked_secret_and_its_lack_has_a_remedy() -> None:
    pulumi.runtime.set_all_config({"passwords:a": "geheim"}, ["passwords:a"])
    with closing(asyncio.new_event_loop()) as loop:

        async def is_secret() -> bool:
            return await password("a").is_secret()

        assert loop.run_until_complete(is_secret())
    with pytest.raises(ConfigError, match="pulumi config set --secret passwords:b"):
        password("b")


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


def test_every_size_has_its_amounts() -> None:
    assert tuple(sizes.SIZES) == keys.SIZES
