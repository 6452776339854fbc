"""What all parts of the spec have in common."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the spec: fixed once read, without room for unknown keys or silent conversions."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )
