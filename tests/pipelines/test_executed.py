"""The rendered pipelines run: a pull request and a merge, to a pushed image and a released digest.

Each dialect that has a runner for one machine is executed by it, in a repository as its developers
have it. The registry asks for a password, Git's host for a token. Logs stay in `build/pipelines`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import advisories
import pytest
import reviews
import runners
import yaml
from advisories import ADVISORY
from desk import Desk, desk
from hosts import git_host
from registry import PASSWORD, USER, Registry
from reviews import Review, played
from runners import Event, Machine, Run

from dialects import CHANGE, DIALECTS, MAIN, SCHEDULE, Job, repository
from rendering import Family, call

GITHUB, GITLAB = "github-actions", "gitlab-ci"
# The repository that a dialect is executed in, from its first commit to what it delivers.
EXECUTED = {GITHUB: "product", GITLAB: "product"}
SCAN, CHANGES = "Scan dependencies and secrets", "Show what the spec changes"
# Where the code is, and who comments there.
HOSTS = {GITHUB: "github", GITLAB: "gitlab"}
AUTHOR = "who-comments[bot]"
PREFIX = "FLIGHT_DELAYS_PLATFORM"
TOKEN = "not-for-the-log-either-91c2"
# With it a job comments; one service gives it by itself, under a name of its own.
OWN, COMMENTS = "only-for-comments-8e07", "FLIGHT_DELAYS_COMMENT_TOKEN"
# Put together here, so that this file holds none.
PLANTED = "AKIA" + "Q3EGRZPLMW5TYV2N"
# A branch, a title, a message and a file that would call a program if anything ran them. Nothing in
# them is a variable: runners put in the values of those before a shell sees them.
HOSTILE = "$(pwned)`pwned`\"';pwned;'\""


@dataclass(frozen=True)
class Place:
    """A developer's repository, the platform's, and the machine that runs pipelines for both."""

    dialect: str
    here: Desk
    platform: Path
    machine: Machine
    images: Registry
    review: Review
    change: Run
    again: Run
    merge: Run

    @property
    def image(self) -> str:
        """The name of what is published, below the registry."""
        return f"team/{self.here.folder.name}"


def execute(
    dialect: str, here: Desk, event: Event, machine: Machine, *more: str, about: str = ""
) -> Run:
    """One pipeline, in the words of its service."""
    log = f"{dialect}-{about or event.name.replace('_', '-')}.log"
    runner: Callable[..., Run] = runners.github if dialect == GITHUB else runners.gitlab
    return runner(here.folder, event, machine, log, *more)


def change(dialect: str, branch: str = "main", title: str = "A change", *, asks: str = "") -> Event:
    """A pull request, in the words of its service; the server of advisories is a setting."""
    name = "pull_request" if dialect == GITHUB else "merge_request_event"
    secrets = {"GITHUB_TOKEN" if dialect == GITHUB else COMMENTS: OWN}
    settings = {"ADVISORIES": asks} if asks else {}
    return Event(name, branch, title, settings, secrets, (COMMENTS,) if dialect == GITHUB else ())


def merge(dialect: str, images: Registry, platform: str) -> Event:
    """A merge, with what its owner has set up for a pipeline."""
    own = "" if dialect == GITHUB else "CI_"
    place = {f"{own}REGISTRY" + ("" if dialect == GITHUB else "_IMAGE"): f"{images.host}/team"}
    settings = {**place, f"{own}REGISTRY_USER": USER, f"{PREFIX}_URL": platform}
    secrets = {f"{own}REGISTRY_PASSWORD": PASSWORD, f"{PREFIX}_TOKEN": TOKEN}
    return Event("push", settings={**settings, f"{PREFIX}_USER": USER}, secrets=secrets)


@contextmanager
def platform(family: Family, folder: Path) -> Iterator[tuple[Path, str]]:
    """The platform's repository, and the URL under which it is fetched with a token."""
    other = desk(family.repository("platform"), folder, lock=False)
    (bare,) = (folder / "remotes").iterdir()
    call("git", "config", "http.receivepack", "true", at=bare)
    with git_host(bare.parent, USER, TOKEN) as host:
        yield bare, f"{host}/{other.folder.name}.git"


