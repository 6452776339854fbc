"""Configuration of a stack as a typed dictionary: read, checked, and described as a JSON Schema.

The generator writes these values into `Pulumi.<environment>.yaml` and never imports this package:
both sides meet in the schema files.
"""

import json
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import (
    Annotated,
    Any,
    Final,
    NotRequired,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import pulumi
from pulumi.runtime.config import CONFIG, get_config, get_config_env

Form = TypeVar("Form")
# The namespace of what is generated.
PASSWORDS: Final = "passwords"
# Of each plain kind its name in JSON Schema, and in a message.
NAMES: dict[type, tuple[str, str]] = {
    str: ("string", "text"),
    bool: ("boolean", "true or false"),
    int: ("integer", "a whole number"),
}


class ConfigError(pulumi.RunError):  # type: ignore[misc, unused-ignore]
    """A value of the configuration is wrong; the message names the key and the remedy."""


@dataclass(frozen=True)
class Rule:
    """What a value means and which values are legal."""

    description: str
    example: str
    pattern: str = ""
    choices: tuple[str, ...] = ()
    minimum: int = 0

    def broken_by(self, value: str | int) -> str:
        """Why the value is illegal; empty if it is legal."""
        if isinstance(value, int):
            return f"is less than {self.minimum}" if value < self.minimum else ""
        if self.choices and value not in self.choices:
            return f"is not one of {', '.join(self.choices)}"
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"does not match {self.pattern}"
        return ""


@dataclass(frozen=True)
class Field:
    """One key of a form; its name holds the namespace where that is not the program's own."""

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
    """The configuration of the running program; raises `ConfigError` at the first wrong value.

    A component has a namespace of its own: `read(Form, pulumi.Config("training"))`.
    """
    source = config or pulumi.Config()
    found = {field.name: _value(source, field) for field in fields_of(form)}
    known = {name: value for name, value in found.items() if value is not None}
    namespace = "" if source.name == pulumi.get_project() else source.name
    return checked(form, {**dict.fromkeys(_keys(source.name)), **known}, namespace)


def checked(form: type[Form], values: Mapping[str, Any], namespace: str = "") -> Form:
    """The values as the form; raises `ConfigError` with key and remedy at the first wrong one."""
    prefix = f"{namespace}:" if namespace else ""
    fields = {field.name: field for field in fields_of(form)}
    for name in values:
        if name not in fields:
            known = ", ".join(f"{prefix}{one}" for one in fields)
            raise ConfigError(
                f"config `{prefix}{name}` is not known; keep to {known}, or remove it"
            )
    for name, field in fields.items():
        _check(replace(field, name=f"{prefix}{name}"), values.get(name))
    result: Any = dict(values)
    return result  # type: ignore[no-any-return]


def password(name: str) -> pulumi.Output[str]:
    """A password that was generated once and is encrypted in the stack's configuration.

    Raises `ConfigError` where it is missing.
    """
    return password_of(generated([name]), name)


def password_of(known: Mapping[str, pulumi.Output[str]], name: str) -> pulumi.Output[str]:
    """One of these passwords; raises `ConfigError` where it is missing."""
    if name not in known:
        raise ConfigError(
            f"config `{PASSWORDS}:{name}` is missing; `make up` generates it, or set it: "
            f"pulumi config set --secret {PASSWORDS}:{name}"
        )
    return known[name]


def generated(names: Iterable[str]) -> dict[str, pulumi.Output[str]]:
    """Of these passwords the ones that are there."""
    source = pulumi.Config(PASSWORDS)
    found = {name: source.get_secret(name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


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
    if field.kind is int:
        limits["minimum"] = field.rule.minimum
    return {"type": NAMES[field.kind][0], **limits, **about}


def _keys(project: str) -> list[str]:
    """Every key that is set for the project, known or not."""
    prefix = f"{project}:"
    given = {**get_config_env(), **CONFIG.get()}
    return [name.removeprefix(prefix) for name in given if name.startswith(prefix)]


def _value(config: pulumi.Config, field: Field) -> Any:
    text = get_config(config.full_key(field.name))
    if text is None or field.kind is str:
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        if field.kind in NAMES:
            return text
        raise ConfigError(f"config `{field.name}` is no object; set it: {field.remedy()}") from None


def _check(field: Field, value: Any) -> None:
    if value is None:
        if field.required:
            raise ConfigError(f"config `{field.name}` is missing; set it: {field.remedy()}")
        return
    for part in _parts(field, value):
        if problem := field.rule.broken_by(part):
            raise ConfigError(
                f"config `{field.name}`: `{part}` {problem}; set it: {field.remedy()}"
            )


def _parts(field: Field, value: Any) -> list[str | int]:
    """The strings and numbers that the rule is about; a wrong type is refused here."""
    if isinstance(field.kind, types.GenericAlias):
        if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
            return list(value.values())
        wanted = "an object of strings"
    elif isinstance(value, bool) and field.kind is bool:
        return []
    elif isinstance(value, (str, int)) and type(value) is field.kind:
        return [value]
    else:
        wanted = NAMES[field.kind][1]
    raise ConfigError(f"config `{field.name}` is {value!r}, not {wanted}; set it: {field.remedy()}")
