"""Pipelines as their dialects' local runners execute them, on this machine without containers."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import programs
import yaml

from dialects import DIALECTS
from rendering import CHECKOUT, surroundings

ACT = "github.com/nektos/act@v0.2.89"
WORKFLOW = DIALECTS["github-actions"].path
HERE = Path(__file__).parent / "runner"
STANDINS = ("setup-uv", "upload-artifact")
LOGS = CHECKOUT / "build" / "pipelines"
USES = re.compile(r"uses: (\S+/([\w-]+)@[0-9a-f]{40})")
COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
LONGEST = 1800.0  # seconds
SHOWN = 40  # lines of a log that a failure shows
# What stands between a job and its commands: it notes what is run and which secrets are there.
MAKE = """#!/bin/sh
test -z "$NOTED" || exec "$REAL_MAKE" "$@"  # what a command calls itself is its own affair
export NOTED=1
seen=
for name in $SECRETS; do eval "test -z \\"\\$$name\\"" || seen="$seen $name"; done
job=${GITHUB_JOB:-$CI_JOB_NAME}
began=$(date +%s.%N)
"$REAL_MAKE" "$@"
code=$?
ended=$(date +%s.%N)
printf '%s|%s|%s|%s|%s|%s\\n' "$job" "make $*" $code $began $ended "${seen# }" >> "$NOTES"
exit $code
"""
# What hostile names call: it leaves a trace.
TRACED = '#!/bin/sh\n: > "$0.ran"\n'


@dataclass(frozen=True)
class Step:
    """One command of a job that was run."""

    job: str
    command: str
    code: int
    began: float
    ended: float
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """What a pipeline did."""

    code: int
    steps: tuple[Step, ...]
    log: Path

    @property
    def said(self) -> str:
        """All of the log."""
        return self.log.read_text(encoding="utf-8")

    @property
    def end(self) -> str:
        """Where the log is, and its last lines."""
        return "\n".join([f"{self.log}:", *self.said.splitlines()[-SHOWN:]])

    @property
    def commands(self) -> list[tuple[str, str]]:
        """What was run, by the jobs' names."""
        return [(step.job, step.command) for step in self.steps]


@dataclass(frozen=True)
class Event:
    """Why a pipeline runs."""

    name: str
    branch: str = "main"
    title: str = "A change"
    settings: Mapping[str, str] | None = None
    secrets: Mapping[str, str] | None = None
    given: tuple[str, ...] = ()
    """Variables in which steps find what the service gives them by itself."""


