"""`make bench`: measures what Ninefold promises, and what it is compared with, in one run each.

Each part prints its table and writes its figures to build/benchmarks/PART.json. Ratios compare what
ran in turns on the same machine; seconds depend on it, and on who else is at work there.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import generating
import joins
import loop
import machine
import pipelines
import product
import provisioning
import serving
from families import table

GOALS = "what | goal | found"
RESULTS = machine.ROOT / "build" / "benchmarks"
PAGE = machine.ROOT / "docs" / "benchmarks.md"
STATES = tuple(
    family / "state" / "dev"
    for family in (loop.FAMILY, machine.ROOT / "build" / "demo" / "flight-delays")
)


@dataclass(frozen=True)
class Part:
    """Something that is measured."""

    summary: str
    measure: Callable[[argparse.Namespace], Mapping[str, Any]]
    report: Callable[[Mapping[str, Any]], str]
    goals: Callable[[Mapping[str, Any]], list[list[str]]]
    needs_state: bool = False


PARTS = {
    "help": Part(
        "`ninefold --help` beside an interpreter that does nothing",
        lambda _: generating.measure_help(),
        generating.report_help,
        generating.goals_help,
    ),
    "new": Part(
        "`ninefold new` beside `copier copy` for each of the six repositories",
        lambda chosen: generating.measure_new(chosen.rounds),
        generating.report_new,
        generating.goals_new,
    ),
    "loop": Part(
        "the demo by step, from nothing and with a warm cache (about fifteen minutes)",
        lambda _: loop.measure(),
        loop.report,
        loop.goals,
    ),
    "serving": Part(
        "served predictions under load, beside BentoML and FastAPI alone",
        lambda chosen: serving.measure(chosen.state, chosen.rounds, chosen.seconds),
        serving.report,
        serving.goals,
        needs_state=True,
    ),
    "joins": Part(
        "point-in-time training sets, beside Feast's own and `merge_asof`",
        lambda chosen: joins.measure(chosen.state),
        joins.report,
        joins.goals,
        needs_state=True,
    ),
    "provisioning": Part(
        "objects brought to an API server, beside kubectl and Helm (about ten minutes)",
        lambda _: provisioning.measure(),
        provisioning.report,
        provisioning.goals,
    ),
    "product": Part(
        "from an empty namespace to the first prediction on a node (about ten minutes)",
        lambda _: product.measure(),
        product.report,
        product.goals,
    ),
    "pipelines": Part(
        "the rendered pipeline of a pull request, with and without a warm cache",
        lambda _: pipelines.measure(),
        pipelines.report,
        pipelines.goals,
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the chosen parts."""
    chosen = _parser().parse_args(arguments)
    unknown = sorted(set(chosen.only) - set(PARTS))
    if unknown:
        print(f"error: there is no part {unknown[0]}; choose of {', '.join(PARTS)}")
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in chosen.only or PARTS:
        needed = PARTS[name].needs_state and not chosen.show
        if needed and not (chosen.state or _state(chosen)):
            print(
                f"error: {name} needs a family that was run: `make bench ONLY=loop` or `make demo`"
            )
            return 2
        _measure(name, PARTS[name], chosen)
    found = _goals()
    print(table(GOALS, found), flush=True)
    if chosen.docs:
        _renew("goals", table(GOALS, _merged(found)))
    return 0


def _measure(name: str, part: Part, chosen: argparse.Namespace) -> None:
    path = RESULTS / f"{name}.json"
    if not chosen.show:
        about = machine.facts()
        print(f"measuring {name}: {part.summary}", flush=True)
        document = {"machine": about, **part.measure(chosen)}
        path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    if path.exists():
        document = json.loads(path.read_text("utf-8"))
        shown = f"{part.report(document)}\n\n{machine.text(document['machine'])}"
        print(f"\n{shown}\n", flush=True)
        if chosen.docs:
            _renew(name, shown)


def _goals() -> list[list[str]]:
    """Each goal beside the last figure."""
    return [
        row
        for name, part in PARTS.items()
        if (path := RESULTS / f"{name}.json").exists()
        for row in part.goals(json.loads(path.read_text("utf-8")))
    ]


def _merged(found: list[list[str]]) -> list[list[str]]:
    """The rows of the page with these in the place of their own: others were measured elsewhere."""
    shown = PAGE.read_text("utf-8").partition("<!-- goals -->")[2].partition("<!-- end")[0]
    before = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in shown.strip().splitlines()[2:]
    ]
    rows = {row[0]: row for row in (*before, *found)}
    return list(rows.values())


def _renew(name: str, shown: str) -> None:
    """Put a table into the documentation, between the marks of its part."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = PAGE.read_text("utf-8")
    before, rest = page.split(start)
    _, after = rest.split(end)
    PAGE.write_text(f"{before}{start}\n{shown}\n{end}{after}", "utf-8")


def _state(chosen: argparse.Namespace) -> Path | None:
    chosen.state = next((state for state in STATES if (state / "registry").is_dir()), None)
    found: Path | None = chosen.state
    return found


def _parser() -> argparse.ArgumentParser:
    parts = "\n".join(f"  {name:<12} {part.summary}" for name, part in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="make bench",
        description=__doc__,
        epilog=f"parts:\n{parts}\n\nmake bench ONLY=serving OPTIONS='--rounds 3'",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", default=[], type=str.split, metavar="PARTS", help="parts to measure; all of them"
    )
    parser.add_argument("--show", action="store_true", help="print the last figures again")
    parser.add_argument("--docs", action="store_true", help=f"renew the tables of docs/{PAGE.name}")
    parser.add_argument("--state", type=Path, help="the state folder of a family that was run")
    parser.add_argument("--rounds", type=int, default=5, help="turns; the median is shown (5)")
    parser.add_argument("--seconds", type=float, default=4, help="of load in each turn (4)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
