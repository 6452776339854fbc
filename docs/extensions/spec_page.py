"""The reference of product.yaml from its model: a section per part, a row per key."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ninefold.spec.schema import schema_text

Schema = Mapping[str, Any]
DEFINITIONS = "#/$defs/"
INTRODUCTION = """\
# Reference of the spec

Made from the model that reads `product.yaml`. Every key that has no default must be given; a key
that is not listed is refused. [The spec](../spec.md) tells what the parts are for.
"""


def pages() -> dict[str, str]:
    """The page by its name."""
    document: Schema = json.loads(schema_text())
    parts = [
        ("product.yaml", document),
        *((name, document["$defs"][name]) for name in _in_order(document)),
    ]
    sections = [_section(name, part) for name, part in parts]
    return {"spec.md": "\n".join([INTRODUCTION, *sections])}


def _in_order(document: Schema) -> list[str]:
    """The definitions in the order in which a reader of the file meets them."""
    found: dict[str, None] = {}

    def visit(part: Any) -> None:
        if isinstance(part, list):
            for one in part:
                visit(one)
        elif isinstance(part, dict):
            name = part.get("$ref", "").removeprefix(DEFINITIONS)
            if name and name not in found:
                found[name] = None
                visit(document["$defs"][name])
            for key, one in part.items():
                if key not in ("$defs", "discriminator"):
                    visit(one)

    visit({key: value for key, value in document.items() if key != "$defs"})
    return list(found)


def _section(name: str, part: Schema) -> str:
    required = part.get("required", ())
    rows = [_row(key, value, key in required) for key, value in part.get("properties", {}).items()]
    return "\n".join(
        [
            f"({_target(name)})=",
            f"## {name}",
            "",
            part.get("description", ""),
            "",
            "| key | holds | default | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(key: str, value: Schema, required: bool) -> str:
    default = "" if required else f"`{json.dumps(value.get('default'))}`"
    meaning = value.get("description", "").replace("|", "\\|")
    return f"| `{key}` | {_type(value)} | {default} | {meaning} |"


def _type(value: Schema) -> str:
    """What a value is, with links to the parts that it is made of."""
    if "$ref" in value:
        name = value["$ref"].removeprefix(DEFINITIONS)
        return f"[{name}](#{_target(name)})"
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in value:
            return " or ".join(dict.fromkeys(_type(one) for one in value[choice]))
    if "const" in value or "enum" in value:
        return ", ".join(f"`{one}`" for one in value.get("enum", [value.get("const")]))
    return " ".join([_shape(value), *_bounds(value)])


def _shape(value: Schema) -> str:
    kind = value.get("type", "anything")
    if kind == "object":
        inner = next(iter(value.get("patternProperties", {}).values()), None)
        inner = inner or value.get("additionalProperties")
        return f"mapping of names to {_type(inner)}" if isinstance(inner, dict) else "mapping"
    if kind == "array":
        if "prefixItems" in value:
            return "list of " + ", ".join(_type(one) for one in value["prefixItems"])
        return f"list of {_type(value['items'])}"
    return {"string": "text", "null": "`null`"}.get(kind, str(kind))


def _bounds(value: Schema) -> Iterator[str]:
    for key, words in (
        ("minimum", "at least"),
        ("exclusiveMinimum", "above"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "below"),
    ):
        if key in value:
            yield f"{words} {value[key]}"
    if "examples" in value:
        yield "such as " + ", ".join(f"`{one}`" for one in value["examples"])


def _target(name: str) -> str:
    return "spec-" + name.lower().replace(".", "-")
