"""Each line of the audit stands and falls with its file and its test."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ninefold import audit, catalog, family, spec
from ninefold.audit.lines import Line
from ninefold.cli import main
from ninefold.names import ROLES, package_name

from workshop import EXAMPLE, Workshop, save

LINES = audit.load()
IDS = [line.id for line in LINES]
HOME = "flight-delays-product"
TRAINING = "flight-delays-training"
SPEC = spec.load(EXAMPLE)
CATALOG = catalog.load()


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@localhost", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def write_report(repository: Path, tests: list[str], name: str | None = None) -> None:
    """What `make test` leaves behind when these tests passed."""
    suite = ElementTree.Element("testsuite", name=name or git(repository, "rev-parse", "HEAD"))
    for test in tests:
        module, _, function = test.partition("::")
        classname = module.removesuffix(".py").replace("/", ".")
        ElementTree.SubElement(suite, "testcase", classname=classname, name=function)
    path = repository / "build" / "junit.xml"
    path.parent.mkdir(exist_ok=True)
    ElementTree.ElementTree(suite).write(path)


def judged(folder: Path, lines: tuple[Line, ...] = LINES) -> dict[str, audit.Judgement]:
    found = audit.audit(family.find(folder), SPEC, CATALOG, lines)
    return {each.line.id: each for each in found}


@cache
def behind(folder: Path, repository: str) -> list[str]:
    """The tests that lines name in a repository."""
    parts = [part for each in judged(folder).values() for part in each.parts]
    return sorted({part.test for part in parts if part.repository == repository})


@pytest.fixture(scope="module")
def tested(family: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flight family as it is after every repository's tests passed."""
    folder = tmp_path_factory.mktemp("tested") / "flights"
    shutil.copytree(family, folder, symlinks=True)
    for role in ROLES:
        name = f"flight-delays-{role}"
        write_report(folder / name, behind(folder, name))
    return folder


@pytest.fixture
def spoiled(tested: Path) -> Iterator[Path]:
    """The same, restored after the test has spoiled it."""
    yield tested
    for role in ROLES:
        name = f"flight-delays-{role}"
        if not git(tested / name, "status", "--porcelain"):
            write_report(tested / name, behind(tested, name))
            continue
        git(tested / name, "checkout", "--quiet", "--force", "main")
        git(tested / name, "clean", "--quiet", "--force", "-d")
        write_report(tested / name, behind(tested, name))


def test_there_are_nine_nine_seven_and_five_lines() -> None:
    expected = [f"{kind}{number}" for kind in "PC" for number in range(1, 10)]
    expected += [f"R{number}" for number in range(1, 8)] + ["A", "B1", "B2", "C", "D"]
    assert expected == IDS
    kinds = {"P": "principle", "C": "component", "R": "role"}
    for line in LINES:
        assert line.kind == (
            kinds[line.id[0]] if len(line.id) > 1 and line.id[0] != "B" else "stage"
        )


def test_where_every_test_passed_no_line_is_missing(tested: Path) -> None:
    found = judged(tested)
    assert not {name: each.missing for name, each in found.items() if each.missing}


def line_of(name: str) -> Line:
    (line,) = (line for line in LINES if line.id == name)
    return line


@pytest.mark.parametrize("name", IDS)
def test_without_a_file_behind_it_a_line_is_missing(name: str, spoiled: Path) -> None:
    line = line_of(name)
    parts = judged(spoiled, (line,))[name].parts
    files = {(part.repository, part.file) for part in parts}
    modules = {(part.repository, part.test.partition("::")[0]) for part in parts}
    for repository, path in sorted(files | modules):
        place = spoiled / repository / path
        content = place.read_bytes()
        place.unlink()
        judgement = judged(spoiled, (line,))[name]
        assert judgement.status == "missing", place
        assert any(path in reason for reason, _ in judgement.missing)
        place.write_bytes(content)
    assert judged(spoiled, (line,))[name].status == "realised"