@pytest.fixture(scope="module", params=EXECUTED)
def place(
    request: pytest.FixtureRequest,
    family: Family,
    images: Registry,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Place]:
    """A pull request with hostile names, and its merge."""
    dialect: str = request.param
    folder = tmp_path_factory.mktemp(dialect)
    for name in ("platform", "machine"):
        (folder / name).mkdir()
    machine = Machine(folder / "machine", images.settings())
    source = repository(family, dialect, EXECUTED[dialect])
    review = Review(HOSTS[dialect], source.name, "1", AUTHOR, person=dialect != GITHUB)
    with (
        played(review),
        platform(family, folder / "platform") as (bare, url),
        advisories.running() as known,
    ):
        here = desk(source, folder, url=f"{review.url}/team/{source.name}.git")
        here.git("checkout", "--quiet", "-b", HOSTILE)
        (here.folder / HOSTILE).write_text("")
        here.commit(HOSTILE)
        request_ = change(dialect, branch=HOSTILE, title=HOSTILE, asks=known.url)
        first = execute(dialect, here, request_, machine)
        only = ("--job", "changes") if dialect == GITHUB else (CHANGES,)
        again = execute(dialect, here, request_, machine, *only, about="change-again")
        here.git("checkout", "--quiet", "main")
        here.git("merge", "--quiet", "--no-ff", "--message", HOSTILE, HOSTILE)
        here.git("push", "--quiet", "origin", "main")
        second = execute(dialect, here, merge(dialect, images, url), machine)
        yield Place(dialect, here, bare, machine, images, review, first, again, second)


def expected(jobs: Mapping[str, Job], when: str) -> dict[str, list[str]]:
    """What the description of the jobs says."""
    chosen = [job for job in jobs.values() if when in job.when and not job.approval]
    return {job.title: list(job.commands) for job in chosen}


def ran(place: Place, run: Run) -> dict[str, list[str]]:
    """What was run, by the titles of the jobs: those that need the same may come in any order."""
    titles = runners.titles(place.here.folder) if place.dialect == GITHUB else {}
    found: dict[str, list[str]] = {}
    for job, command in run.commands:
        found.setdefault(titles.get(job, job), []).append(command)
    return found


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_executed_is_what_every_dialect_says(
    dialect: str, place: Place, family: Family
) -> None:
    role = EXECUTED[place.dialect]
    jobs = DIALECTS[dialect].jobs(repository(family, dialect, role))
    assert place.change.code == 0, place.change.end
    assert ran(place, place.change) == expected(jobs, CHANGE), place.change.end
    assert place.merge.code == 0, place.merge.end
    assert ran(place, place.merge) == expected(jobs, MAIN), place.merge.end
    for found in (ran(place, place.change), ran(place, place.merge)):
        assert next(title for title in found if title != SCAN) == "Lint and test"


def test_a_change_leaves_the_page_of_its_spec(place: Place) -> None:
    assert "nothing changes" in place.change.said, place.change.end


def test_the_page_is_one_comment_after_two_runs(place: Place) -> None:
    assert place.again.code == 0, place.again.end
    (comment,) = place.review.comments
    assert comment["author"] == AUTHOR
    # One runner lays the checkout out anew before what comes after a job: the page is gone there.
    said = "nothing changes" if place.dialect == GITHUB else "left no page"
    assert said in comment["text"].lower()
    changed = [one.partition(" ")[0] for one in place.review.asked if not one.startswith("GET")]
    assert changed == ["POST", reviews.CHANGES[place.review.host]]
    assert place.review.tokens == {OWN}


def test_a_merge_publishes_an_image_that_starts(place: Place) -> None:
    tree = place.here.git("rev-parse", "HEAD^{tree}")
    digest = place.images.digest(place.image, tree)
    assert digest, place.merge.end
    name = f"{place.images.host}/{place.image}@{digest}"
    said = place.images.start_once(name, place.here.folder.name, "--help")
    assert said.startswith("usage:")
    before = place.here.git("rev-parse", "HEAD^1^{tree}")
    assert place.images.digest(place.image, before) is None, "a pull request has published"


def test_a_merge_releases_the_digest_to_the_first_environment(place: Place) -> None:
    tree = place.here.git("rev-parse", "HEAD^{tree}")
    path = "release/staging/common/kustomization.yaml"
    content = yaml.safe_load(call("git", "show", f"main:{path}", at=place.platform))
    (image,) = (one for one in content["images"] if one["name"] == place.here.folder.name)
    assert image["newName"] == f"{place.images.host}/{place.image}"
    assert image["digest"] == place.images.digest(place.image, tree)
    message = call("git", "log", "-1", "--format=%B", "main", at=place.platform)
    assert place.here.git("rev-parse", "HEAD") in message
    assert call("git", "rev-list", "--count", "main", at=place.platform).strip() == "2"


def test_hostile_names_run_nothing(place: Place) -> None:
    assert place.here.git("log", "-1", "--format=%s").count("pwned") == 3
    assert not place.machine.was_misled, place.merge.end


def test_no_secret_is_in_a_log(place: Place) -> None:
    for run in (place.change, place.again, place.merge):
        assert PASSWORD not in run.said
        assert TOKEN not in run.said
        assert OWN not in run.said


