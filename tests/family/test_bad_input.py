"""Whatever a command is given: one clear line for each fault, and nothing written or lost."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from ninefold.cli import main

from workshop import EXAMPLE, Workshop, tree

TEXT = EXAMPLE.read_text(encoding="utf-8")
HOME = "flight-delays-product"
Capture = pytest.CaptureFixture[str]


def swapped(old: str, new: str) -> bytes:
    assert old in TEXT, old
    return TEXT.replace(old, new, 1).encode()


BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefghi")
)
SPECS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "a field is missing": (swapped("  lead_time: 2h\n", ""), "prediction.lead_time is missing"),
    "wrong type": (swapped("seed: 2013", "seed: x"), "must be a whole number"),
    "unknown technology": (swapped("{local: luigi,", "{local: luigy,"), "luig"),
    "a technology of another slot": (
        swapped("feature_store: feast", "feature_store: luigi"),
        "luigi",
    ),
    "a target that it cannot run on": (
        swapped("kubernetes: argo-workflows}", "kubernetes: luigi}"),
        "orchestration",
    ),
    "key twice": (swapped("version: 1\n", "version: 1\nversion: 1\n"), "version is there twice"),
    "tab": (swapped("  lead_time: 2h", "\tlead_time: 2h"), "there is a tab"),
    "not UTF-8": (swapped("Flight delays", "Flight d\xe9lays").decode().encode("latin-1"), "UTF-8"),
    "10 MB": (TEXT.encode() + b"#" * 10_000_000, "larger than 1 MB"),
    "a bomb of aliases": (BOMB.encode(), "sets an anchor"),
    "no YAML": (swapped("port: 3000", "port: [3000"), "no YAML"),
    "NUL": (swapped("port: 3000", "port: 3\x00"), "YAML forbids"),
}


def lines_of(said: str, name: str) -> list[str]:
    """Each line says the file, the line, what is wrong and the remedy."""
    lines = [line for line in said.splitlines() if not line.startswith("warning: ")]
    assert lines
    assert "Traceback" not in said
    for line in lines:
        place, _, rest = line.partition(": ")
        file, _, number = place.rpartition(":")
        assert file.endswith(name) and int(number) >= 1, line
        assert ";" in rest or rest.endswith("?") or "quotes" in rest, line
    return lines


@pytest.mark.parametrize("case", SPECS)
@pytest.mark.parametrize("command", ["plan", "new"])
def test_a_bad_spec_is_refused(case: str, command: str, tmp_path: Path, capsys: Capture) -> None:
    content, expected = SPECS[case]
    spec = tmp_path / "product.yaml"
    spec.write_bytes(content)
    more = ["--into", str(tmp_path / "made")] if command == "new" else []
    assert main([command, str(spec), *more]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert any(expected in line for line in lines_of(shown.err, "product.yaml")), shown.err
    assert [path.name for path in tmp_path.iterdir()] == ["product.yaml"]
    assert spec.read_bytes() == content


@pytest.fixture(scope="module")
def broken(family: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A family whose spec the tests replace."""
    folder = tmp_path_factory.mktemp("broken") / "flights"
    return Path(shutil.copytree(family, folder, symlinks=True))


@pytest.mark.parametrize("case", SPECS)
def test_a_family_with_a_bad_spec(case: str, broken: Path, capsys: Capture) -> None:
    content, expected = SPECS[case]
    (broken / HOME / "product.yaml").write_bytes(content)
    before = tree(broken / HOME)
    assert main(["audit", str(broken)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert any(expected in line for line in lines_of(shown.err, "product.yaml")), shown.err
    assert main(["check", str(broken)]) == 1
    found = capsys.readouterr()
    assert expected in found.out and found.err == ""
    assert tree(broken / HOME) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "DIR"],
        ["new", "DIR", "--into", "made"],
        ["plan", "none.yaml"],
        ["new", "none.yaml", "--into", "made"],
        ["check", "none"],
        ["run", "none"],
        ["audit", "none"],
        ["audit", "FILE"],
        ["check", "FILE"],
        ["run", "FILE"],
        ["check", "DIR"],
        ["run", "DIR"],
        ["audit", "DIR"],
        ["init", "--into", "FILE"],
        ["init", "--into", "DIR"],
        ["init", "--into", "none/product.yaml"],
        ["init", "--example", "none", "--into", "made.yaml"],
        ["technology", "list", "--root", "FILE"],
        ["technology", "show", "none"],
        ["technology", "new", "x/y", "--slot", "orchestration"],
    ],
    ids=" ".join,
)
def test_what_is_not_there_or_of_another_kind(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    named = {"DIR": "folder", "FILE": "file"}
    assert main([named.get(word, word) for word in arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    assert len(shown.err.splitlines()) == 1
    assert ";" in shown.err or "did you mean" in shown.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert list((tmp_path / "folder").iterdir()) == []
    assert (tmp_path / "file").read_text() == "mine"


# --- what the machine refuses


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("optional: needs the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_init_on_a_full_disk_leaves_no_half_file(small: Workshop) -> None:
    with small_disk(small.folder / "disk", "size=4k") as disk:
        (disk / "full").write_bytes(b"x" * 4096)
        done = small.ninefold("init", "--example", "flight-delays", "--into", disk / "product.yaml")
        assert done.returncode == 2, done.stdout
        assert "cannot be written" in done.stderr and len(done.stderr.splitlines()) == 1
        assert [path.name for path in disk.iterdir()] == ["full"]


# Root may do anything, unless it gives that up.
BOUND = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


@pytest.mark.parametrize(
    "command",
    [
        lambda mine: ("new", EXAMPLE, "--into", mine / "made"),
        lambda mine: ("init", "--example", "flight-delays", "--into", mine / "x.yaml"),
        lambda mine: ("plan", mine / "secret.yaml"),
    ],
    ids=["new", "init", "plan"],
)
def test_what_may_not_be_written_or_read(
    small: Workshop, command: Callable[[Path], tuple[str | Path, ...]]
) -> None:
    mine = small.folder / "mine"
    mine.mkdir()
    (mine / "secret.yaml").write_text(TEXT)
    (mine / "secret.yaml").chmod(0)
    mine.chmod(0o555)
    called = small.command(*command(mine))
    if os.geteuid() == 0:
        if subprocess.run([*BOUND, "true"], capture_output=True, check=False).returncode:
            pytest.skip("optional: needs the right to give rights up")
        called = [*BOUND, *called]
    done = subprocess.run(
        called, cwd=small.folder, env=small.environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1 and "; " in done.stderr
    assert [path.name for path in mine.iterdir()] == ["secret.yaml"]
    mine.chmod(0o755)


def test_without_a_network_everything_local_works(small: Workshop) -> None:
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("optional: needs the right to take the network away")

    def offline(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["unshare", "-n", *small.command(*arguments)],
            cwd=small.folder, env=small.environment(), capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    into = small.folder / "flights"
    done = offline("new", EXAMPLE, "--into", into)
    assert done.returncode == 0, done.stderr
    for command in (("check", into), ("plan", EXAMPLE), ("technology", "list")):
        assert offline(*command).returncode == 0
    url = "https://ninefold.invalid/templates.git"
    refused = offline("new", EXAMPLE, "--into", small.folder / "other", "--template", url)
    assert refused.returncode == 2
    assert url in refused.stderr and "Traceback" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert sorted(path.name for path in small.folder.iterdir()) == ["flights", "home"]