@pytest.mark.parametrize("name", IDS)
def test_without_a_test_behind_it_a_line_is_missing(name: str, spoiled: Path) -> None:
    line = line_of(name)
    tests = {(part.repository, part.test) for part in judged(spoiled, (line,))[name].parts}
    for place, gone in sorted(tests):
        repository = spoiled / place
        kept = behind(spoiled, place)
        write_report(repository, [test for test in kept if test != gone])
        judgement = judged(spoiled, (line,))[name]
        assert [reason for reason, _ in judgement.missing] == [f"{place}: {gone} did not run"]
        write_report(repository, kept)
    assert judged(spoiled, (line,))[name].status == "realised"


def reason_of(folder: Path, name: str = "P3") -> str:
    ((reason, remedy),) = judged(folder)[name].missing
    assert f"make -C {folder / TRAINING} test" in remedy
    return reason


def test_the_report_is_of_this_very_commit_and_of_a_clean_tree(spoiled: Path) -> None:
    repository = spoiled / TRAINING
    tests, head = behind(spoiled, TRAINING), git(repository, "rev-parse", "HEAD")
    write_report(repository, tests, f"{head}-dirty")
    assert reason_of(spoiled).endswith("its tests ran with uncommitted changes")
    write_report(repository, tests, "a" * 40)
    assert reason_of(spoiled).endswith(f"its tests ran on aaaaaaa, while {head[:7]} is there")
    for name in ("pytest", ""):
        write_report(repository, tests, name or "none")
        assert reason_of(spoiled).endswith("its tests did not run on a commit")
    (repository / "build/junit.xml").write_text("<testsuite")
    assert "has no build/junit.xml that can be read" in reason_of(spoiled)
    (repository / "build/junit.xml").unlink()
    assert "has no build/junit.xml that can be read" in reason_of(spoiled)


@pytest.mark.parametrize(
    ("child", "word"), [("failure", "failed"), ("error", "failed"), ("skipped", "skipped")]
)
def test_only_what_passed_counts_with_all_its_parameters(
    spoiled: Path, child: str, word: str
) -> None:
    repository = spoiled / TRAINING
    path = repository / "build/junit.xml"
    tree = ElementTree.parse(path)
    for case in list(tree.iter("testcase")):
        if case.get("name") == "test_training_twice_gives_the_same_bytes":
            case.set("name", f"{case.get('name')}[one]")
            again = ElementTree.SubElement(tree.getroot(), "testcase", dict(case.attrib))
            again.set("name", "test_training_twice_gives_the_same_bytes[two]")
            ElementTree.SubElement(again, child)
    tree.write(path)
    assert reason_of(spoiled).endswith(f"test_training_twice_gives_the_same_bytes {word}")


def test_a_file_that_was_changed_since_does_not_count(spoiled: Path) -> None:
    package = package_name("flight-delays", "training")
    path = spoiled / TRAINING / "src" / package / "train.py"
    path.write_text(path.read_text() + "\n# changed\n")
    assert reason_of(spoiled).endswith(f"src/{package}/train.py is not as it was tested")
    assert judged(spoiled)["C6"].status == "realised"


def test_the_lock_that_setup_writes_is_no_change(spoiled: Path) -> None:
    (spoiled / TRAINING / "uv.lock").write_text("")
    assert judged(spoiled)["P3"].status == "realised"


def test_a_repository_that_is_not_there_is_named(spoiled: Path, tmp_path: Path) -> None:
    moved = (spoiled / TRAINING).rename(tmp_path / TRAINING)
    assert [reason for reason, _ in judged(spoiled)["P3"].missing] == [f"{TRAINING} is missing"]
    moved.rename(spoiled / TRAINING)


