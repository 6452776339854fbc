"""From a merge to production and back: real images, a real registry, real Git over HTTP.

Only the image's content and the environment of Python are small: both are tested elsewhere.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import programs
import pytest
import yaml
from hosts import COSIGN, REGISTRY, git_host, registry

from rendering import Family, alone, call, copy, example, surroundings

FIRST, SECOND = "staging", "prod"
USER, TOKEN = "robot", "a-token-that-nobody-sees"
AUTHOR = ("-c", "user.name=A developer", "-c", "user.email=developer@example.org")
BILL = '{"bomFormat": "CycloneDX", "specVersion": "1.5"}'
# uv, as far as a verb calls it here: what it runs has no dependencies.
UV = f"""#!/bin/sh
case "$1 $2 $3" in
  "run --frozen python") shift 3; exec {sys.executable} "$@" ;;
  export*) while shift && test $# != 1; do :; done; echo '{BILL}' >"$1" ;;
esac
"""
IMAGE = "FROM scratch\nCOPY README.md /\n"
STORAGE = '[storage]\ndriver = "vfs"\nrunroot = "{0}/run"\ngraphroot = "{0}/graph"\n'


@dataclass(frozen=True)
class Place:
    """Where the repositories of a product are, and what is set for a pipeline there."""

    folder: Path
    settings: Mapping[str, str]

    def make(self, role: str, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """A verb in a role's repository, as a pipeline calls it."""
        return subprocess.run(
            ["make", *words],
            cwd=self.folder / role,
            env={**surroundings(), **self.settings, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def done(self, role: str, *words: str) -> str:
        """What a verb that succeeds says."""
        ran = self.make(role, *words)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert TOKEN not in ran.stdout + ran.stderr
        return ran.stdout

    def git(self, role: str, *words: str) -> str:
        return call("git", *AUTHOR, *words, at=self.folder / role).strip()

    def merge(self, role: str, content: str) -> None:
        """Another content on main."""
        (self.folder / role / "README.md").write_text(content, "utf-8")
        self.git(role, "commit", "--quiet", "--all", f"--message={content}")

    def runs(self, environment: str) -> dict[str, str]:
        """The images that an environment names by digest, as the platform's main says it."""
        path = f"release/{environment}/common/kustomization.yaml"
        said = yaml.safe_load(self.git("platform.git", "show", f"main:{path}"))["images"]
        return {
            one["name"].removeprefix("flight-delays-"): f"{one['newName']}@{one['digest']}"
            for one in said
            if "digest" in one
        }


@pytest.fixture(scope="module")
def repositories(family: Family) -> Path:
    """Repositories of the flight example with two environments to deliver to."""
    folder = family.folder.parent / "delivery"
    spec = example()
    spec["environments"][SECOND] = {"target": "kubernetes", "size": "small"}
    for role in ("serving", "training", "platform"):
        if not (folder / role).is_dir():
            alone(spec, role, folder / role)
    return folder


@pytest.fixture
def place(repositories: Path, tmp_path: Path) -> Iterator[Place]:
    program = programs.go(REGISTRY)
    if program is None or not shutil.which("buildah"):
        pytest.skip("a registry is built with Go, an image with buildah")
    folder = tmp_path / "product"
    for role in ("serving", "training", "platform"):
        copy(repositories / role, folder / role)
        for name, content in (("uv.lock", ""), ("Containerfile", IMAGE), ("README.md", role)):
            (folder / role / name).write_text(content, "utf-8")
        call("git", "init", "--quiet", "--initial-branch=main", at=folder / role)
        call("git", "add", "--all", at=folder / role)
        call("git", *AUTHOR, "commit", "--quiet", "--message=First", at=folder / role)
    call("git", "clone", "--quiet", "--bare", "platform", "platform.git", at=folder)
    (tmp_path / "uv").write_text(UV)
    (tmp_path / "uv").chmod(0o755)
    (tmp_path / "storage.conf").write_text(STORAGE.format(tmp_path / "storage"))
    with registry(program, tmp_path) as images, git_host(folder, USER, TOKEN) as host:
        (tmp_path / "registries.conf").write_text(
            f'[[registry]]\nlocation = "{images}"\ninsecure = true\n'
        )
        settings = {
            "UV": str(tmp_path / "uv"),
            "PYTHONPATH": "src",
            "HOME": str(tmp_path),
            "CONTAINER": str(shutil.which("buildah")),
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_STORAGE_CONF": str(tmp_path / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(tmp_path / "registries.conf"),
            "REGISTRY": f"{images}/team",
            "FLIGHT_DELAYS_PLATFORM_URL": f"{host}/platform.git",
            "FLIGHT_DELAYS_PLATFORM_USER": USER,
            "FLIGHT_DELAYS_PLATFORM_TOKEN": TOKEN,
            **{
                f"GIT_{who}_{key}": value
                for who in ("AUTHOR", "COMMITTER")
                for key, value in (("NAME", "A developer"), ("EMAIL", "developer@example.org"))
            },
        }
        yield Place(folder, settings)


def known(image: str) -> bool:
    """Does the registry have this content under this digest?"""
    address, _, digest = image.partition("@")
    host, _, name = address.partition("/")
    with urllib.request.urlopen(f"http://{host}/v2/{name}/manifests/{digest}") as answer:
        content = answer.read()
    return digest == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_a_merge_goes_to_production_and_back(place: Place) -> None:
    place.done("serving", "image", "publish")
    assert f"to {FIRST}" in place.done("serving", "release")
    first = place.runs(FIRST)["serving"]
    assert known(first)
    assert place.runs(SECOND) == {}
    assert "already" in place.done("serving", "release")
    assert place.git("platform.git", "rev-list", "--count", "main") == "2"

    place.git("platform", "pull", "--quiet", "../platform.git", "main")
    before = place.git("platform", "rev-parse", "HEAD^{tree}")
    shown = place.done("platform", "promote", f"FROM={FIRST}", f"TO={SECOND}", "ROLE=serving")
    assert f"+    digest: {first.partition('@')[2]}" in shown
    branch = place.git(
        "platform", "for-each-ref", "--format=%(refname:short)", "refs/heads/promote-*"
    )
    assert place.git("platform", "rev-parse", "HEAD^{tree}") == before
    place.git("platform", "merge", "--quiet", "--ff-only", branch)  # reviewed
    place.git("platform", "push", "--quiet", "../platform.git", "main")
    assert place.runs(SECOND) == {"serving": first}

    place.merge("serving", "another content")
    assert "of another commit" in place.make("serving", "release").stderr
    place.done("serving", "image", "publish")
    place.done("serving", "release")
    assert place.runs(FIRST)["serving"] != first
    assert place.runs(SECOND) == {"serving": first}

    place.git("platform", "pull", "--quiet", "../platform.git", "main")
    place.git("platform", "revert", "--no-edit", branch)
    place.git("platform", "push", "--quiet", "../platform.git", "main")
    assert place.runs(SECOND) == {}
    assert place.runs(FIRST)["serving"] != first


def test_a_model_version_goes_to_production_and_back(place: Place) -> None:
    """By the same commit that a person reviews, and by no change of an image."""

    def served() -> str:
        content = place.git("platform", "show", f"HEAD:release/{SECOND}/serving/serving.yaml")
        workload, *_ = yaml.safe_load_all(content)
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        (value,) = (
            one["value"] for one in container["env"] if one["name"].endswith("_SERVING_ALIAS")
        )
        return str(value)

    assert served() == "champion"
    words = (f"FROM={FIRST}", f"TO={SECOND}", "MODEL=7", "HERE=1")
    shown = place.done("platform", "promote", *words)
    assert '+              value: "v7"' in shown
    assert served() == "v7"
    assert "nothing to promote" in place.done("platform", "promote", *words)
    place.git("platform", "revert", "--no-edit", "HEAD")
    assert served() == "champion"


def test_the_platforms_own_tests_of_promotions_pass(place: Place) -> None:
    """They are rendered for two environments that have a tree; all of its code is linted here."""
    folder = place.folder / "platform"
    python = (sys.executable, "-m")
    call(*python, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_promotion.py", at=folder,
         PYTHONPATH="src")  # fmt: skip
    for words in (("check", "."), ("format", "--check", ".")):
        call(*python, "ruff", *words, "--no-cache", at=folder)


def test_two_repositories_release_at_once(place: Place) -> None:
    """Git lets one of them through; the other looks again."""
    hook = place.folder / "platform.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nsleep 1\n")
    hook.chmod(0o755)
    roles = ("serving", "training")
    for role in roles:
        place.done(role, "image", "publish")
    with ThreadPoolExecutor(len(roles)) as pool:
        said = list(pool.map(lambda role: place.done(role, "release"), roles))
    assert all(f"to {FIRST}" in one for one in said)
    found = place.runs(FIRST)
    assert set(found) == set(roles)
    assert all(known(image) for image in found.values())


def test_what_was_published_is_signed_with_its_list(place: Place, tmp_path: Path) -> None:
    """With a key, and without a word to a public log."""
    program = programs.go(COSIGN)
    if program is None:
        pytest.skip("cosign is built with Go")
    call(program, "generate-key-pair", at=tmp_path, COSIGN_PASSWORD="a-password")
    place.done("serving", "image", "sbom", "publish")
    image = re.sub(r":[^:@]*@", "@", (place.folder / "serving/build/published").read_text().strip())
    public = f"--key={tmp_path / 'cosign.pub'}"
    checks = (
        (program, "verify", public, "--private-infrastructure", image),
        (
            program,
            "verify-attestation",
            "--type=cyclonedx",
            public,
            "--private-infrastructure",
            image,
        ),
    )
    assert "not signed: SIGN is not set" in place.done("serving", "sign")
    for check in checks:
        assert subprocess.run(check, capture_output=True, check=False).returncode != 0
    given = {
        "SIGN": "env://COSIGN_PRIVATE_KEY",
        "COSIGN_PRIVATE_KEY": (tmp_path / "cosign.key").read_text(),
        "COSIGN_PASSWORD": "a-password",
    }
    missing = place.make("serving", "sign", **given)
    assert "error: SIGN is set and cosign is missing" in missing.stderr
    given["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    done = place.make("serving", "sign", **given)
    assert done.returncode == 0 and f"signed {image}" in done.stdout, done.stdout + done.stderr
    for check in checks:
        subprocess.run(check, capture_output=True, check=True)


def test_a_wrong_token_is_one_line_with_its_remedy(place: Place) -> None:
    place.done("serving", "image", "publish")
    done = place.make("serving", "release", FLIGHT_DELAYS_PLATFORM_TOKEN="wrong-word")
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "may FLIGHT_DELAYS_PLATFORM_TOKEN write to that repository?" in said
    assert "wrong-word" not in done.stdout + done.stderr
    assert place.runs(FIRST) == {}
