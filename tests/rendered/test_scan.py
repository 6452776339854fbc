"""Each rendered repository is scanned by its own verbs: what is bad is found, and named."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import advisories
import pytest
from advisories import ADVISORY, Advisories

from rendering import ROLES, Family, call, set_up, surroundings

# Put together here, so that this file holds none.
PLANTED = "AKIA" + "Q3EGRZPLMW5TYV2N"
BAD = "jinja2"
CLEAN = "Found no secret in the files"
# A notebook that was run shows pictures; an environment of the platform holds what was encrypted.
PICTURE = """\
{
 "cells": [
  {
   "image/png": "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAYAAAA10dzk+/9sbWrA"
  }
 ]
}
"""
ENCRYPTED = """\
secretsprovider: awskms://alias/NAME?region=REGION
encryptedkey: AQICAHgQwErTyUiOpAsDfGhJkLzXcVbNm1234567890qwertyuiop+/QwErTyUi
config:
  object_store:secret: objects
  platform:password:
    secure: AAABADgQwErTyUiOpAsDfGhJkLzXcVbNm1234567890qwertyuiop
"""


@pytest.fixture(scope="module")
def good() -> Iterator[Advisories]:
    """A server that knows no advisory."""
    with advisories.running() as server:
        yield server


@pytest.fixture
def repository(family: Family, tmp_path: Path) -> Path:
    """What the verbs of the product's repository need of it, known to Git."""
    return _scanned(family.repository("product"), tmp_path)


def _scanned(source: Path, into: Path) -> Path:
    set_up(source)
    folder = into / "repository"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "uv.lock", ".gitignore"):
        shutil.copy(source / name, folder)
    (folder / ".venv").symlink_to(source / ".venv")
    call("git", "init", "--quiet", at=folder)
    return folder


