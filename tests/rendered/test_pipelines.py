"""One description of the jobs, six dialects: all have the same jobs, and only verbs in them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ninefold.catalog import load

from dialects import CHANGE, DIALECTS, MAIN, SCHEDULE, repository
from rendering import ROLES, Family, call, copy, set_up, surroundings

REFERENCE = "github-actions"
COMMAND = re.compile(r"make [a-z][a-z-]*( [A-Z_]+=[a-z0-9./-]+)*")


def test_every_dialect_is_held_to_the_description() -> None:
    assert {each.name for each in load().filling("cicd", "pipelines")} == set(DIALECTS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [name for name in DIALECTS if name != REFERENCE])
def test_each_dialect_has_each_job(name: str, role: str, family: Family) -> None:
    expected = DIALECTS[REFERENCE].jobs(repository(family, REFERENCE, role))
    dialect = DIALECTS[name]
    found = dialect.jobs(repository(family, name, role))
    assert list(found) == list(expected)
    for title, job in expected.items():
        assert found[title].commands == job.commands
        assert found[title].when == job.when
        assert found[title].approval == job.approval
        assert found[title].own >= job.own, "it would run for a fork"
        assert found[title].report == job.report
        assert found[title].anyway == job.anyway
        if dialect.in_a_row:
            assert found[title].needs >= job.needs
        else:
            assert found[title].needs == job.needs


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("azure-pipelines", "script: make lint", "script: make setup"),
        ("azure-pipelines", "dependsOn: [test]", "dependsOn: []"),
        (
            "bitbucket-pipelines",
            "      - step: *test\n      - step: *image\n",
            "      - step: *test\n",
        ),
        ("gitea-actions", "        run: make test", "        run: make lint"),
        ("gitlab-ci", "  needs:\n    - Lint and test\n", "  needs: []\n"),
        ("jenkins", "branch 'main'", "changeRequest()"),
        ("jenkins", "sh 'make smoke'", "sh 'make run'"),
        (
            "jenkins",
            "triggeredBy 'TimerTrigger'\n                }",
            "branch 'main'\n                }",
        ),
        ("bitbucket-pipelines", "  custom:\n    nightly:\n      - step: *scan\n", ""),
    ],
)
def test_a_job_that_differs_is_found(
    name: str, old: str, new: str, family: Family, tmp_path: Path
) -> None:
    dialect = DIALECTS[name]
    source = repository(family, name, "serving") / dialect.path
    content = source.read_text("utf-8")
    assert old in content
    planted = tmp_path / dialect.path
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(content.replace(old, new), "utf-8")
    good = dialect.jobs(repository(family, name, "serving"))
    try:
        found = dialect.jobs(tmp_path)
    except (AssertionError, KeyError, ValueError):
        return  # what cannot be read is no pipeline of ours
    assert found != good


# Which step of the publish job is given what, in the dialects that give it to one step. The others
# have the variables of the repository in every step.
GIVEN = {
    "REGISTRY_PASSWORD": {"make publish", "make sign"},
    "COSIGN_PRIVATE_KEY": {"make sign"},
    "FLIGHT_DELAYS_PLATFORM_TOKEN": {"make release"},
}
STEP = {
    "azure-pipelines": r"- script: (make .+)\n(?: ++(?!- ).+\n)*",
    "gitea-actions": r"run: (make .+)\n(?: ++(?!- ).+\n)*",
    "github-actions": r"run: (make .+)\n(?: ++(?!- ).+\n)*",
    "jenkins": r"withCredentials\(\[(?:(?!withCredentials)[\s\S])*?sh '(make .+)'",
}


@pytest.mark.parametrize("name", STEP)
def test_a_secret_reaches_the_steps_that_need_it(name: str, family: Family) -> None:
    folder = repository(family, name, "serving")
    content = (folder / DIALECTS[name].path).read_text("utf-8")
    steps = {step[1]: step[0] for step in re.finditer(STEP[name], content)}
    for secret, expected in GIVEN.items():
        if name == "jenkins" and secret.startswith("COSIGN"):
            expected = set()  # its credentials would have to exist
        assert {verb for verb, said in steps.items() if secret in said} == expected
        assert content.count(secret) == sum(said.count(secret) for said in steps.values())


def test_the_list_of_what_is_in_the_image_is_kept(family: Family) -> None:
    """All but one: Gitea would need an action that its judges call outdated."""
    for name in DIALECTS:
        content = (repository(family, name, "serving") / DIALECTS[name].path).read_text("utf-8")
        assert ("build/sbom.cdx.json" in content) == (name != "gitea-actions"), name


def test_the_list_holds_what_the_image_installs(family: Family, tmp_path: Path) -> None:
    """What the lines of the Containerfile install is listed; what is listed beside it says why."""
    folder = family.repository("product")
    set_up(folder)
    call("make", "sbom", at=folder)
    said = json.loads((folder / "build/sbom.cdx.json").read_text("utf-8"))
    assert (said["bomFormat"], said["specVersion"]) == ("CycloneDX", "1.5")
    listed = {(one["name"], one["version"]): one for one in said["components"]}
    install = re.findall(
        r"uv (sync .*) --no-install-project", (folder / "Containerfile").read_text()
    )
    (words,) = install
    place = str(tmp_path / "environment")
    call("uv", *words.split(), "--no-install-project", at=folder, UV_PROJECT_ENVIRONMENT=place)
    found = call("uv", "pip", "list", "--format=json", f"--python={place}", at=folder)
    installed = {(one["name"], one["version"]) for one in json.loads(found.splitlines()[-1])}
    assert len(installed) > 5
    assert installed <= set(listed)
    for one in set(listed) - installed:
        assert "sys_platform" in str(listed[one]["properties"]), one


def test_only_what_signs_has_an_identity(family: Family) -> None:
    for name, word in (("github-actions", "id-token: write"), ("gitlab-ci", "id_tokens:")):
        for role in ROLES:
            content = (repository(family, name, role) / DIALECTS[name].path).read_text("utf-8")
            if role == "platform":
                continue  # its jobs say who they are to a cloud: see the tests of identities
            before, _, after = content.partition(word)
            assert after
            assert word not in after
            assert before.count("make sign") == 0 and after.count("make sign") == 1


@pytest.mark.parametrize("name", DIALECTS)
def test_a_page_of_another_name_is_found(name: str, family: Family, tmp_path: Path) -> None:
    dialect = DIALECTS[name]
    folder = repository(family, name, "platform")
    planted = tmp_path / dialect.path
    planted.parent.mkdir(parents=True, exist_ok=True)
    content = (folder / dialect.path).read_text("utf-8")
    planted.write_text(content.replace("build/preview-staging.md", "build/other.md"), "utf-8")
    good, found = dialect.jobs(folder), dialect.jobs(tmp_path)
    assert [title for title in good if found[title] != good[title]] == ["Preview staging"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", DIALECTS)
def test_nothing_but_verbs_stands_in_a_command(name: str, role: str, family: Family) -> None:
    """No expression at all: neither a branch nor a title nor a file can become a script."""
    folder = repository(family, name, role)
    verbs = set(re.findall(r"^([a-z-]+):", (folder / "Makefile").read_text("utf-8"), re.MULTILINE))
    for job in DIALECTS[name].jobs(folder).values():
        assert job.commands
        for command in job.commands:
            assert COMMAND.fullmatch(command), command
            assert command.split()[1] in verbs


DIGEST = f"sha256:{'d' * 64}"
# What a container engine is asked: podman's and docker's way, and buildah's. Each says the digest
# of what it pushed in its own way.
ENGINE = """#!/bin/sh
echo "$@" >> "$ASKED"
case "$1 $2" in
  login*) cat >> "$ASKED.password" ;;
  from*) echo started ;;
  run*) exit "$CODE" ;;
  inspect*|"image inspect") echo "sha256:$(printf %064d 7)" ;;
  "push --digestfile") case "$4" in *"$TAKEN") exit 1;; esac; echo "$SAID" | tr -d '\\n' > "$3" ;;
  push*) case "$2" in *"$TAKEN") exit 1;; esac; echo "$2: digest: $SAID size: 1234" ;;
