"""Checks a table against a contract of the product (contracts/*.schema.json), column by column."""

import json
from pathlib import Path
from typing import Any, Final

import pandas as pd

from .faults import Fault

FOLDER: Final = Path("contracts")


def check(frame: pd.DataFrame, contract: str) -> None:
    """Raise `Fault` with everything that breaks the contract."""
    schema = json.loads((FOLDER / f"{contract}.schema.json").read_text("utf-8"))
    columns: dict[str, dict[str, Any]] = schema["properties"]
    broken = [f"column {name} is missing" for name in columns if name not in frame.columns]
    broken += [f"column {name} is unknown" for name in frame.columns if name not in columns]
    for name, rule in columns.items():
        if name in frame.columns:
            broken += _broken(name, frame[name], rule)
    if broken:
        raise Fault(
            f"the table breaks the contract {contract}: {'; '.join(broken)}; "
            "mend the step that wrote the columns, or change the contract with its consumers"
        )


def _broken(name: str, column: "pd.Series[Any]", rule: dict[str, Any]) -> list[str]:
    types = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    if "number" in types:
        fits = pd.api.types.is_float_dtype(column)
    elif rule.get("format") == "date-time":
        fits = isinstance(column.dtype, pd.DatetimeTZDtype)
    else:
        fits = bool(column.dropna().map(lambda value: isinstance(value, str)).all())
    broken = [] if fits else [f"column {name} is {column.dtype}, not {' or '.join(types)}"]
    nulls = int(column.isna().sum())
    if nulls and "null" not in types:
        broken.append(f"column {name} has {nulls} nulls")
    return broken
