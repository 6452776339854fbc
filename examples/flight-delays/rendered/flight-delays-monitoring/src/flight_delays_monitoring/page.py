"""drift.html: the document of drift as one small page that needs nothing else."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.25rem 0.6rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
tr.drifted { background: #fdecea; }
.bar { display: inline-block; height: 0.7em; background: #4c78a8; vertical-align: baseline; }
.control { background: #bbb; }
"""
WIDEST: Final = 120  # pixels of the longest bar


def page(document: Mapping[str, Any]) -> str:
    """The whole page."""
    features = document["features"]
    top = max((one.get("distance", 0.0) for one in features.values()), default=0.0) or 1.0
    ordered = sorted(features.items(), key=lambda item: -item[1].get("distance", 0.0))
    rows = [_row(name, one, top) for name, one in ordered]
    if document["prediction"].get("distance") is not None:
        rows.insert(0, _row("prediction", document["prediction"], top))
    current, reference = document["current"], document["reference"]
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Drift: flight-delays</title>
<style>{STYLE}</style>
<h1>{escape(document["verdict"].capitalize())}</h1>
<p>{escape(document["words"])}</p>
<p>{current["rows"]} {escape(current["source"])} rows ({_day(current["start"])} to
{_day(current["end"])}) beside {reference["rows"]} rows of training
({_day(reference["start"])} to {_day(reference["end"])}). The grey bar is the control: the same
distance between parts of the training rows (for the prediction: parts of the rows that the model has
not learnt from). Numbers are measured in standard deviations,
categories from 0 to 1.</p>
<table>
<tr><th>column<th>distance<th>control<th>missing before<th>missing now</tr>
{"".join(rows)}</table>
</html>
"""


def _row(name: str, one: Mapping[str, Any], top: float) -> str:
    nulls = one.get("null_share", {})
    cells = [
        escape(name),
        _bar(one.get("distance"), top, "bar"),
        _bar(one.get("control"), top, "bar control"),
        _share(nulls.get("reference")),
        _share(nulls.get("current")) + (" !" if nulls.get("exceeded") else ""),
    ]
    drifted = ' class="drifted"' if one.get("drifted") else ""
    return f"<tr{drifted}>" + "".join(f"<td>{cell}" for cell in cells) + "</tr>\n"


def _bar(value: float | None, top: float, style: str) -> str:
    if value is None:
        return ""
    width = round(WIDEST * min(value / top, 1.0))
    return f'{value:.3f} <span class="{style}" style="width: {width}px"></span>'


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _day(instant: str | None) -> str:
    return "?" if instant is None else instant[:10]