esac
"""
QUIET = {
    "ASKED": os.devnull,
    "CODE": "0",
    "SAID": DIGEST,
    "REGISTRY": "registry.example.org",
    "TAKEN": " ",
}

# What Git and the services let a stranger choose.
HOSTILE = "$(touch${IFS}planted);`touch${IFS}planted`"
UNTRUSTED = (
    "BITBUCKET_BRANCH",
    "BRANCH_NAME",
    "BUILD_SOURCEBRANCHNAME",
    "CHANGE_BRANCH",
    "CHANGE_TITLE",
    "CI_COMMIT_REF_NAME",
    "CI_MERGE_REQUEST_TITLE",
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
)


@pytest.mark.parametrize("name", DIALECTS)
def test_hostile_names_run_nothing(name: str, family: Family, tmp_path: Path) -> None:
    """Every command of every job, in a checkout whose branch, files and variables are hostile."""
    source = repository(family, name, "serving")
    folder = copy(source, tmp_path / "repository")
    call("git", "init", "--quiet", at=folder)
    call("git", "checkout", "--quiet", "-b", HOSTILE, at=folder)
    (folder / HOSTILE).write_text("")
    (folder / "uv.lock").write_text("")
    for words in (("add", "uv.lock"), ("commit", "--quiet", "-m", HOSTILE)):
        call("git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words, at=folder)
    engine = tmp_path / "podman"
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    tools = {"UV": "true", "CONTAINER": str(engine), "CHANGED": "", **QUIET}
    for job in DIALECTS[name].jobs(folder).values():
        for command in job.commands:
            done = subprocess.run(
                ["sh", "-c", f"{command} -e"],  # what the tools are comes from the environment
                cwd=folder,
                env={**surroundings(), **tools, **dict.fromkeys(UNTRUSTED, HOSTILE)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.rglob("planted"))


def test_repositories_with_each_dialect_pass_their_own_checks(
    family: Family, tmp_path: Path
) -> None:
    """All dialects in one environment: the repositories differ in the pipeline and its test."""
    first = repository(family, REFERENCE, "product")
    set_up(first)
    environment = str(tmp_path / "environment")
    for name in DIALECTS:
        folder = copy(repository(family, name, "product"), tmp_path / name)
        shutil.copy(first / "uv.lock", folder)
        for command in (("make", "lint"), ("uv", "run", "pytest", "-q", "tests/test_ci.py")):
            said = call(*command, at=folder, UV_PROJECT_ENVIRONMENT=environment, UV_FROZEN="true")
        assert "1 passed" in said


SCAN = ("Scan dependencies and secrets", {CHANGE, SCHEDULE}, ("make scan",))
PUBLISHES = (
    "make image",
    "make smoke",
    "make sbom",
    "make publish",
    "make sign",
    "make release",
)


def test_a_role_repository_builds_tries_publishes_and_releases(family: Family) -> None:
    jobs = DIALECTS[REFERENCE].jobs(repository(family, REFERENCE, "training"))
    assert [(title, set(job.when), job.commands) for title, job in jobs.items()] == [
        ("Lint and test", {CHANGE, MAIN}, ("make setup", "make lint", "make test")),
        ("Build the image", {CHANGE}, ("make image", "make smoke")),
        ("Publish the image", {MAIN}, PUBLISHES),
        SCAN,
    ]


@pytest.mark.parametrize("role", ROLES)
def test_every_repository_is_scanned(role: str, family: Family) -> None:
    """Each pull request, of forks as well, and every night; nothing that runs after it waits."""
    for name in DIALECTS:
        jobs = DIALECTS[name].jobs(repository(family, name, role))
        assert [(title, set(job.when), job.commands) for title, job in jobs.items()][-1] == SCAN
        assert not DIALECTS[REFERENCE].jobs(repository(family, REFERENCE, role))[SCAN[0]].own


def test_the_platform_goes_from_environment_to_environment(family: Family) -> None:
    jobs = DIALECTS[REFERENCE].jobs(repository(family, REFERENCE, "platform"))
    for name in ("staging", "prod"):
        preview, up = jobs[f"Preview {name}"], jobs[f"Apply to {name}"]
        assert preview.when == {CHANGE} and preview.own
        assert preview.report == f"build/preview-{name}.md"
        assert jobs[f"Look for drift in {name}"].report == f"build/drift-{name}.md"
        assert up.when == {MAIN} and up.approval == (name == "prod")
        assert jobs[f"Look for drift in {name}"].when == {SCHEDULE}
        assert up.commands == ("make engine", f"make up ENVIRONMENT={name} UNATTENDED=1")
    assert jobs["Apply to prod"].needs == {"Lint and test", "Apply to staging"}


@pytest.fixture
def published(family: Family, tmp_path: Path) -> Path:
    """A repository with its lock committed, beside container engines that take notes."""
    folder = copy(repository(family, REFERENCE, "serving"), tmp_path / "repository")
    (folder / "uv.lock").write_text("")
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "First")):
        call("git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words, at=folder)
    for name in ("podman", "buildah", "docker"):
        (tmp_path / name).write_text(ENGINE)
        (tmp_path / name).chmod(0o755)
    return folder


def ask(folder: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a verb with an engine that takes notes."""
    asked = {"ASKED": str(folder.parent / "asked"), "CODE": "0", "SAID": DIGEST, "TAKEN": " "}
    known = {"UV": "true", **asked}
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        env={**surroundings(), **known, **more},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["podman", "buildah"])
@pytest.mark.parametrize("code", ["0", "7"])
def test_an_image_that_does_not_start_is_found(name: str, code: str, published: Path) -> None:
    done = ask(published, "smoke", f"CONTAINER={published.parent / name}", CODE=code)
    assert (done.returncode == 0) == (code == "0"), done.stderr
    asked = (published.parent / "asked").read_text().splitlines()
    assert any("--help" in line for line in asked)
    if name == "buildah":
        assert asked[-1] == "rm started"


