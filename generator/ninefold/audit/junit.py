"""What a repository's `make test` left behind: which tests ran on which commit, and how they ended.

pytest writes the file; the Makefile names its suite by the commit, with `-dirty` behind it where
the working tree held changes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

PLACE = Path("build/junit.xml")
_TESTED = re.compile(r"([0-9a-f]{40,64})(-dirty)?")
# The order in which an outcome outweighs another of the same test with other parameters.
_OUTCOMES = ("passed", "skipped", "failed")


@dataclass(frozen=True)
class Report:
    """The tests of one run."""

    commit: str | None
    dirty: bool
    outcomes: Mapping[str, str]
    """`tests/test_x.py::test_y` -> passed, skipped or failed; the worst of all parameters."""


def read(repository: Path) -> Report | None:
    """The last report of a repository; None where there is none that can be read."""
    try:
        # It is this user's own pytest that wrote it, and the parser limits what entities grow to.
        root = ElementTree.parse(repository / PLACE).getroot()  # noqa: S314
    except (OSError, ElementTree.ParseError, ValueError):
        return None
    outcomes: dict[str, str] = {}
    for case in root.iter("testcase"):
        name = f"{_file(case.get('classname', ''))}::{case.get('name', '').partition('[')[0]}"
        outcomes[name] = max(outcomes.get(name, "passed"), _outcome(case), key=_OUTCOMES.index)
    suites = [found for suite in root.iter("testsuite") if (found := _tested(suite.get("name")))]
    commit, dirty = suites[0] if suites else (None, False)
    return Report(commit, dirty, outcomes)


def _tested(name: str | None) -> tuple[str, bool] | None:
    found = _TESTED.fullmatch(name or "")
    return (found[1], found[2] is not None) if found else None


def _file(classname: str) -> str:
    return classname.replace(".", "/") + ".py"


def _outcome(case: ElementTree.Element) -> str:
    found = {child.tag for child in case}
    if found & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in found else "passed"
