"""Each host gets the same owners and the same form, in the place where it looks for them."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ninefold.catalog import load
from ninefold.errors import NinefoldError
from ninefold.plan import prepare

from dialects import DIALECTS
from rendering import ROLES, TYPES, Family, call, copy, laptop, repository_with, set_up


@dataclass(frozen=True)
class Host:
    """Where a host looks, and the line before the owners that it wants."""

    owners: str
    form: str
    everything: str = "*"
    section: str = ""


HOSTS = {
    "bitbucket": Host(".bitbucket/CODEOWNERS", ".bitbucket/pull_request_template.md"),
    "gitea": Host(".gitea/CODEOWNERS", ".gitea/pull_request_template.md", ".*"),
    "github": Host(".github/CODEOWNERS", ".github/pull_request_template.md"),
    "gitlab": Host(
        ".gitlab/CODEOWNERS",
        ".gitlab/merge_request_templates/Default.md",
        section="[Owners of this repository]",
    ),
}
# The pipelines that run on their own host only; the others on any.
BOUND = {
    "bitbucket-pipelines": "bitbucket",
    "gitea-actions": "gitea",
    "github-actions": "github",
    "gitlab-ci": "gitlab",
}


def test_every_host_is_held_to_the_table() -> None:
    known = load().filling("source_repository", "source_repository")
    assert {each.name for each in known} == set(HOSTS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", HOSTS)
def test_a_host_finds_the_owners_of_the_spec(name: str, role: str, family: Family) -> None:
    host = HOSTS[name]
    folder = repository_with(family, "source_repository", name, role)
    answers = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
    comment, *lines = (folder / host.owners).read_text("utf-8").splitlines()
    asked = re.findall(r"[a-z ]+", comment.partition(": ")[2])
    roles = [one.strip().replace(" ", "-") for one in asked if one.strip()]
    owners = [answers["owners"][one] for one in roles]
    rule = f"{host.everything} {' '.join(dict.fromkeys(owners))}"
    assert lines == [*([host.section] if host.section else []), rule]


@pytest.mark.parametrize("name", HOSTS)
def test_the_form_is_the_same_at_each_host(name: str, family: Family) -> None:
    for role in ROLES:
        first = repository_with(family, "source_repository", "github", role)
        folder = repository_with(family, "source_repository", name, role)
        form = (folder / HOSTS[name].form).read_text("utf-8")
        assert form == (first / HOSTS["github"].form).read_text("utf-8")
        others = {one.owners for other, one in HOSTS.items() if other != name}
        assert not [path for path in others if (folder / path).exists()]


def test_repositories_at_each_host_pass_their_own_checks(family: Family, tmp_path: Path) -> None:
    """All hosts in one environment: the repositories differ in their host's files and pipeline."""
    first = repository_with(family, "source_repository", "github", "product")
    set_up(first)
    environment, types = str(tmp_path / "environment"), f"{TYPES}-hosts"
    for name in HOSTS:
        source = repository_with(family, "source_repository", name, "product")
        folder = copy(source, tmp_path / name)
        shutil.copy(first / "uv.lock", folder)
        test = ("uv", "run", "pytest", "-q", "tests/test_owners.py", "tests/test_comment.py")
        for command in (("make", "lint"), test):
            said = call(
                *command,
                at=folder,
                UV_PROJECT_ENVIRONMENT=environment,
                UV_FROZEN="true",
                MYPY_CACHE_DIR=types,
            )
        assert "failed" not in said and "passed" in said


def test_an_owner_from_elsewhere_fails_the_repositorys_own_test(
    family: Family, tmp_path: Path
) -> None:
    first = repository_with(family, "source_repository", "github", "product")
    set_up(first)
    folder = copy(repository_with(family, "source_repository", "gitlab", "product"), tmp_path / "x")
    owners = folder / HOSTS["gitlab"].owners
    owners.write_text(owners.read_text("utf-8").replace("* @", "* @strangers-"), "utf-8")
    with pytest.raises(AssertionError, match="test_every_path_has_owners_from_the_spec"):
        call(
            first / ".venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider",
            "tests/test_owners.py", at=folder,
        )  # fmt: skip


