"""`ninefold check` finds every disagreement, names the file, and its remedy mends it."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from ninefold.cli import main

from workshop import Workshop, load

HOME = "flight-delays-product"
TRAINING = "flight-delays-training"
RUN_RECORD = f"{TRAINING}/src/flight_delays_training/run_record.py"
METRICS = "contracts/metrics.schema.json"


@pytest.fixture
def copy(family: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(family, tmp_path / "flights", symlinks=True))


def swap(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def called(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = main(["check", str(folder)])
    return status, *capsys.readouterr()


def found(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    status, out, err = called(folder, capsys)
    assert (status, err) == (1, "")
    assert all(": " in line and "; " in line for line in out.splitlines())
    return out.splitlines()


def test_a_fresh_family_agrees(family: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in (family, family / HOME):
        assert called(folder, capsys) == (0, "6 repositories agree with the spec\n", "")


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "spec invalid": (
        lambda family: swap(family / HOME / "product.yaml", "version: 1", "version: x"),
        f"{HOME}/product.yaml:4: version",
    ),
    "answer changed": (
        lambda family: swap(family / TRAINING / ".copier-answers.yml", "seed: 2013", "seed: 2014"),
        f"{TRAINING}/.copier-answers.yml: `model.seed` is not what product.yaml says",
    ),
    "answer missing": (
        lambda family: swap(family / TRAINING / ".copier-answers.yml", "version: 1\n", ""),
        f"{TRAINING}/.copier-answers.yml: `version` is missing",
    ),
    "answers unreadable": (
        lambda family: (family / TRAINING / ".copier-answers.yml").unlink(),
        f"{TRAINING}: the training repository is missing",
    ),
    "repository missing": (
        lambda family: shutil.rmtree(family / TRAINING),
        f"{TRAINING}: the training repository is missing",
    ),
    "repository unknown": (
        lambda family: swap(family / HOME / "ninefold.lock", '"platform": {', '"elsewhere": {'),
        "flight-delays-platform: ninefold.lock does not know it",
    ),
    "template commit": (
        lambda family: swap(family / TRAINING / ".copier-answers.yml", "_commit: ", "_commit: v9-"),
        f"{TRAINING}/.copier-answers.yml: was rendered from",
    ),
    "contract edited": (
        lambda family: swap(family / TRAINING / METRICS, "{", "{ "),
        f"{TRAINING}/{METRICS}: is not the one in SHA256SUMS",
    ),
    "contract removed": (
        lambda family: (family / TRAINING / METRICS).unlink(),
        f"{TRAINING}/{METRICS}: is missing",
    ),
    "contract added": (
        lambda family: (family / TRAINING / "contracts/mine.schema.json").write_text("{}"),
        f"{TRAINING}/contracts/mine.schema.json: is not in SHA256SUMS",
    ),
    "contract of another commit": (
        lambda family: renew(family / TRAINING),
        f"{TRAINING}/{METRICS}: differs from the original in {HOME}",
    ),
    "sums missing": (
        lambda family: (family / TRAINING / "contracts/SHA256SUMS").unlink(),
        f"{TRAINING}/contracts/SHA256SUMS: cannot be read",
    ),
    "run record edited": (
        lambda family: swap(family / RUN_RECORD, "import", "  import"),
        f"{RUN_RECORD}: differs from the one in {HOME}",
    ),
    "run record removed": (
        lambda family: (family / RUN_RECORD).unlink(),
        f"{TRAINING}/src: run_record.py is missing",
    ),
}


def renew(folder: Path) -> None:
    """A contract that is in order by itself, from another commit of the template."""
    path = folder / METRICS
    old = sha256(path.read_bytes()).hexdigest()
    path.write_text(path.read_text(encoding="utf-8") + "\n")
    swap(folder / "contracts/SHA256SUMS", old, sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize("case", CASES)
def test_each_disagreement_is_one_line(
    copy: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, expected = CASES[case]
    spoil(copy)
    lines = found(copy, capsys)
    assert any(line.startswith(expected) for line in lines), lines
    if case not in ("spec invalid", "repository unknown"):
        assert len(lines) == 1, lines


def test_the_remedy_for_a_changed_spec_mends_it(
    workshop: Workshop, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    swap(copy / HOME / "product.yaml", "max_depth:\n", "max_depth:\n        # Deeper.\n")
    swap(copy / HOME / "product.yaml", "trials: 6", "trials: 4")
    lines = found(copy, capsys)
    assert {line.split("/")[0] for line in lines} == {
        f"flight-delays-{role}" for role in ("product", "training", "serving", "monitoring")
    }
    command = lines[-1].split("`")[-2].split()
    assert command == ["ninefold", "update", str(copy)]
    for name in {path.name for path in copy.iterdir()} - {HOME, TRAINING}:
        shutil.rmtree(copy / name)
    workshop.git(copy / HOME, "commit", "--quiet", "--all", "--message=Search less")
    done = workshop.ninefold(*command[1:], "--here")
    assert done.returncode == 0, done.stderr
    assert load(copy / TRAINING / ".copier-answers.yml")["model"]["search"]["trials"] == 4
    assert not [line for line in found(copy, capsys) if line.startswith((HOME, TRAINING))]


def test_no_family_is_an_error_not_a_finding(
    workshop: Workshop, family: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = workshop.folder / "empty"
    empty.mkdir()
    alone = Path(shutil.copytree(family / TRAINING, workshop.folder / "alone" / TRAINING)).parent
    twice = Path(shutil.copytree(family / TRAINING, workshop.folder / "twice" / "one")).parent
    shutil.copytree(family / TRAINING, twice / "two")
    broken = Path(shutil.copytree(family / HOME, workshop.folder / "broken" / HOME)).parent
    (broken / HOME / "ninefold.lock").write_text("{}")
    for folder, said in {
        empty: "is no family",
        workshop.folder / "nowhere": "there is no such folder",
        alone: "holds no product repository",
        twice: "are both a training repository",
        broken: "is damaged",
    }.items():
        status, out, err = called(folder, capsys)
        assert (status, out) == (2, "")
        assert said in err and "; " in err
        assert len(err.splitlines()) == 1
