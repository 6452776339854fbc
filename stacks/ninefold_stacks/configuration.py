"""Configuration of a stack as a typed dictionary: read, checked, and described as a JSON Schema.

The generator writes these values into `Pulumi.<environment>.yaml` and never imports this package:
both sides meet in the schema files.
"""

import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypeVar, get_args, get_origin, get_type_hints

import pulumi
from pulumi.config import ConfigTypeError
from pulumi.runtime.config import CONFIG, get_config_env

Form = TypeVar("Form")


class ConfigError(pulumi.RunError):  # type: ignore[misc, unused-ignore]
    """A value of the configuration is wrong; the message names the key and the remedy."""


@dataclass(frozen=True)
class Rule:
    """What a value means and which values are legal."""

    description: str
    example: str
    pattern: str = ""
    choices: tuple[str, ...] = ()

    def broken_by(self, value: str) -> str:
        """Why the value is illegal; empty if it is legal."""
        if self.choices and value not in self.choices:
            return f"is not one of {', '.join(self.choices)}"
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"does not match {self.pattern}"
        return ""


@dataclass(frozen=True)
class Field:
    """One key of a form."""

    name: str
    kind: type
    rule: Rule
    required: bool

    def remedy(self) -> str:
        """The command that sets a legal value."""
        return f"pulumi config set {self.name} {self.rule.example}"


def fields_of(form: type) -> tuple[Field, ...]:
    """The keys of a TypedDict whose values are `Annotated[type, Rule(...)]`."""
    hints = get_type_hints(form, include_extras=True)
    return tuple(_field(name, hint) for name, hint in hints.items())


def schema_of(form: type, title: str) -> dict[str, Any]:
    """The form as a JSON Schema."""
    fields = fields_of(form)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in fields if field.required],
        "properties": {field.name: _property(field) for field in fields},
    }


def read(form: type[Form], config: pulumi.Config | None = None) -> Form:
    """The configuration of the running program; raises `ConfigError` at the first wrong value."""
    source = config or pulumi.Config()
    found = {field.name: _value(source, field) for field in fields_of(form)}
    known = {name: value for name, value in found.items() if value is not None}
    return checked(form, {**dict.fromkeys(_keys(source.name)), **known})


def checked(form: type[Form], values: Mapping[str, Any]) -> Form:
    """The values as the form; raises `ConfigError` with key and remedy at the first wrong one."""
    fields = {field.name: field for field in fields_of(form)}
    for name in values:
        if name not in fields:
            known = ", ".join(fields)
            raise ConfigError(f"config `{name}` is not known; keep to {known}, or remove it")
    for field in fields.values():
        _check(field, values)
    result: Any = dict(values)
    return result  # type: ignore[no-any-return]


def _field(name: str, hint: Any) -> Field:
    required = get_origin(hint) is not NotRequired
    inner = hint if required else get_args(hint)[0]
    if get_origin(inner) is not Annotated:
        raise TypeError(f"{name}: write Annotated[type, Rule(...)]")
    kind, rule = get_args(inner)
    return Field(name, kind, rule, required)


def _property(field: Field) -> dict[str, Any]:
    about = {"description": field.rule.description}
    limits: dict[str, Any] = {}
    if field.rule.choices:
        limits["enum"] = list(field.rule.choices)
    if field.rule.pattern:
        limits["pattern"] = f"^(?:{field.rule.pattern})$"
    if isinstance(field.kind, types.GenericAlias):
        return {"type": "object", "additionalProperties": {"type": "string", **limits}, **about}
    return {"type": {str: "string", bool: "boolean"}[field.kind], **limits, **about}


def _keys(project: str) -> list[str]:
    """Every key that is set for the project, known or not."""
    prefix = f"{project}:"
    given = {**get_config_env(), **CONFIG.get()}
    return [name.removeprefix(prefix) for name in given if name.startswith(prefix)]


def _value(config: pulumi.Config, field: Field) -> Any:
    if isinstance(field.kind, types.GenericAlias):
        try:
            return config.get_object(field.name)
        except ConfigTypeError:
            raise ConfigError(
                f"config `{field.name}` is no object; set it: {field.remedy()}"
            ) from None
    text = config.get(field.name)
    if field.kind is bool and text is not None:
        return {"true": True, "false": False}.get(text, text)
    return text


def _check(field: Field, values: Mapping[str, Any]) -> None:
    if field.name not in values:
        if field.required:
            raise ConfigError(f"config `{field.name}` is missing; set it: {field.remedy()}")
        return
    value = values[field.name]
    for part in _parts(field, value):
        if problem := field.rule.broken_by(part):
            raise ConfigError(
                f"config `{field.name}`: `{part}` {problem}; set it: {field.remedy()}"
            )


def _parts(field: Field, value: Any) -> list[str]:
    """The strings in a value that the rule is about; a wrong type is refused here."""
    if isinstance(field.kind, types.GenericAlias):
        if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
            return list(value.values())
        wanted = "an object of strings"
    elif isinstance(value, field.kind):
        return [value] if isinstance(value, str) else []
    else:
        wanted = {str: "text", bool: "true or false"}[field.kind]
    raise ConfigError(f"config `{field.name}` is {value!r}, not {wanted}; set it: {field.remedy()}")