def scan(folder: Path, verb: str, url: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a verb that is to fail, or not."""
    return subprocess.run(
        ["make", verb],
        cwd=folder,
        env={**surroundings(), "ADVISORIES": url, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def errors(done: "subprocess.CompletedProcess[str]") -> list[str]:
    """The lines that say what is wrong."""
    return [line for line in done.stderr.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize("role", ROLES)
def test_a_repository_is_clean(role: str, family: Family, good: Advisories) -> None:
    folder = family.repository(role)
    set_up(folder)
    done = scan(folder, "scan", good.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Found no known vulnerabilities .* in \d+ packages", done.stdout)
    assert CLEAN in done.stdout
    locked = (folder / "uv.lock").read_text("utf-8")
    image = re.findall(r'^  "([a-z0-9-]+)', (folder / "pyproject.toml").read_text("utf-8"), re.M)
    assert good.asked & set(image), "what the repository depends on was asked about"
    assert "detect-secrets" in locked
    assert "detect-secrets" not in good.asked, "what is not in the image was asked about"


def test_a_known_vulnerability_is_named(repository: Path) -> None:
    (version,) = re.findall(
        rf'name = "{BAD}"\nversion = "(.+)"', (repository / "uv.lock").read_text("utf-8")
    )
    with advisories.running(BAD) as server:
        done = scan(repository, "scan", server.url)
        assert done.returncode != 0
        assert f"{BAD} {version} has 1 known vulnerability" in done.stdout
        assert ADVISORY in done.stdout
        (error,) = errors(done)
        assert error.startswith("error: uv.lock: known vulnerabilities")
        assert CLEAN in done.stdout, "the other half was not done"
        path = repository / "pyproject.toml"
        content = path.read_text("utf-8")
        assert content.count("ignore = []\n") == 1
        reason = f'ignore = [\n  "{ADVISORY}", # no template comes from outside\n]\n'
        path.write_text(content.replace("ignore = []\n", reason), "utf-8")
        done = scan(repository, "scan", server.url)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kept", ["tracked", "new", "ignored"])
def test_a_secret_is_named_by_its_place(kept: str, repository: Path, good: Advisories) -> None:
    (repository / "leak.toml").write_text(f'a = 1\nkey = "{PLANTED}"\n', "utf-8")
    if kept == "tracked":
        call("git", "add", "leak.toml", at=repository)
    elif kept == "ignored":
        with (repository / ".gitignore").open("a", encoding="utf-8") as file:
            file.write("leak.toml\n")
    done = scan(repository, "scan", good.url)
    assert (done.returncode == 0) == (kept == "ignored"), done.stderr
    found = errors(done)
    assert len(found) == (0 if kept == "ignored" else 1)
    for error in found:
        assert error.startswith("error: leak.toml:2: AWS Access Key; revoke it")
        assert "pragma: allowlist secret" in error
    assert PLANTED not in done.stdout + done.stderr
    assert "Found no known vulnerabilities" in done.stdout, "the other half was not done"


def test_what_is_no_secret_can_be_said_so(repository: Path) -> None:
    leak = repository / "leak.toml"
    leak.write_text(f'key = "{PLANTED}"  # pragma: allowlist secret\n', "utf-8")
    assert scan(repository, "secrets").returncode == 0
    (repository / "run.ipynb").write_text(PICTURE, "utf-8")
    done = scan(repository, "secrets")
    assert done.returncode == 0, done.stderr
    (repository / "run.ipynb").write_text(PICTURE.replace("image/png", "token"), "utf-8")
    (error,) = errors(scan(repository, "secrets"))
    assert error.startswith("error: run.ipynb:4: ")


def test_what_is_encrypted_is_no_secret(family: Family, tmp_path: Path) -> None:
    folder = _scanned(family.repository("platform"), tmp_path)
    path = folder / "Pulumi.prod.yaml"
    path.write_text(ENCRYPTED, "utf-8")
    done = scan(folder, "secrets")
    assert done.returncode == 0, done.stderr
    for old, new, line in (("secure:", "plain:", 6), ("secret: objects", "secret: Objects7", 4)):
        path.write_text(ENCRYPTED.replace(old, new), "utf-8")
        (error,) = errors(scan(folder, "secrets"))
        assert error.startswith(f"error: Pulumi.prod.yaml:{line}: ")


def test_no_template_looks_like_a_secret(family: Family, checkout: Path) -> None:
    """Of no technology: what a family brings is clean, whatever it chooses."""
    home = family.repository("product")
    set_up(home)
    listed = call("git", "ls-files", "-z", "templates", "stacks/ninefold_stacks", at=checkout)
    names = [
        name
        for name in filter(None, listed.split("\0"))
        if "/scaffold/" in name or name.endswith(".jinja")
    ]
    call(home / ".venv/bin/detect-secrets-hook", "--no-verify", "--", *names, at=checkout)


def test_hostile_names_of_files_are_names(repository: Path) -> None:
    for name in ("--help", "-", "a b", "$(touch planted)", "line\nbreak", "'\""):
        (repository / name).write_text(f'key = "{PLANTED}"\n', "utf-8")
    done = scan(repository, "secrets")
    assert done.returncode != 0
    assert len(errors(done)) == 6, done.stderr
    assert not list(repository.rglob("planted"))


def test_what_cannot_be_asked_is_said_in_one_line(repository: Path) -> None:
    done = scan(repository, "advisories", "http://127.0.0.1:9", UV_HTTP_RETRIES="0")
    assert done.returncode != 0
    (error,) = errors(done)
    assert "127.0.0.1:9" in error and "ADVISORIES=url" in error
    done = scan(repository, "secrets", UV="false")
    assert done.returncode != 0
    assert len(errors(done)) == 1 and "could not be read" in done.stderr
    (repository / ".git").rename(repository.parent / "git")
    done = scan(repository, "secrets", GIT_CEILING_DIRECTORIES=str(repository.parent))
    assert done.returncode != 0
    assert [error.partition(";")[2] for error in errors(done)] == [" git init"]
