"""A spec's text as values and lines, read with the parser that Copier uses.

What YAML allows but a spec must not hold is refused here: it would mean something else to Copier,
to an editor or to a reader than it does to us.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ninefold.spec.problem import Place, Problem, SpecError

MAXIMUM_BYTES = 1024 * 1024
_MAXIMUM_DEPTH = 32
_WORD_TAGS = {
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:null": "no value",
    "tag:yaml.org,2002:timestamp": "a date",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
}
_PLAIN_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_PLAIN_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class Document:
    """The values of a spec, sequences as tuples, and the line of every key and value."""

    name: str
    values: Any
    keys: Mapping[Place, int] = field(default_factory=dict)
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line_of(self, place: Place, *, key: bool = False) -> int:
        """The line of a value (or its key), of what holds it where it is not there itself.

        Parts that are not in the document are passed over: they name a variant, not a key.
        """
        here: Place = ()
        for part in place:
            if (*here, part) in self.lines:
                here = (*here, part)
        known = self.keys if key else self.lines
        return known.get(here, self.lines.get(here, 1))

    def holds(self, place: Place) -> bool:
        """Tell whether there is a value at this very place."""
        return place in self.lines


def read(path: Path) -> Document:
    """Read a file; whatever is no plain YAML is answered with its line."""
    name = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(name, "there is no such file; `ninefold init` writes one") from None
    except IsADirectoryError:
        raise _unreadable(name, "is a folder; give the product.yaml in it") from None
    except OSError as error:
        raise _unreadable(name, f"cannot be read ({error.strerror}); see to its rights") from error
    return parse(content, name)


def parse(content: bytes, name: str = "product.yaml") -> Document:
    """Turn the text of a spec into values and lines."""
    if len(content) > MAXIMUM_BYTES:
        raise _unreadable(name, "is larger than 1 MB; a spec holds no data, only where they are")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problem = Problem(line, "this line is not UTF-8; save the file in that encoding")
        raise SpecError(name, [problem]) from error
    if not text.removeprefix("\ufeff").strip():
        raise _unreadable(name, "is empty; `ninefold init` writes a spec to start from")
    return _Reader(name, text).document()


def _unreadable(name: str, text: str) -> SpecError:
    return SpecError(name, [Problem(1, text)])


class _RefusedError(Exception):
    """A part of YAML that a spec must not use."""

    def __init__(self, line: int, text: str) -> None:
        self.problem = Problem(line, text)
        super().__init__(text)


class _Loader(yaml.SafeLoader):
    """Composes nodes, but none that could grow without end."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise _RefusedError(line, f"*{event.anchor} refers to an anchor; write the value out")
        if event.anchor:
            raise _RefusedError(
                line, f"&{event.anchor} sets an anchor; remove it, write values out"
            )
        if self.depth >= _MAXIMUM_DEPTH:
            raise _RefusedError(line, f"this is nested more than {_MAXIMUM_DEPTH} deep; no spec is")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class _Reader:
    """Walks the nodes of one document and notes every fault on the way."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.problems: list[Problem] = []
        self.keys: dict[Place, int] = {}
        self.lines: dict[Place, int] = {}
        self.constructor = yaml.constructor.SafeConstructor()

    def document(self) -> Document:
        node = self._composed()
        values = self._value(node, ())
        if self.problems:
            raise SpecError(self.name, self.problems)
        return Document(self.name, values, self.keys, self.lines)

    def _composed(self) -> yaml.Node:
        try:
            node = _Loader(self.text).get_single_node()
        except _RefusedError as error:
            raise SpecError(self.name, [error.problem]) from error
        except yaml.reader.ReaderError as error:
            line = self.text.count("\n", 0, error.position) + 1
            text = "holds a character that YAML forbids; remove it"
            raise SpecError(self.name, [Problem(line, text)]) from error
        except yaml.MarkedYAMLError as error:
            raise SpecError(self.name, [self._syntax(error)]) from error
        if node is None:
            raise _unreadable(self.name, "is empty; `ninefold init` writes a spec to start from")
        return node

    def _syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        if "'\\t'" in (error.problem or ""):
            return Problem(line, "there is a tab; use spaces")
        what = " ".join((error.problem or "no YAML").split())
        started = error.context_mark
        if started and mark and started.line != mark.line:
            what += f" ({error.context}, line {started.line + 1})"
        return Problem(line, f"this is no YAML: {what}; mend the line or the one before it")

    def _value(self, node: yaml.Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self.lines[place] = line
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            if node.tag != "tag:yaml.org,2002:seq":
                self._refuse_tag(node)
            return tuple(self._value(each, (*place, at)) for at, each in enumerate(node.value))
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        if node.tag != "tag:yaml.org,2002:map":
            self._refuse_tag(node)
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._key(key_node)
            if key is None:
                continue
            here = (*place, key)
            if key in values:
                first = self.keys[here]
                self.problems.append(
                    Problem(line, f"the key {key} is there twice (line {first}); remove one")
                )
                continue
            self.keys[here] = line
            values[key] = self._value(value_node, here)
        return values

    def _key(self, node: yaml.Node) -> str | None:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.ScalarNode):
            self.problems.append(Problem(line, "a key is a list or mapping; use a word as key"))
            return None
        if node.tag == "tag:yaml.org,2002:merge":
            self.problems.append(Problem(line, "`<<` merges mappings; write the values out"))
            return None
        if node.tag != "tag:yaml.org,2002:str":
            read_as = _WORD_TAGS.get(node.tag, "something else")
            text = (
                f'YAML reads the key {node.value} as {read_as}; write it in quotes: "{node.value}"'
            )
            self.problems.append(Problem(line, text))
            return None
        return str(node.value)

    def _scalar(self, node: yaml.Node) -> Any:
        line = node.start_mark.line + 1
        tag = node.tag
        if tag == "tag:yaml.org,2002:str":
            return node.value
        if tag == "tag:yaml.org,2002:timestamp":
            text = f'{node.value} is a date without quotes; write it in quotes: "{node.value}"'
            self.problems.append(Problem(line, text))
            return node.value
        if tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
            return self._number(node, tag)
        if tag == "tag:yaml.org,2002:bool" and node.value.lower() not in ("true", "false"):
            text = f"YAML reads {node.value} as true or false; write true, false or use quotes"
            self.problems.append(Problem(line, text))
            return node.value
        if tag not in _WORD_TAGS:
            self._refuse_tag(node)
            return node.value
        return self.constructor.construct_object(node)

    def _number(self, node: yaml.Node, tag: str) -> int | float | str:
        """A decimal number; 1:30, 010, 0x1F and 1_000 mean other things to other readers."""
        if tag.endswith("int") and _PLAIN_INTEGER.fullmatch(node.value) and len(node.value) <= 19:
            return int(node.value)
        if tag.endswith("float") and _PLAIN_NUMBER.fullmatch(node.value):
            return float(node.value)
        line = node.start_mark.line + 1
        text = f"{node.value} is no plain decimal number; write it like 10 or 0.5, text in quotes"
        self.problems.append(Problem(line, text))
        return str(node.value)

    def _refuse_tag(self, node: yaml.Node) -> None:
        line = node.start_mark.line + 1
        self.problems.append(Problem(line, f"carries the tag {node.tag}; remove it"))