@pytest.mark.parametrize(
    ("name", "push"),
    [
        ("podman", "push --digestfile build/digest"),
        ("buildah", "push --digestfile build/digest"),
        ("docker", "push"),
    ],
)
def test_an_image_is_published_by_its_content(name: str, push: str, published: Path) -> None:
    tree = call("git", "rev-parse", "HEAD^{tree}", at=published).strip()
    image = f"registry.example.org/team/flight-delays-serving:{tree}"
    engine = f"CONTAINER={published.parent / name}"
    given = {"REGISTRY": "registry.example.org/team", "REGISTRY_USER": "robot"}
    done = ask(published, "publish", engine, **given, REGISTRY_PASSWORD="s3cret")
    assert done.returncode == 0, done.stderr
    assert (published.parent / "asked").read_text().splitlines() == [
        "login --username robot --password-stdin registry.example.org",
        f"tag flight-delays-serving:latest {image}",
        f"{push} {image}",
    ]
    assert (published / "build/published").read_text() == f"{image}@{DIGEST}\n"
    assert (published.parent / "asked.password").read_text() == "s3cret"
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["podman", "buildah", "docker"])
def test_a_name_that_is_taken_is_not_trusted(name: str, published: Path) -> None:
    """Tags never move there: what this run built goes by another name, and nothing is pulled."""
    tree = call("git", "rev-parse", "HEAD^{tree}", at=published).strip()
    engine = f"CONTAINER={published.parent / name}"
    done = ask(published, "publish", engine, REGISTRY="registry.example.org", TAKEN=tree)
    assert done.returncode == 0, done.stderr
    image = f"registry.example.org/flight-delays-serving:{tree}-{'0' * 12}"
    assert (published / "build/published").read_text() == f"{image}@{DIGEST}\n"
    asked = (published.parent / "asked").read_text()
    assert "pull" not in asked
    (published / "build/published").unlink()
    done = ask(published, "publish", engine, REGISTRY="registry.example.org", TAKEN="")
    assert done.returncode != 0
    assert "error: the registry took the image under neither name" in done.stderr
    assert not (published / "build/published").exists()


