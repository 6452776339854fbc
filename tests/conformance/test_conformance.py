"""Every technology passes its component's suite, and the suite fails on every broken one.

A suite runs inside the environment of a rendered repository that uses the technology. A broken
case overlays the package's port; the tests that its file `expect` names must then fail. They judge
the suite, not the technologies: every second one runs at a commit, the soak runs all.

A technology that a platform gives servers to meets the same suite a second time, by settings alone:
`servers` in conformance.yaml names the servers of each (tests/servers.py). What differs for the
tests then stands in served_TECHNOLOGY.py, and what only servers have to show in test_servers.py.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from servers import SERVERS
from turns import marks

from rendering import CHECKOUT, Family, copy, repository_with, set_up, surroundings

HERE = Path(__file__).parent
LONGEST = 900  # seconds of a suite
LONGEST_TEST = 300  # seconds of one of its tests
STACKS = CHECKOUT / "stacks" / "ninefold_stacks"


@dataclass(frozen=True)
class Suite:
    """One component's suite, or one slot's, as its conformance.yaml describes it."""

    folder: Path
    role: str
    ports: tuple[str, ...]
    servers: Mapping[str, Sequence[str]]

    @property
    def name(self) -> str:
        return "-".join(self.folder.relative_to(HERE).parts)

    @property
    def component(self) -> str:
        return self.folder.relative_to(HERE).parts[0]

    @property
    def marks(self) -> list[pytest.MarkDecorator]:
        return [pytest.mark.compute] if self.component == "training" else []

    def technologies(self) -> list[str]:
        """Those that bring one of the ports to the role."""
        found = STACKS.glob(f"{self.component}/*/scaffold/{self.role}/src/__package__/*.jinja")
        names = {named(path.parents[4]) for path in found if path.stem in self.ports}
        return sorted(names)

    def broken(self) -> list[str]:
        return sorted(path.parent.name for path in self.folder.glob("broken/*/expect"))


def named(folder: Path) -> str:
    """The name of the technology of a folder."""
    return str(yaml.safe_load((folder / "technology.yaml").read_text(encoding="utf-8"))["name"])


def read(path: Path) -> Suite:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Suite(
        path.parent, document["role"], tuple(document["ports"]), document.get("servers", {})
    )


SUITES = [read(path) for path in sorted(HERE.rglob("conformance.yaml"))]


def results(suite: Suite, repository: Path, package: str, report: Path, **more: str) -> str:
    """Run the suite in the repository's environment; answer what it printed."""
    environment = {
        **surroundings(),
        "CONFORMANCE_PACKAGE": package,
        **{key: value for key, value in more.items() if key not in {"only", "plugin"}},
    }
    tests = suite.folder / "suite"
    # What the technology needs to be tested, a server for instance, runs beside the suite.
    beds = [f"-ptests.{path.stem}" for path in sorted(repository.glob("tests/bed_*.py"))]
    beds += [f"-p{more['plugin']}"] if "plugin" in more else []
    command = [
        *("uv", "run", "--frozen", "--quiet", "--directory", str(repository)),
        *("python", "-m", "pytest", str(tests), f"--rootdir={tests}", f"--confcutdir={tests}"),
        *("-c", str(repository / "pyproject.toml"), "-p", "no:cacheprovider", *beds),
        *("-o", "addopts=", f"--junitxml={report}", "-k", more.get("only", "")),
        # A test that hangs shows where.
        *("-o", f"faulthandler_timeout={LONGEST_TEST}"),
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=LONGEST)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0]


def failed(report: Path) -> tuple[set[str], set[str]]:
    """Names of all tests, and of those that did not pass, without their parameters."""
    everything, bad = set(), set()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = case.get("name", "").partition("[")[0]
        everything.add(name)
        if any(child.tag in {"failure", "error", "skipped"} for child in case):
            bad.add(name)
    return everything, bad


