"""pydantic's errors in our words: what is wrong, where, and how to mend it."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ninefold.spec.base import Part
from ninefold.spec.document import Document
from ninefold.spec.known import fields_at
from ninefold.spec.problem import Place, Problem, did_you_mean, path_of

_WANTED = {
    "string_type": "text; write it in quotes",
    "int_type": "a whole number; write it without quotes and decimals",
    "float_type": "a number; write it without quotes",
    "bool_type": "true or false; write one of them without quotes",
    "dict_type": "a mapping; indent its keys under it",
    "model_type": "a mapping; indent its keys under it",
    "model_attributes_type": "a mapping; indent its keys under it",
    "tuple_type": "a list; write it in brackets, as in [a, b]",
}
_BOUNDS = {
    "greater_than": ("must be above", "gt"),
    "greater_than_equal": ("must be at least", "ge"),
    "less_than": ("must be below", "lt"),
    "less_than_equal": ("must be at most", "le"),
}


def problem_of(error: ErrorDetails, document: Document, root: type[Part]) -> Problem:
    """Put one of pydantic's errors on a model into a line of the document and a sentence."""
    place: Place = error["loc"]
    on_key = bool(place) and place[-1] == "[key]"
    if on_key:
        place = place[:-1]
    kind = error["type"]
    on_key = on_key or kind in ("extra_forbidden", "missing", "refused") or kind in _WANTED
    where = path_of(_real(place, document, missing=kind == "missing"))
    if kind == "missing":
        said = _missing(fields_at(root, place[:-1]), str(place[-1]))
    elif kind == "extra_forbidden":
        said = f" is unknown; {did_you_mean(str(place[-1]), list(fields_at(root, place[:-1])))}"
    else:
        said = _SENTENCES.get(kind, _plain)(error)
    return Problem(document.line_of(place, key=on_key), f"{where or 'the file'}{said}")


def _real(place: Place, document: Document, *, missing: bool) -> Place:
    """The place without the names of variants."""
    here: Place = ()
    for at, part in enumerate(place):
        last = at == len(place) - 1
        if document.holds((*here, part)) or (last and missing):
            here = (*here, part)
    return here


def _missing(known: Mapping[str, FieldInfo], key: str) -> str:
    meaning = (known[key].description or "") if key in known else ""
    return f" is missing; add it{_because(meaning)}"


def _because(meaning: str) -> str:
    first = meaning.split(". ")[0].rstrip(".")
    return f" ({first[0].lower()}{first[1:]})" if first else ""


def _choice(error: ErrorDetails) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    expected = [
        each.strip("' ") for each in str(context["expected"]).replace(" or ", ", ").split(",")
    ]
    return f" is {_shown(error['input'])}; {did_you_mean(str(error['input']), expected)}"


def _tag(error: ErrorDetails) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    expected = [each.strip("' ") for each in str(context["expected_tags"]).split(",")]
    by, given = str(context["discriminator"]).strip("'"), str(context["tag"])
    return f" has the {by} {given}; {did_you_mean(given, expected)}"


def _no_tag(error: ErrorDetails) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    by = str(context["discriminator"]).strip("'")
    return f" lacks its {by}; add one"


def _short(_: ErrorDetails) -> str:
    return " is empty; add at least one entry"


def _long(error: ErrorDetails) -> str:
    most = error.get("ctx", {}).get("max_length")
    return f" has more than {most} entries; remove the others"


def _wrong_type(error: ErrorDetails) -> str:
    return f" is {_shown(error['input'])} and must be {_WANTED[error['type']]}"


def _bound(error: ErrorDetails) -> str:
    words, name = _BOUNDS[error["type"]]
    return f" is {_shown(error['input'])} and {words} {error.get('ctx', {})[name]}; change it"


def _plain(error: ErrorDetails) -> str:
    text = error["msg"]
    return f" is wrong ({text}); change it"


def _refused(error: ErrorDetails) -> str:
    return f": {error['msg']}" if error["msg"][:1] in "'\"" else f" {error['msg']}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, tuple):
        return "a list"
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_SENTENCES: Mapping[str, Callable[[ErrorDetails], str]] = {
    "literal_error": _choice,
    "union_tag_invalid": _tag,
    "union_tag_not_found": _no_tag,
    "too_short": _short,
    "too_long": _long,
    "refused": _refused,
    **dict.fromkeys(_WANTED, _wrong_type),
    **dict.fromkeys(_BOUNDS, _bound),
}