def test_secrets_are_with_the_steps_that_need_them(place: Place) -> None:
    if place.dialect == GITHUB:  # the other has variables of a project, which all jobs see
        seen = {step.command: set(step.secrets) for step in place.change.steps if step.secrets}
        assert seen == {"make comment PAGE=build/changes.md": {COMMENTS}}
        seen = {step.command: set(step.secrets) for step in place.merge.steps if step.secrets}
        assert seen == {
            "make publish": {"REGISTRY_PASSWORD"},
            "make sign": {"REGISTRY_PASSWORD"},
            "make release": {f"{PREFIX}_TOKEN"},
        }


@pytest.mark.parametrize("dialect", EXECUTED)
def test_a_failing_test_stops_before_anything_is_published(
    dialect: str, family: Family, images: Registry, machine: Machine
) -> None:
    folder = machine.folder.parent
    here = desk(repository(family, dialect, "product"), folder)
    # Beside the others, and the first that is run.
    planted = 'def test_planted() -> None:\n    """Fail."""\n    raise AssertionError\n'
    (here.folder / "tests" / "test_a_planted.py").write_text(planted, "utf-8")
    tree = here.commit("Break a test")
    event = merge(dialect, images, str(folder / "nowhere"))
    run = execute(dialect, here, event, machine, about="failing-test")
    assert run.code != 0, run.end
    assert [command for _, command in run.commands] == ["make setup", "make lint", "make test"]
    assert run.steps[-1].code != 0
    assert images.digest(f"team/{here.folder.name}", tree) is None


@pytest.mark.parametrize("dialect", EXECUTED)
def test_a_new_advisory_is_found_by_night(
    dialect: str, family: Family, plain: Callable[[], Machine]
) -> None:
    """Nothing has changed but what is known of a package."""
    machine = plain()
    here = desk(repository(family, dialect, "product"), machine.folder.parent)
    (version,) = re.findall(
        r'name = "jinja2"\nversion = "(.+)"', (here.folder / "uv.lock").read_text("utf-8")
    )
    for bad, code in (("", 0), ("jinja2", 1)):
        with advisories.running(bad) as server:
            night = Event(SCHEDULE, settings={"ADVISORIES": server.url})
            run = execute(dialect, here, night, machine, about=f"night-{bad}")
        assert (run.code != 0) == bool(code), run.end
        assert [command for _, command in run.commands] == ["make scan"]
        assert (f"jinja2 {version} has 1 known vulnerability" in run.said) == bool(bad), run.end
        assert (ADVISORY in run.said) == bool(bad)


@pytest.mark.parametrize("dialect", EXECUTED)
def test_a_secret_in_a_change_is_found(
    dialect: str, family: Family, plain: Callable[[], Machine]
) -> None:
    machine = plain()
    here = desk(repository(family, dialect, "product"), machine.folder.parent)
    (here.folder / "settings" / "leak.toml").write_text(f'key = "{PLANTED}"\n', "utf-8")
    here.commit("Leak")
    only = ("--job", "scan") if dialect == GITHUB else (SCAN,)
    with advisories.running() as server:
        event = change(dialect, asks=server.url)
        run = execute(dialect, here, event, machine, *only, about="planted-secret")
    assert run.code != 0, run.end
    assert [step.command for step in run.steps if step.code] == ["make scan"]
    assert "error: settings/leak.toml:1: AWS Access Key" in run.said, run.end
    assert PLANTED not in run.said


@pytest.mark.parametrize(
    ("dialect", "leak"),
    [(GITHUB, "echo ${{ github.head_ref }}"), (GITLAB, 'eval "echo $CI_COMMIT_BRANCH"')],
)
def test_a_name_that_is_run_is_found(
    dialect: str, leak: str, family: Family, plain: Callable[[], Machine]
) -> None:
    machine = plain()
    folder = machine.folder.parent
    here = desk(repository(family, dialect, "product"), folder, lock=False)
    path = here.folder / DIALECTS[dialect].path
    path.write_text(re.sub(r"\bmake [a-z]+", lambda _: leak, path.read_text("utf-8")), "utf-8")
    here.git("checkout", "--quiet", "-b", HOSTILE)
    here.commit("Say the branch")
    event = change(dialect, branch=HOSTILE)
    execute(dialect, here, event, machine, about="planted-injection")
    assert machine.was_misled


def test_the_platform_checks_itself(family: Family, plain: Callable[[], Machine]) -> None:
    machine = plain()
    here = desk(repository(family, GITHUB, "platform"), machine.folder.parent)
    run = execute(GITHUB, here, change(GITHUB), machine, "--job", "test", about="platform")
    assert run.code == 0, run.end
    assert run.commands == [("test", f"make {verb}") for verb in ("setup", "lint", "test")]