def test_an_image_of_another_lock_has_another_name(published: Path) -> None:
    engine = f"CONTAINER={published.parent / 'podman'}"
    names = []
    for lock in ("version = 1\n", "version = 2\n"):
        (published / "uv.lock").write_text(lock)
        done = ask(published, "publish", engine, REGISTRY="registry.example.org")
        assert done.returncode != 0
        assert "error: uv.lock differs from the commit" in done.stderr
        assert not (published / "build/published").exists()
        for words in (("add", "uv.lock"), ("commit", "--quiet", "-m", "Lock")):
            call("git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words, at=published)
        done = ask(published, "publish", engine, REGISTRY="registry.example.org")
        assert done.returncode == 0, done.stderr
        names.append((published / "build/published").read_text())
        (published / "build/published").unlink()
    assert names[0] != names[1]


@pytest.mark.parametrize("name", ["podman", "docker"])
def test_without_a_digest_nothing_is_published(name: str, published: Path) -> None:
    (published / "build").mkdir(exist_ok=True)
    (published / "build/published").write_text("of another time")
    engine = f"CONTAINER={published.parent / name}"
    done = ask(published, "publish", engine, REGISTRY="registry.example.org", SAID="")
    assert done.returncode != 0
    assert f"error: {name} did not say the digest" in done.stderr
    assert not (published / "build/published").exists()


def test_what_does_not_follow_from_a_commit_is_not_published(published: Path) -> None:
    engine = f"CONTAINER={published.parent / 'podman'}"
    assert "where to?" in ask(published, "publish", engine).stderr
    (published / "README.md").write_text("changed")
    given = {"REGISTRY": "registry.example.org"}
    assert (
        "there are changes beside the commit" in ask(published, "publish", engine, **given).stderr
    )
    call("git", "checkout", "--quiet", "README.md", at=published)
    call("git", "rm", "--quiet", "--cached", "uv.lock", at=published)
    assert "uv.lock is not committed" in ask(published, "publish", engine, **given).stderr
    assert not (published.parent / "asked").exists()


def test_uv_is_fetched_where_it_is_missing(family: Family, tmp_path: Path) -> None:
    """A runner needs no more than make and Python."""
    folder = copy(family.repository("product"), tmp_path / "repository")
    programs = tmp_path / "bin"
    programs.mkdir()
    for word in ("make", "sh", "rm", "echo", "touch", "git"):
        (programs / word).symlink_to(str(shutil.which(word)))
    python = programs / "python3"
    python.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nexit 1\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "setup"],
        cwd=folder,
        env={"PATH": str(programs), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert (tmp_path / "asked").read_text().strip() == "-m venv .tools/uv"
    assert "error: uv is missing; install it" in done.stderr
    assert not (folder / ".tools" / "uv").exists()
