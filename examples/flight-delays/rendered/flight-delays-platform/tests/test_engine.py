"""The verbs call the engine in order, and say what is missing."""

import json
from pathlib import Path

import pytest

from flight_delays_platform import engine
from flight_delays_platform.__main__ import main
from flight_delays_platform.environments import PREFIX, PROVISIONED

# Notes its arguments; `export` writes its file, `fail` in the environment makes a word fail.
ENGINE = """#!/bin/sh
printf '%s\\n' "$*" >> "$ENGINE_LOG"
case "$*" in *"--file "*) echo '{}' > "${*##*--file }" ;; esac
case "$*" in *"$ENGINE_FAILS"*) exit 3 ;; esac
"""
QUIET = "--non-interactive "


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository's folder with an engine that takes notes."""
    (tmp_path / "foundation").mkdir()
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "pulumi").write_text(ENGINE, "utf-8")
    (binaries / "pulumi").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for name in ("PULUMI_BACKEND_URL", *engine.PASSPHRASES[1:], f"{PREFIX}_SECRETS_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{binaries}:/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "for tests")
    monkeypatch.setenv("ENGINE_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("ENGINE_FAILS", "no such word")
    monkeypatch.setenv(f"{PREFIX}_ENVIRONMENT", PROVISIONED[0])
    return tmp_path


def called(folder: Path) -> list[str]:
    """The words after the options that every call has."""
    lines = (folder / "log").read_text("utf-8").splitlines()
    return [line.removeprefix("--cwd foundation ").removeprefix(QUIET) for line in lines]


def test_a_copy_of_the_state_is_made_before_up(folder: Path) -> None:
    assert main(["up", "--", "--yes"]) == 0
    first, second, third = called(folder)
    assert first.startswith("stack select --create --secrets-provider passphrase")
    assert second.startswith("stack export --stack")
    assert third.startswith("up --stack")
    assert third.endswith("--yes")
    (copy,) = (folder / "exports").glob(f"{PROVISIONED[0]}-*.json")
    assert json.loads(copy.read_text("utf-8")) == {}


def test_without_a_copy_nothing_is_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_FAILS", "stack export")
    assert main(["destroy"]) == 3
    assert not any(call.startswith("destroy") for call in called(folder))


def test_a_preview_copies_nothing(folder: Path) -> None:
    assert main(["preview"]) == 0
    assert not (folder / "exports").exists()
    assert (folder / ".state").is_dir()


def test_the_state_goes_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine.surroundings({})["PULUMI_BACKEND_URL"].endswith("/.state")
    given = {"PULUMI_BACKEND_URL": "s3://bucket"}
    assert engine.surroundings(given)["PULUMI_BACKEND_URL"] == "s3://bucket"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("PATH", "/nonexistent"), "pulumi is not on PATH; install"),
        (("PULUMI_CONFIG_PASSPHRASE", None), "set PULUMI_CONFIG_PASSPHRASE_FILE"),
        ((f"{PREFIX}_ENVIRONMENT", "moon"), "no environment moon; choose ENVIRONMENT="),
        ((f"{PREFIX}_ENVIRONMENT", "dev"), "nothing is provisioned there"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(
    change: tuple[str, str | None],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, value = change
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    assert main(["up"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error: ")
    assert words in shown
    assert shown.count("\n") == 1