def planned(pipelines: str, host: str, folder: Path) -> Any:
    spec = laptop()
    spec["technologies"]["cicd"]["pipelines"] = pipelines
    spec["technologies"]["source_repository"] = host
    path = folder / "product.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True), "utf-8")
    return prepare(path)


@pytest.mark.parametrize("host", [*HOSTS, "none"])
@pytest.mark.parametrize("pipelines", DIALECTS)
def test_pipelines_are_refused_where_no_host_runs_them(
    pipelines: str, host: str, tmp_path: Path
) -> None:
    if BOUND.get(pipelines, host) == host:
        planned(pipelines, host, tmp_path)
        return
    with pytest.raises(NinefoldError) as caught:
        planned(pipelines, host, tmp_path)
    said = str(caught.value)
    assert f"choose {BOUND[pipelines]} as source_repository, which offers it" in said
    assert "or another cicd.pipelines" in said
    assert "product.yaml:" in said  # the line


PATH = "team/flight-delays-training"
PROJECT = "/api/v4/projects/team%2Fflight-delays-training"
WORKSPACE = f"/2.0/repositories/{PATH}"
GROUP = "/api/v4/groups/team%2Fdata?with_projects=false"


def asked(
    family: Family,
    name: str,
    call_: str,
    answers: dict[str, Any],
    role: str = "platform",
    releaser: str | None = None,
    checks: tuple[str, ...] = ("Lint and test", "Build the image"),
) -> dict[str, Any]:
    """What a role's repository asks its host about the training's."""
    first = repository_with(family, "source_repository", "github", role)
    set_up(first)
    folder = repository_with(family, "source_repository", name, role)
    owners = ["@team/data", "@ada", "ada@example.org"]
    given = {
        "call": call_,
        "path": PATH,
        "owners": owners,
        "releaser": releaser,
        "checks": checks,
        "answers": answers,
    }
    said = call(
        first / ".venv/bin/python",
        Path(__file__).with_name("asked_host.py"),
        family.package(role),
        json.dumps(given),
        at=folder,
        PYTHONPATH=str(folder / "src"),
    )
    found: dict[str, Any] = json.loads(said)
    found["changed"] = [one for one in found["asked"] if one[0] != "GET"]
    return found


