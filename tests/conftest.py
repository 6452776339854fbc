"""What every tier shares: rendered families that are made once, and no silent skips in CI."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from rendering import Family, flight_family

# The only tests that may be skipped in CI: those of tools that cannot be had on every machine.
OPTIONAL = "optional: "


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that cannot run has failed."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        if not reason.removeprefix("Skipped: ").startswith(OPTIONAL):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: cannot run in CI: {reason}"
    return report


@pytest.fixture(scope="session")
def family() -> Family:
    """The flight example's repositories, rendered once for this state of the checkout."""
    return flight_family()


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of this checkout."""
    return Path(__file__).resolve().parents[1]