def test_a_slot_that_is_not_filled(tested: Path) -> None:
    chosen = SPEC.technologies.model_copy(update={"source_repository": "none"})
    chosen = chosen.model_copy(
        update={"training": chosen.training.model_copy(update={"notebooks": "none"})}
    )
    product = SPEC.model_copy(update={"technologies": chosen})
    found = audit.audit(family.find(tested), product, CATALOG, LINES)
    by_id = {each.line.id: each for each in found}
    assert by_id["C2"].missing[0][0] == "nothing fills source_repository"
    # Experiments need no notebook.
    assert by_id["C"].status == "realised"
    assert not [part for part in by_id["C"].parts if "notebook" in part.file]


def test_what_only_a_platform_has_counts_where_there_is_one(tested: Path) -> None:
    local = {name: each for name, each in SPEC.environments.items() if each.target == "local"}
    product = SPEC.model_copy(update={"environments": local})
    for spec_of, places in ((SPEC, {"foundation/__main__.py"}), (product, set())):
        found = audit.audit(family.find(tested), spec_of, CATALOG, LINES)
        (line,) = (each for each in found if each.line.id == "R6")
        assert line.status == "realised"
        assert places == {part.file for part in line.parts if "foundation" in part.file}


# --- the command


def called(folder: Path, capsys: pytest.CaptureFixture[str], form: str) -> tuple[int, str]:
    status = main(["audit", str(folder), "--format", form])
    shown, said = capsys.readouterr()
    assert said == ""
    return status, shown


def test_json_holds_every_line(tested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = called(tested, capsys, "json")
    documents: list[dict[str, Any]] = json.loads(shown)
    assert status == 0
    assert [each["id"] for each in documents] == IDS
    for each in documents:
        assert {"id", "kind", "status", "file", "test", "owner"} <= each.keys()
        assert each["owner"].startswith("@flight-delays/")
        assert (tested / each["file"]).is_file()
        assert (tested / each["test"].partition("::")[0]).is_file()
        assert each["status"] == ("missing" if each["reasons"] else "realised")


def test_text_is_a_table_with_a_count(tested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = called(tested / HOME, capsys, "text")
    lines = shown.splitlines()
    assert status == 0
    assert lines[-1] == "30 of 30 realised, 0 missing"
    start = lines[2].index("status")
    rows = [line for line in lines if line[start : start + 8] in ("realised", "missing ")]
    assert [row.split()[0] for row in rows] == IDS


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str | None] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_html_is_one_page(tested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = called(tested, capsys, "html")
    page = Page()
    page.feed(shown)
    assert status == 0
    assert page.sources == []
    assert [word for word in page.words if word in IDS] == IDS


def test_one_that_is_missing_is_status_1(spoiled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (spoiled / "flight-delays-platform" / "build" / "junit.xml").unlink()
    status, shown = called(spoiled, capsys, "text")
    assert status == 1
    count = re.fullmatch(r"(\d+) of 30 realised, (\d+) missing", shown.splitlines()[-1])
    assert count and int(count[2]) == 30 - int(count[1]) > 0


def test_nothing_is_released_where_no_environment_has_a_platform(tested: Path) -> None:
    """No such file is asked for then."""
    staging = SPEC.environments["staging"].model_copy(update={"layers": ("foundation",)})
    least = SPEC.model_copy(update={"environments": {**SPEC.environments, "staging": staging}})
    for asked, wanted in ((SPEC, True), (least, False)):
        (found,) = audit.audit(family.find(tested), asked, CATALOG, (line_of("P1"),))
        assert any(part.command == "make release" for part in found.parts) == wanted


def test_what_is_no_family_is_one_line(workshop: Workshop, tested: Path) -> None:
    empty = workshop.folder / "empty"
    empty.mkdir()
    broken = Path(shutil.copytree(tested / HOME, workshop.folder / "broken" / HOME))
    save({"version": 1}, broken / "product.yaml")
    for folder, said in (
        (empty, "is no family"),
        (workshop.folder / "nowhere", "there is no such folder"),
        (broken.parent, "product.yaml:1: product is missing"),
    ):
        done = workshop.ninefold("audit", folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr and "Traceback" not in done.stderr