@pytest.mark.parametrize(
    ("suite", "technology"),
    [pytest.param(suite, each, id=f"{suite.name}-{each}", marks=suite.marks)
     for suite in SUITES for each in suite.technologies()],
)  # fmt: skip
def test_technology_conforms(suite: Suite, technology: str, family: Family, tmp_path: Path) -> None:
    repository = repository_with(family, suite.component, technology, suite.role)
    set_up(repository)
    report = tmp_path / "report.xml"
    printed = results(suite, repository, family.package(suite.role), report)
    assert report.is_file(), printed
    everything, bad = failed(report)
    assert everything, printed
    assert not bad, printed


@pytest.fixture(scope="session")
def serving(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str, Path], dict[str, str]]]:
    """Starts a server by its name, once for all suites; the settings that lead to it."""
    known: dict[str, dict[str, str]] = {}
    with ExitStack() as running:

        def start(name: str, repository: Path) -> dict[str, str]:
            if name not in known:
                folder = tmp_path_factory.mktemp(name)
                known[name] = dict(running.enter_context(SERVERS[name](folder, repository)))
            return known[name]

        yield start


@pytest.mark.parametrize(
    ("suite", "technology"),
    # A compute cluster for each of its tests takes minutes, and the product's tier has one as well.
    [pytest.param(suite, each, id=f"{suite.name}-{each}",
                  marks=[*suite.marks, *(marks(0, 2, 1) if suite.marks else [])])
     for suite in SUITES for each in suite.servers],
)  # fmt: skip
def test_technology_conforms_with_servers(
    suite: Suite,
    technology: str,
    family: Family,
    tmp_path: Path,
    serving: Callable[[str, Path], dict[str, str]],
) -> None:
    repository, package = family.repository(suite.role), family.package(suite.role)
    set_up(repository)
    prefix = family.name.replace("-", "_").upper()
    variables = {
        name if name.isupper() else f"{prefix}_{name.upper()}": value
        for server in suite.servers[technology]
        for name, value in serving(server, repository).items()
    }
    variables["CONFORMANCE_SERVERS"] = technology
    plugin = f"served_{technology}"
    if (HERE / f"{plugin}.py").is_file():
        variables |= {"plugin": plugin, "PYTHONPATH": str(HERE)}
    report = tmp_path / "report.xml"
    printed = results(suite, repository, package, report, **variables)
    assert report.is_file(), printed
    everything, bad = failed(report)
    assert everything, printed
    assert not bad, printed


@pytest.mark.parametrize(
    ("suite", "case"),
    [pytest.param(suite, each, id=f"{suite.name}-{each}", marks=[*suite.marks, *marks(at, 2, 1)])
     for suite in SUITES for at, each in enumerate(suite.broken())],
)  # fmt: skip
def test_suite_fails_on_a_broken_technology(
    suite: Suite, case: str, family: Family, tmp_path: Path
) -> None:
    repository, package = family.repository(suite.role), family.package(suite.role)
    if not any((repository / "src" / package / port).is_file() for port in suite.ports):
        # The example leaves the slot empty: the environment of one that fills it serves as well.
        repository = repository_with(family, suite.component, suite.technologies()[0], suite.role)
    set_up(repository)
    overlay = suite.folder / "broken" / case
    expected = set((overlay / "expect").read_text(encoding="utf-8").split())
    source = copy(repository / "src", tmp_path / "src")
    for path in sorted(overlay.rglob("*")):
        if path.is_file() and path.name != "expect":
            target = source / package / path.relative_to(overlay)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    report = tmp_path / "report.xml"
    printed = results(
        suite, repository, package, report, PYTHONPATH=str(source), only=" or ".join(expected)
    )
    assert report.is_file(), printed
    everything, bad = failed(report)
    assert expected <= everything, f"no such tests: {expected - everything}\n{printed}"
    assert expected <= bad, f"the suite did not notice: {expected - bad}\n{printed}"


def test_every_suite_has_broken_cases_and_a_technology() -> None:
    assert SUITES
    lacking = [one.name for one in SUITES if not one.broken() or not one.technologies()]
    assert not lacking
