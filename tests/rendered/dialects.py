"""What each dialect of pipelines says, read into one form."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rendering import Family, alone, described, hosting, laptop, repository_with

CHANGE, MAIN, SCHEDULE = "change", "main", "schedule"


@dataclass(frozen=True)
class Job:
    """One job: jobs that come before it, when it runs, and its commands in their order."""

    title: str
    needs: frozenset[str]
    when: frozenset[str]
    commands: tuple[str, ...]
    approval: bool = False
    """A person starts it, and nothing else does."""
    own: bool = False
    """Of pull requests, only those of the repository itself."""
    report: str = ""
    """The page that is shown with the run, whether it passed or not."""
    anyway: frozenset[str] = frozenset()
    """Of the commands those that run whether the ones before them passed or not."""


@dataclass(frozen=True)
class Dialect:
    """Where a repository keeps its pipeline, and how to read it."""

    path: str
    read: Callable[[str], Iterator[Job]]
    in_a_row: bool = False
    """Jobs run in their order: all that stand before one are among its needs."""

    def jobs(self, repository: Path) -> dict[str, Job]:
        """The jobs of a repository by their titles."""
        found = list(self.read((repository / self.path).read_text(encoding="utf-8")))
        titles = [job.title for job in found]
        assert len(set(titles)) == len(titles), titles
        return {job.title: job for job in found}


def _load(text: str) -> dict[Any, Any]:
    document = yaml.safe_load(text)
    assert isinstance(document, dict)
    return document


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# Conditions, from the longest: what is found is taken out, so that each is counted as one thing.
ACTIONS = {
    "github.ref == 'refs/heads/main' && github.event_name == 'workflow_dispatch'": "approval",
    "github.ref == 'refs/heads/main' && github.event_name != 'schedule'": MAIN,
    "github.event.pull_request.head.repo.full_name == github.repository": "own",
    "github.event_name == 'pull_request'": CHANGE,
    "github.event_name == 'push'": MAIN,
    "github.event_name == 'schedule'": SCHEDULE,
}
GITLAB = {
    '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH': MAIN,
    '$CI_PIPELINE_SOURCE == "merge_request_event"': CHANGE,
    "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID": "own",
    '$CI_PIPELINE_SOURCE == "schedule"': SCHEDULE,
    "manual": "approval",
}
BRANCH = "eq(variables['Build.SourceBranch'], 'refs/heads/main'), "
AZURE = {
    f"{BRANCH}in(variables['Build.Reason'], 'IndividualCI', 'BatchedCI', 'Manual')": MAIN,
    f"{BRANCH}in(variables['Build.Reason'], 'IndividualCI', 'BatchedCI')": MAIN,
    f"{BRANCH}eq(variables['Build.Reason'], 'Manual')": "approval",
    "ne(variables['System.PullRequest.IsFork'], 'True')": "own",
    "eq(variables['Build.Reason'], 'PullRequest')": CHANGE,
    "eq(variables['Build.Reason'], 'Schedule')": SCHEDULE,
    "succeeded()": "",
}
JENKINS = {
    "allOf {\n branch 'main'\n not { triggeredBy 'TimerTrigger' }\n }": MAIN,
    "branch 'main'": MAIN,
    "changeRequest()": CHANGE,
    "expression { env.CHANGE_FORK == null }": "own",
    "triggeredBy 'TimerTrigger'": SCHEDULE,
    "beforeInput true": "approval",
    "beforeAgent true": "",
}
# How a page is shown where that takes a command.
SUMMARY = 'test ! -f PAGE || cat PAGE >> "$GITHUB_STEP_SUMMARY"'
UPLOAD = 'test ! -f PAGE || echo "##vso[task.uploadsummary]$PWD/PAGE"'
JOINTS = re.compile(r"&&|\|\||\b(?:and|or|allOf|anyOf)\b|[(){},\s]")


def _job(
    title: str,
    needs: Iterable[str],
    condition: str,
    words: Mapping[str, str],
    commands: Iterable[str],
    always: Iterable[str] = (),
    report: str = "",
    anyway: Iterable[str] = (),
) -> Job:
    """A job whose condition is understood to its last word."""
    said = set() if condition else set(always)
    for word, meaning in words.items():
        if word in condition:
            condition = condition.replace(word, "")
            said |= {meaning}
    assert not JOINTS.sub("", condition), f"a condition of another kind: {condition}"
    approval = "approval" in said
    when = said & {CHANGE, MAIN, SCHEDULE} | ({MAIN} if approval else set())
    assert when
    own = "own" in said
    known = (frozenset(needs), frozenset(when), tuple(commands))
    return Job(title, *known, approval, own, report, frozenset(anyway))


def _split(commands: Iterable[str], shows: str) -> tuple[list[str], str]:
    """The commands of a job without the one that shows its page, and that page."""
    form = re.escape(shows).replace("PAGE", r"(?P<page>build/[a-z0-9-]+\.md)", 1)
    form = form.replace("PAGE", "(?P=page)")
    found = list(commands)
    shown = re.fullmatch(form, found[-1])
    return (found[:-1], shown["page"]) if shown else (found, "")


def _actions(text: str) -> Iterator[Job]:
    document = _load(text)
    triggers = document[True]  # the key `on`
    assert triggers["push"] == {"branches": ["main"]}
    events = {"pull_request": CHANGE, "push": MAIN, "schedule": SCHEDULE}
    for job in document["jobs"].values():
        runs = [step for step in job["steps"] if "run" in step]
        commands, report = _split((step["run"] for step in runs), SUMMARY)
        anyway = [step["run"] for step in runs if step.get("if") == "${{ !cancelled() }}"]
        assert not report or runs[-1]["run"] in anyway
        assert len(anyway) == sum("if" in step for step in runs), "of another kind"
        yield _job(
            job["name"],
            (document["jobs"][one]["name"] for one in _list(job.get("needs", []))),
            job.get("if", ""),
            ACTIONS,
            commands,
            (meaning for event, meaning in events.items() if event in triggers),
            report,
            set(anyway) & set(commands),
        )


def _gitlab(text: str) -> Iterator[Job]:
    for title, job in _load(text).items():
        if isinstance(job, dict) and "script" in job:
            rules = " ".join(f"{rule['if']} {rule.get('when', '')}" for rule in job["rules"])
            kept = job.get("artifacts", {})
            (report,) = kept["paths"] if kept.get("when") == "always" else ("",)
            after = job.get("after_script", [])
            commands = [*job["script"], *after]
            said = (title, job["needs"], rules, GITLAB, commands)
            yield _job(*said, report=report, anyway=after)


def _azure(text: str) -> Iterator[Job]:
    document = _load(text)
    assert document["trigger"] == {"branches": {"include": ["main"]}}
    always = {CHANGE, MAIN} | ({SCHEDULE} if "schedules" in document else set())
    jobs = {job.get("job") or job["deployment"]: job for job in document["jobs"]}
    for job in jobs.values():
        deployed = job.get("strategy", {}).get("runOnce", {}).get("deploy", {})
        scripts = [one for one in deployed.get("steps", job.get("steps")) if "script" in one]
        commands, report = _split((one["script"] for one in scripts), UPLOAD)
        whatever = "succeededOrFailed()"
        anyway = [one["script"] for one in scripts if one.get("condition") == whatever]
        assert not report or scripts[-1]["script"] in anyway
        assert len(anyway) == sum("condition" in one for one in scripts), "of another kind"
        yield _job(
            job["displayName"],
            (jobs[one]["displayName"] for one in job["dependsOn"]),
            job.get("condition", ""),
            AZURE,
            commands,
            always,
            report,
            set(anyway) & set(commands),
        )


def _bitbucket(text: str) -> Iterator[Job]:
    document = _load(text)
    pipelines = document["pipelines"]
    rows = {
        CHANGE: pipelines["pull-requests"]["**"],
        MAIN: pipelines["branches"]["main"],
        SCHEDULE: pipelines.get("custom", {}).get("nightly", []),
    }
    orders = {when: [one["step"]["name"] for one in row] for when, row in rows.items()}
    for step in (one["step"] for one in document["definitions"]["steps"]):
        title = step["name"]
        runs = {when: order for when, order in orders.items() if title in order}
        assert runs, f"{title} runs in no pipeline"
        before = [set(order[: order.index(title)]) for order in runs.values()]
        needs = frozenset(set.intersection(*before))
        manual = step.get("trigger") == "manual"
        kept = step.get("artifacts", {})
        pages = kept.get("upload", []) if isinstance(kept, dict) else []
        (report,) = [
            path for one in pages if one["capture-on"] == "always" for path in one["paths"]
        ] or [""]
        after, own = step.get("after-script", []), CHANGE in runs  # never for a fork's pull request
        commands = (*step["script"], *after)
        yield Job(title, needs, frozenset(runs), commands, manual, own, report, frozenset(after))


STAGE = re.compile(r"^ {8}stage\('(?P<title>.+?)'\) \{\n(?P<body>.*?)^ {8}\}$", re.M | re.S)
SHELL = re.compile(r"^ +sh '(.*)'$", re.M)
ARCHIVE = re.compile(
    r"^ {12}post \{\n +always \{\n +archiveArtifacts artifacts: '(?P<page>.+?)', "
    r"allowEmptyArchive: true\n",
    re.M,
)
POST = re.compile(r"^ {12}post \{\n +always \{\n(?P<body>.*?)^ {12}\}$", re.M | re.S)
WHEN = re.compile(r"^ {12}when \{\n(?P<body>.*?)^ {12}\}$", re.M | re.S)


def _jenkins(text: str) -> Iterator[Job]:
    before: list[str] = []
    for stage in STAGE.finditer(text):
        condition = WHEN.search(stage["body"])
        assert condition, "every stage says when it runs"
        said = re.sub(r"\n +", "\n ", condition["body"])
        commands = SHELL.findall(stage["body"])
        assert len(re.findall(r"\bsh\b", stage["body"])) == len(commands), "of another form"
        assert ("input {" in stage["body"]) == ("beforeInput" in said)
        kept = ARCHIVE.search(stage["body"])
        report = kept["page"] if kept else ""
        post = POST.search(stage["body"])
        after = SHELL.findall(post["body"]) if post else []
        named = (stage["title"], before, said, JENKINS, commands)
        yield _job(*named, report=report, anyway=after)
        before.append(stage["title"])


DIALECTS = {
    "azure-pipelines": Dialect("azure-pipelines.yml", _azure),
    "bitbucket-pipelines": Dialect("bitbucket-pipelines.yml", _bitbucket, in_a_row=True),
    "gitea-actions": Dialect(".gitea/workflows/ci.yaml", _actions),
    "github-actions": Dialect(".github/workflows/ci.yaml", _actions),
    "gitlab-ci": Dialect(".gitlab-ci.yml", _gitlab),
    "jenkins": Dialect("Jenkinsfile", _jenkins, in_a_row=True),
}


def repository(family: Family, dialect: str, role: str) -> Path:
    """A role's repository with a dialect; that of the platform has an environment `prod`, too."""
    if role != "platform":
        return repository_with(family, "cicd", dialect, role)
    target = family.folder.parent / f"platform-{dialect}"
    if not target.is_dir():
        spec = laptop()
        spec["technologies"]["cicd"]["pipelines"] = dialect
        spec["technologies"] |= hosting(described("cicd", dialect))
        spec["environments"]["prod"] = {"target": "aws", "size": "small", "layers": ["foundation"]}
        alone(spec, role, target)
    return target