@dataclass(frozen=True)
class Machine:
    """A runner: a folder of its own, a PATH without uv, and what its owner has set up."""

    folder: Path
    variables: Mapping[str, str]

    @property
    def was_misled(self) -> bool:
        """Whether anything called the program `pwned`."""
        return (self.folder / "bin" / "pwned.ran").exists()

    def start(
        self, command: Sequence[str], at: Path, log: Path, secrets: Sequence[str] = ()
    ) -> Run:
        """Run a whole pipeline."""
        notes = self.folder / "notes"
        notes.unlink(missing_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        known = {**self._environment(), "NOTES": str(notes), "SECRETS": " ".join(secrets)}
        with log.open("w", encoding="utf-8") as said:
            done = subprocess.run(
                command,
                cwd=at,
                env=known,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=LONGEST,
            )
        log.write_text(COLOUR.sub("", log.read_text("utf-8", "replace")), encoding="utf-8")
        lines = notes.read_text("utf-8").splitlines() if notes.is_file() else []
        return Run(done.returncode, tuple(map(_step, lines)), log)

    def _environment(self) -> dict[str, str]:
        """The user's own, but a pipeline finds no uv, and not the environment of the tests."""
        programs_ = self.folder / "bin"
        programs_.mkdir(parents=True, exist_ok=True)
        for name, content in (("make", MAKE), ("pwned", TRACED)):
            (programs_ / name).write_text(content, encoding="utf-8")
            (programs_ / name).chmod(0o755)
        places = [
            place
            for place in os.environ["PATH"].split(os.pathsep)
            if place and not (Path(place) / "uv").is_file()
        ]
        real = shutil.which("make", path=os.pathsep.join(places))
        assert real, "make is missing"
        # What a service would set is set by the runner and by nobody else.
        own = {
            name: value
            for name, value in surroundings().items()
            if not re.match(r"(CI|GITHUB|GITLAB|RUNNER|ACTIONS|REGISTRY|UV_PROJECT)(_|$)", name)
        }
        path = os.pathsep.join([str(programs_), *places])
        return {**own, "PATH": path, "REAL_MAKE": real, **self.variables}


def _step(line: str) -> Step:
    job, command, code, began, ended, secrets = line.split("|")
    return Step(job, command, int(code), float(began), float(ended), tuple(secrets.split()))


def github(
    repository: Path, event: Event, machine: Machine, log: str, *more: str, owner: str = "team"
) -> Run:
    """The workflows of a repository, by act."""
    act = programs.go(ACT)
    assert act, "act is built with Go; install it, then try again"
    uv = shutil.which("uv")
    assert uv, "uv is missing"
    full_name = f"{owner}/{repository.name}"
    head = {"ref": event.branch, "repo": {"full_name": full_name}}
    request = {"number": 1, "title": event.title, "head": head, "base": {"ref": "main"}}
    document = {
        "repository": {"full_name": full_name, "default_branch": "main"},
        **({"number": 1, "pull_request": request} if event.name == "pull_request" else {}),
    }
    about = machine.folder / "event.json"
    about.write_text(json.dumps(document), encoding="utf-8")
    workflow = (repository / WORKFLOW).read_text("utf-8")
    settings, secrets = event.settings or {}, event.secrets or {}
    # What is fetched from its host elsewhere has a stand-in here, by the same name.
    actions = {f"{used}={HERE / name}" for used, name in USES.findall(workflow) if name in STANDINS}
    command = [
        *(str(act), event.name, "--eventpath", str(about), "--defaultbranch", "main"),
        *("--platform", "ubuntu-24.04=-self-hosted", "--no-cache-server", "--actor", "robot"),
        *("--use-new-action-cache", "--action-offline-mode", "--concurrent-jobs=1"),
        *("--action-cache-path", str(machine.folder / "act")),
        *(f"--local-repository={action}" for action in actions),
        *(f"--var={name}={value}" for name, value in settings.items()),
        *(f"--secret={name}={value}" for name, value in secrets.items()),
        *more,
    ]
    kept = {"UV_FOLDER": str(Path(uv).resolve().parent), "KEPT": str(machine.folder / "kept")}
    variables = {**machine.variables, **kept}
    watched = [*secrets, *event.given]
    return Machine(machine.folder, variables).start(command, repository, LOGS / log, watched)


def titles(repository: Path) -> dict[str, str]:
    """What the jobs of the workflow are called, by the names under which act notes them."""
    jobs = yaml.safe_load((repository / WORKFLOW).read_text("utf-8"))["jobs"]
    return {name: job["name"] for name, job in jobs.items()}


def gitlab(repository: Path, event: Event, machine: Machine, log: str, *more: str) -> Run:
    """The pipeline of a repository, by gitlab-ci-local."""
    modules = programs.npm(HERE / "node")
    assert modules, "gitlab-ci-local is fetched with npm; install it, then try again"
    node = next(modules.glob("node-*/bin/node"))
    settings, secrets = event.settings or {}, event.secrets or {}
    known = {"CI_PIPELINE_SOURCE": event.name, **settings, **secrets}
    if event.name == "merge_request_event":
        known |= {
            "CI_MERGE_REQUEST_TITLE": event.title,
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": event.branch,
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_IID": "1",
            "CI_MERGE_REQUEST_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7",
        }
    command = [
        *(str(node), str(modules / "gitlab-ci-local" / "dist" / "index.js")),
        *("--force-shell-executor", "--shell-isolation", "--concurrency=1"),
        f"--ignore-predefined-vars={','.join(known)}",
        f"--home={machine.folder}",
        *(f"--variable={name}={value}" for name, value in known.items()),
        *more,
    ]
    return machine.start(command, repository, LOGS / log, [*secrets])