def body(found: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """The content of the one change of a kind."""
    (content,) = [one[2] for one in found["changed"] if one[:2] == [method, path]]
    assert isinstance(content, dict)
    return content


RULESETS = f"/api/v3/repos/{PATH}/rulesets"


@pytest.mark.parametrize("there", [False, True])
def test_github_holds_main_to_reviews_and_the_check(there: bool, family: Family) -> None:
    known = [{"name": "another", "id": 3}, *([{"name": "main", "id": 4}] if there else [])]
    found = asked(family, "github", "protect", {f"GET {RULESETS}?includes_parents=false": known})
    rules = body(found, *(("PUT", f"{RULESETS}/4") if there else ("POST", RULESETS)))
    assert (rules["target"], rules["enforcement"]) == ("branch", "active")
    assert rules["conditions"]["ref_name"]["include"] == ["refs/heads/main"]
    assert rules["bypass_actors"] == [], "administrators are held to them as well"
    kinds = {one["type"]: one.get("parameters") for one in rules["rules"]}
    assert set(kinds) == {
        "deletion", "non_fast_forward", "pull_request", "required_status_checks"
    }  # fmt: skip
    assert kinds["pull_request"]["require_code_owner_review"] is True
    assert kinds["pull_request"]["required_approving_review_count"] == 1
    checks = kinds["required_status_checks"]
    names = [{"context": name} for name in ("Lint and test", "Build the image")]
    assert checks["required_status_checks"] == names
    team = f"/api/v3/orgs/team/teams/data/repos/{PATH}"
    assert body(found, "PUT", team) == {"permission": "push"}
    assert body(found, "PUT", f"/api/v3/repos/{PATH}/collaborators/ada") == {"permission": "push"}
    assert len(found["changed"]) == 3
    (left,) = found["said"]
    rights = {"permissions": {"push": True}}
    writing = {
        f"GET /api/v3/repos/{PATH}/teams?per_page=100": [{"slug": "data", **rights}],
        f"GET /api/v3/repos/{PATH}/collaborators?per_page=100": [{"login": "ada", **rights}],
    }
    listed = {f"GET {RULESETS}?includes_parents=false": known}
    again = asked(family, "github", "protect", {**listed, **writing})
    assert len(again["changed"]) == 1, "who may do more than write keeps it"
    assert "ada@example.org" in left


@pytest.mark.parametrize(
    ("releaser", "place", "kind"),
    [
        ("@team/releasers", "/api/v3/orgs/team/teams/releasers", "Team"),
        ("releasing-app", "/api/v3/apps/releasing-app", "Integration"),
    ],
)
def test_github_lets_who_releases_past(
    releaser: str, place: str, kind: str, family: Family
) -> None:
    known = {f"GET {RULESETS}?includes_parents=false": [], f"GET {place}": {"id": 9}}
    rules = body(asked(family, "github", "protect", known, releaser=releaser), "POST", RULESETS)
    expected = {"actor_id": 9, "actor_type": kind, "bypass_mode": "always"}
    assert rules["bypass_actors"] == [expected]
    there = {
        f"GET {RULESETS}?includes_parents=false": [{"name": "main", "id": 4}],
        f"GET {RULESETS}/4": {"bypass_actors": [expected]},
    }
    kept = asked(family, "github", "protect", there, releaser="")
    assert body(kept, "PUT", f"{RULESETS}/4")["bypass_actors"] == [expected]
    missing: dict[str, Any] = {f"GET {RULESETS}?includes_parents=false": []}
    found = asked(family, "github", "protect", missing, releaser=releaser)
    assert body(found, "POST", RULESETS)["bypass_actors"] == []
    assert any(releaser in line and "run this again" in line for line in found["said"])


def test_without_a_pipeline_no_check_is_waited_for(family: Family) -> None:
    listed: dict[str, Any] = {f"GET {RULESETS}?includes_parents=false": []}
    found = asked(family, "github", "protect", listed, checks=())
    kinds = {one["type"] for one in body(found, "POST", RULESETS)["rules"]}
    assert "pull_request" in kinds and "required_status_checks" not in kinds
    protections = f"/api/v1/repos/{PATH}/branch_protections"
    found = asked(family, "gitea", "protect", {}, checks=())
    assert body(found, "POST", protections)["enable_status_check"] is False


def test_gitea_and_gitlab_let_who_releases_past(family: Family) -> None:
    protections = f"/api/v1/repos/{PATH}/branch_protections"
    rules = body(asked(family, "gitea", "protect", {}, releaser="@robot"), "POST", protections)
    assert rules["enable_push"] is rules["enable_push_whitelist"] is True
    assert rules["push_whitelist_usernames"] == ["robot"]
    there = {f"GET {protections}/main": {"rule_name": "main"}}
    kept = asked(family, "gitea", "protect", there, releaser="")
    assert "enable_push" not in body(kept, "PATCH", f"{protections}/main")
    people = {f"GET {GROUP}": {"id": 5}, "GET /api/v4/users?username=ada": [{"id": 6}]}
    found = asked(family, "gitlab", "protect", people, releaser="@robot")
    branch = body(found, "POST", f"{PROJECT}/protected_branches")
    assert (branch["push_access_level"], branch["merge_access_level"]) == (40, 30)
    assert any("@robot" in line and "maintainer" in line for line in found["said"])


@pytest.mark.parametrize("there", [False, True])
def test_gitea_holds_main_to_reviews_and_the_check(there: bool, family: Family) -> None:
    protections = f"/api/v1/repos/{PATH}/branch_protections"
    known = {f"GET {protections}/main": {"rule_name": "main"}} if there else {}
    found = asked(family, "gitea", "protect", known)
    place = ("PATCH", f"{protections}/main") if there else ("POST", protections)
    rules = body(found, *place)
    assert rules.get("rule_name", "main") == "main"
    assert rules["enable_push"] is False and rules["enable_force_push"] is False
    assert rules["block_on_official_review_requests"] is True
    assert rules["required_approvals"] == 1
    assert rules["enable_status_check"] is True
    assert rules["status_check_contexts"] == ["*Lint and test*", "*Build the image*"]
    asked_for = [one[1] for one in found["changed"]]
    assert f"/api/v1/repos/{PATH}/teams/data" in asked_for
    assert f"/api/v1/repos/{PATH}/collaborators/ada" in asked_for


def test_gitlab_holds_main_to_reviews_and_the_pipeline(family: Family) -> None:
    known = {f"GET {GROUP}": {"id": 5}, "GET /api/v4/users?username=ada": [{"id": 6}]}
    missing_group = {"GET /api/v4/groups/ada?with_projects=false": None}
    found = asked(family, "gitlab", "protect", {**known, **missing_group})
    assert body(found, "PUT", PROJECT)["only_allow_merge_if_pipeline_succeeds"] is True
    rules = body(found, "POST", f"{PROJECT}/protected_branches")
    assert (rules["name"], rules["push_access_level"]) == ("main", 0)
    assert rules["allow_force_push"] is False
    assert rules["code_owner_approval_required"] is True
    assert body(found, "POST", f"{PROJECT}/share") == {"group_id": 5, "group_access": 30}
    assert body(found, "POST", f"{PROJECT}/members") == {"user_id": 6, "access_level": 30}


def test_gitlab_takes_the_right_to_push_without_opening_the_branch(family: Family) -> None:
    levels = [{"id": 11, "access_level": 40}, {"id": 12, "access_level": 30}]
    branch = f"{PROJECT}/protected_branches/main"
    known = {f"GET {GROUP}": {"id": 5}, "GET /api/v4/users?username=ada": [{"id": 6}]}
    found = asked(
        family,
        "gitlab",
        "protect",
        {**known, f"GET {branch}": {"push_access_levels": levels, "merge_access_levels": levels}},
    )
    rules = body(found, "PATCH", branch)
    assert rules["allow_force_push"] is False
    assert rules["allowed_to_push"] == [
        {"id": 11, "_destroy": True},
        {"id": 12, "_destroy": True},
        {"access_level": 0},
    ]
    assert rules["allowed_to_merge"] == [{"id": 11, "_destroy": True}], "owners are developers"
    assert not [one for one in found["changed"] if one[0] == "DELETE"]


def test_bitbucket_restricts_main_and_counts_reviews_and_builds(family: Family) -> None:
    restrictions = f"{WORKSPACE}/branch-restrictions"
    listed = f"GET {restrictions}?pattern=main&pagelen=100"
    found = asked(family, "bitbucket", "protect", {listed: {"values": [{"kind": "push", "id": 3}]}})
    rules = {one[2]["kind"]: one for one in found["changed"] if "restrictions" in one[1]}
    assert set(rules) == {
        "push", "force", "delete", "require_approvals_to_merge", "require_passing_builds_to_merge"
    }  # fmt: skip
    assert rules["push"][:2] == ["PUT", f"{restrictions}/3"]
    assert rules["push"][2]["users"] == rules["push"][2]["groups"] == []
    assert {one[0] for kind, one in rules.items() if kind != "push"} == {"POST"}
    assert all(one[2]["pattern"] == "main" for one in rules.values())
    assert body(found, "PUT", f"{WORKSPACE}/permissions-config/groups/data")
    assert any("ada@example.org" in line for line in found["said"])


URL = "https://git.example.org/issue/4"
TITLE, TEXT = "Drift in staging", "It differs."
# Of each host: how it lists what is open, what it answers there and for a change.
LISTS = {
    "bitbucket": (
        f"{WORKSPACE}/issues?q=title%3D%22Drift%20in%20staging%22%20AND%20%28state%3D%22new%22"
        "%20OR%20state%3D%22open%22%29",
        {"values": [{"id": 4}]},
        {"values": []},
        ("PUT", f"{WORKSPACE}/issues", {"links": {"html": {"href": URL}}}),
    ),
    "gitea": (
        f"/api/v1/repos/{PATH}/issues?state=open&type=issues&limit=50&q=Drift%20in%20staging",
        [{"title": "Drift in staging, too", "number": 3}, {"title": TITLE, "number": 4}],
        [],
        ("PATCH", f"/api/v1/repos/{PATH}/issues", {"html_url": URL}),
    ),
    "github": (
        f"/api/v3/repos/{PATH}/issues?state=open&labels=drift&per_page=100",
        [{"title": "Drift in prod", "number": 3}, {"title": TITLE, "number": 4}],
        [],
        ("PATCH", f"/api/v3/repos/{PATH}/issues", {"html_url": URL}),
    ),
    "gitlab": (
        f"{PROJECT}/issues?state=opened&labels=drift&per_page=100",
        [{"title": "Drift in prod", "iid": 3}, {"title": TITLE, "iid": 4}],
        [],
        ("PUT", f"{PROJECT}/issues", {"web_url": URL}),
    ),
}


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("name", HOSTS)
def test_one_open_issue_tells_of_drift(name: str, there: bool, family: Family) -> None:
    listed, some, none, (method, issues, answered) = LISTS[name]
    place = (method, f"{issues}/4") if there else ("POST", issues)
    answers = {f"GET {listed}": some if there else none, " ".join(place): answered}
    found = asked(family, name, "report", answers)
    assert found["said"] == URL
    sent = body(found, *place)
    assert len(found["changed"]) == 1
    assert TEXT in json.dumps(sent)
    assert there or sent["title"] == TITLE


BRANCH = "product-spec"
# A branch of the same name that somebody else's copy of the repository has.
FORKED = {"number": 3, "head": {"ref": BRANCH, "repo_id": 2}, "base": {"ref": "main", "repo_id": 1}}
# Of each host: how it finds the open request of a branch, what it answers there, and the change.
REQUESTS = {
    "bitbucket": (
        f"{WORKSPACE}/pullrequests?q=source.branch.name%3D%22product-spec%22%20AND%20"
        "state%3D%22OPEN%22",
        {"values": [{"id": 4}]},
        {"values": []},
        ("PUT", f"{WORKSPACE}/pullrequests", {"links": {"html": {"href": URL}}}),
    ),
    "gitea": (
        f"/api/v1/repos/{PATH}/pulls?state=open&sort=recentupdate&limit=50",
        [FORKED, {**FORKED, "number": 4, "head": {"ref": "product-spec", "repo_id": 1}}],
        [FORKED],
        ("PATCH", f"/api/v1/repos/{PATH}/pulls", {"html_url": URL}),
    ),
    "github": (
        f"/api/v3/repos/{PATH}/pulls?state=open&head=team%3Aproduct-spec",
        [{"number": 4}],
        [],
        ("PATCH", f"/api/v3/repos/{PATH}/pulls", {"html_url": URL}),
    ),
    "gitlab": (
        f"{PROJECT}/merge_requests?state=opened&source_branch=product-spec",
        [{"iid": 4}],
        [],
        ("PUT", f"{PROJECT}/merge_requests", {"web_url": URL}),
    ),
}


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("name", HOSTS)
def test_one_open_request_proposes_a_spec(name: str, there: bool, family: Family) -> None:
    listed, some, none, (method, requests, answered) = REQUESTS[name]
    place = (method, f"{requests}/4") if there else ("POST", requests)
    answers = {f"GET {listed}": some if there else none, " ".join(place): answered}
    found = asked(family, name, "propose", answers, "product")
    assert found["said"] == URL
    sent = json.dumps(body(found, *place))
    assert len(found["changed"]) == 1
    assert "Follow" in sent and "It has changed." in sent
    assert (BRANCH in sent) == ('"main"' in sent) == (not there)


def test_platforms_at_each_host_pass_their_own_checks(family: Family, tmp_path: Path) -> None:
    first = repository_with(family, "source_repository", "github", "platform")
    set_up(first)
    environment, types = str(tmp_path / "environment"), f"{TYPES}-hosts"
    for name in HOSTS:
        source = repository_with(family, "source_repository", name, "platform")
        folder = copy(source, tmp_path / name)
        shutil.copy(first / "uv.lock", folder)
        tests = ("tests/test_host.py", "tests/test_comment.py")
        for command in (("make", "lint"), ("uv", "run", "pytest", "-q", *tests)):
            said = call(
                *command,
                at=folder,
                UV_PROJECT_ENVIRONMENT=environment,
                UV_FROZEN="true",
                MYPY_CACHE_DIR=types,
            )
        assert "failed" not in said and "passed" in said
