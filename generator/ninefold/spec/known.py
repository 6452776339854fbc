"""Which keys the spec knows at a place: what errors offer as a remedy."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import Tag
from pydantic.fields import FieldInfo

from ninefold.spec.base import Part
from ninefold.spec.problem import Place


def fields_at(root: type[Part], place: Place) -> Mapping[str, FieldInfo]:
    """The fields, by the names users write, of whatever parts can stand at a place.

    A place as pydantic tells it also names variants (`calendar`); these choose among the parts.
    """
    kinds: list[Any] = [root]
    for step in place:
        inner = [each for kind in kinds for each in _inside(kind, step)]
        kinds = inner or [kind for kind in kinds if step in _tags(kind)]
    found: dict[str, FieldInfo] = {}
    for kind in kinds:
        found |= _fields(kind)
    return found


def _fields(kind: Any) -> dict[str, FieldInfo]:
    model = _bare(kind)
    if not (isinstance(model, type) and issubclass(model, Part)):
        return {}
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _inside(kind: Any, step: str | int) -> Iterator[Any]:
    """What can stand under a key or position of this kind."""
    field = _fields(kind).get(str(step))
    if field:
        yield from _variants(field.annotation)
        return
    bare = _bare(kind)
    origin, arguments = get_origin(bare), get_args(bare)
    if origin is dict:
        yield from _variants(arguments[1])
    elif origin is tuple and isinstance(step, int):
        yield from _variants(
            arguments[min(step, len(arguments) - 1) if ... not in arguments else 0]
        )


def _variants(kind: Any) -> Iterator[Any]:
    """The alternatives of a union, each with the tag that chooses it."""
    bare = _bare(kind)
    if get_origin(bare) in (Union, UnionType):
        for each in get_args(bare):
            yield from _variants(each)
    else:
        yield kind


def _bare(kind: Any) -> Any:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def _tags(kind: Any) -> set[str]:
    named = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    tags = {each.tag for each in named if isinstance(each, Tag)}
    for field in _fields(kind).values():
        if get_origin(field.annotation) is Literal:
            tags |= {str(each) for each in get_args(field.annotation)}
    return tags
