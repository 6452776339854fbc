"""The pipelines of every repository pass their judges, and each judge finds a planted fault."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from ninefold.digests import PLACE, read

from dialects import DIALECTS, repository
from judges import commands, groovy_lint, judge, schemas
from rendering import CHECKOUT, ROLES, Family

ACTIONS = ("gitea-actions", "github-actions")
JUDGES = ("zizmor", "actionlint")
CHECKOUT_ACTION = read(CHECKOUT / PLACE)["actions"]["actions/checkout"]
ACTION = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")


@pytest.fixture(scope="session")
def known() -> dict[str, list[str]]:
    return commands()


@pytest.fixture(scope="session")
def groovy() -> list[str]:
    found = groovy_lint()
    if found is None:
        pytest.skip("optional: npm-groovy-lint needs npm, its registry and Java")
    return found


def pipeline(family: Family, dialect: str, role: str) -> Path:
    return repository(family, dialect, role) / DIALECTS[dialect].path


def planted(family: Family, dialect: str, change: tuple[str, str], into: Path) -> Path:
    """The pipeline of a repository with a change in it."""
    content = pipeline(family, dialect, "serving").read_text(encoding="utf-8")
    old, new = change
    assert old in content
    path = into / DIALECTS[dialect].path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize("dialect", schemas())
def test_each_pipeline_has_the_form_that_its_maker_publishes(dialect: str, family: Family) -> None:
    every = [pipeline(family, dialect, role) for role in ROLES]
    good, said = judge(schemas()[dialect], *every)
    assert good, said


@pytest.mark.parametrize(
    ("dialect", "old", "new"),
    [
        ("azure-pipelines", "displayName: Lint\n", "displayedName: Lint\n"),
        ("azure-pipelines", "timeoutInMinutes:", "timeLimit:"),
        ("bitbucket-pipelines", "max-time: 30", "max-time: soon"),
        ("bitbucket-pipelines", "- step: *test", "- steps: *test"),
        ("gitea-actions", "runs-on: ubuntu-24.04", "runs-at: ubuntu-24.04"),
        ("github-actions", "runs-on: ubuntu-24.04", "runs-at: ubuntu-24.04"),
        ("github-actions", "permissions: {}", "permissions: 7"),
        ("gitlab-ci", "on_new_commit: interruptible", "on_new_commit: never"),
        ("gitlab-ci", "  script:\n", "  scripts:\n"),
    ],
)
def test_each_schema_finds_a_planted_fault(
    dialect: str, old: str, new: str, family: Family, tmp_path: Path
) -> None:
    good, said = judge(schemas()[dialect], planted(family, dialect, (old, new), tmp_path))
    assert not good, said


@pytest.mark.parametrize("dialect", ACTIONS)
@pytest.mark.parametrize("name", JUDGES)
def test_the_judges_have_nothing_to_say(
    name: str, dialect: str, family: Family, known: dict[str, list[str]]
) -> None:
    if name not in known:
        pytest.skip(f"{name} cannot be built here: there is no Go")
    good, said = judge(known[name], *(pipeline(family, dialect, role) for role in ROLES))
    assert good, said


@pytest.mark.parametrize("dialect", ACTIONS)
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("zizmor", "permissions: {}", "permissions: write-all"),
        ("zizmor", "persist-credentials: false", "persist-credentials: true"),
        ("zizmor", "  pull_request:\n", "  pull_request_target:\n"),
        ("zizmor", f"@{CHECKOUT_ACTION['commit']}", "@v6"),
        ("zizmor", "run: make lint", "run: echo ${{ github.head_ref }}"),
        ("actionlint", "needs: [test]", "needs: [tests]"),
        ("actionlint", "github.event_name", "github.evnt_name"),
    ],
)
def test_each_judge_finds_a_planted_fault(
    name: str,
    old: str,
    new: str,
    dialect: str,
    family: Family,
    known: dict[str, list[str]],
    tmp_path: Path,
) -> None:
    if name not in known:
        pytest.skip(f"{name} cannot be built here: there is no Go")
    good, said = judge(known[name], planted(family, dialect, (old, new), tmp_path))
    assert not good, said


def test_jenkinsfiles_are_sound(family: Family, groovy: list[str], tmp_path: Path) -> None:
    """Each that differs by more than its repository's name."""
    differing = {}
    for role in ROLES:
        path = pipeline(family, "jenkins", role)
        differing[path.read_text("utf-8").replace(path.parent.name, "")] = path
    for path in differing.values():
        (tmp_path / path.parent.name).mkdir()
        shutil.copy(path, tmp_path / path.parent.name)
    good, said = judge(groovy, tmp_path)
    assert good, said
    assert re.search(
        rf"results in \D*{len(differing)}\D* linted files", re.sub(r"\x1b\[\d+m", "", said)
    )


def test_the_judge_of_jenkinsfiles_finds_a_planted_fault(
    family: Family, groovy: list[str], tmp_path: Path
) -> None:
    planted(family, "jenkins", ("    stages {", "    stages }"), tmp_path)
    good, said = judge(groovy, tmp_path)
    assert not good, said


@pytest.mark.parametrize("dialect", ACTIONS)
@pytest.mark.parametrize("role", ROLES)
def test_actions_are_commits_and_permissions_the_least(
    role: str, dialect: str, family: Family
) -> None:
    document = yaml.safe_load(pipeline(family, dialect, role).read_text(encoding="utf-8"))
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        publishes = dialect == "github-actions" and "make publish" in str(job["steps"])
        more = {"packages": "write", "id-token": "write"} if publishes else {}
        if "make drift" in str(job["steps"]):
            more = {"issues": "write"}
        if "make comment" in str(job["steps"]):
            more = {"pull-requests": "write"}
        if "ENVIRONMENT=prod" in str(job["steps"]) and dialect == "github-actions":
            more["id-token"] = "write"  # it is in an account, which lends a role by it
        assert job["permissions"] == {"contents": "read", **more}
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if "uses" in step:
                assert ACTION.match(step["uses"]), step["uses"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_named_by_a_tag(role: str, dialect: str, family: Family) -> None:
    content = pipeline(family, dialect, role).read_text(encoding="utf-8")
    named = re.findall(r"^ *(?:- )?(?:image|uses|task|pipe|container): +(\S+)", content, re.M)
    for name in named:
        assert "@sha256:" in name or ACTION.match(name) or name == "$PIPELINE_IMAGE", name
