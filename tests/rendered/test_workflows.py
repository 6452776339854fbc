"""The pipelines of every repository pass three judges, and each judge finds a planted fault."""

import re
from pathlib import Path

import pytest
import yaml

from judges import commands, judge
from rendering import ROLES, Family

JUDGES = ("zizmor", "check-jsonschema", "actionlint")
ACTION = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")


@pytest.fixture(scope="session")
def known() -> dict[str, list[str]]:
    return commands()


def workflows(repository: Path) -> list[Path]:
    return sorted((repository / ".github" / "workflows").glob("*.yaml"))


@pytest.mark.parametrize("name", JUDGES)
@pytest.mark.parametrize("role", ROLES)
def test_the_judges_have_nothing_to_say(
    role: str, name: str, family: Family, known: dict[str, list[str]]
) -> None:
    if name not in known:
        pytest.skip(f"{name} cannot be built here: there is no Go")
    found = workflows(family.repository(role))
    assert found
    for path in found:
        good, said = judge(known[name], path)
        assert good, said


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("zizmor", "permissions: {}", "permissions: write-all"),
        ("zizmor", "persist-credentials: false", "persist-credentials: true"),
        ("zizmor", "  pull_request:\n", "  pull_request_target:\n"),
        ("zizmor", "@df4cb1c069e1874edd31b4311f1884172cec0e10", "@v6"),
        ("zizmor", "run: make lint", "run: echo ${{ github.head_ref }}"),
        ("check-jsonschema", "runs-on: ubuntu-24.04", "runs-at: ubuntu-24.04"),
        ("check-jsonschema", "permissions: {}", "permissions: 7"),
        ("actionlint", "needs: test", "needs: tests"),
        ("actionlint", "github.event_name", "github.evnt_name"),
    ],
)
def test_each_judge_finds_a_planted_fault(
    name: str, old: str, new: str, family: Family, known: dict[str, list[str]], tmp_path: Path
) -> None:
    if name not in known:
        pytest.skip(f"{name} cannot be built here: there is no Go")
    content = workflows(family.repository("serving"))[0].read_text(encoding="utf-8")
    assert old in content
    planted = tmp_path / ".github" / "workflows" / "ci.yaml"
    planted.parent.mkdir(parents=True)
    planted.write_text(content.replace(old, new), encoding="utf-8")
    good, said = judge(known[name], planted)
    assert not good, said


@pytest.mark.parametrize("role", ROLES)
def test_steps_are_verbs_and_actions_are_commits(role: str, family: Family) -> None:
    repository = family.repository(role)
    verbs = set(re.findall(r"^([a-z-]+):", (repository / "Makefile").read_text(), re.MULTILINE))
    for path in workflows(repository):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert document["permissions"] == {}
        for job in document["jobs"].values():
            assert job["permissions"] == {"contents": "read"}
            assert job["timeout-minutes"] <= 60
            for step in job["steps"]:
                if "uses" in step:
                    assert ACTION.match(step["uses"]), step["uses"]
                else:
                    program, verb = step["run"].split()
                    assert program == "make"
                    assert verb in verbs
