"""Opens the report in the browser."""

import webbrowser
from collections.abc import Sequence

from .faults import Fault
from .settings import Settings


def main(settings: Settings, arguments: Sequence[str]) -> int:
    """Open the report of this environment; raises `Fault` when there is none."""
    report = settings.state / "report.html"
    if not report.is_file():
        raise Fault(f"no {report}; write it first: make run")
    print(report)
    webbrowser.open(report.as_uri())
    return 0
