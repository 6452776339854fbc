"""Runs Pulumi for one environment, so that nothing is forgotten: state, secrets, a copy before."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml
from ninefold_stacks.passwords import passwords

from .changes import differs, place, report
from .connections import lines
from .environments import LOCAL, PREFIX, PROGRAMS, PROVISIONED, told
from .faults import Fault
from .telling import tell

# What only shows leaves a page that says what it showed.
SHOWN: Final = ("preview", "drift")
VERBS: Final = ("preview", "up", "drift", "destroy", "export", "connect")
PASSPHRASES: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


@dataclass(frozen=True)
class Stack:
    """One program in one environment, and the environment variables of its engine."""

    program: str
    environment: str
    variables: Mapping[str, str]
    unattended: bool = False
    events: Path | None = None
    """Where the engine notes what it does."""

    def pulumi(self, *arguments: str) -> int:
        """Run the engine in view of whoever called; its exit status."""
        return self._run(arguments).returncode

    def asked(self, *arguments: str) -> Any:
        """What the engine answers as JSON; raises `Fault` when it fails."""
        done = self._run((*arguments, "--json"), stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise Fault(f"pulumi {arguments[0]} failed for {self.program}; see what it says above")
        return json.loads(done.stdout)

    def provider(self) -> str:
        """What encrypts its secrets: what the environment says, else what its own file does."""
        own = _read(Path(self.program) / f"Pulumi.{self.environment}.yaml")
        named = own.get("secretsprovider", "passphrase")
        return self.variables.get(f"{PREFIX}_SECRETS_PROVIDER", str(named))

    def select(self) -> int:
        """Take the stack, or make it."""
        select = ("stack", "select", "--create", "--secrets-provider", self.provider())
        return self._run((*select, self.environment)).returncode

    def export(self) -> int:
        """Copy the state: what goes wrong after this can be taken back."""
        folder = Path("exports")
        folder.mkdir(exist_ok=True)
        path = folder / f"{self.environment}-{self.program}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
        code = self.pulumi("stack", "export", *self._named(), "--file", str(path.resolve()))
        if code == 0:
            # The engine indents it, which makes ten times as much of what is deep.
            state = json.loads(path.read_text("utf-8"))
            path.write_text(json.dumps(state, separators=(",", ":")), "utf-8")
            print(f"state copied to {path}", flush=True)
        return code

    def generate(self) -> int:
        """Make the passwords that are missing; they are encrypted in the stack's configuration."""
        given = self.asked("config", *self._named())
        own = f"{self._project()}:"
        config = {
            key.removeprefix(own): one.get("objectValue", one.get("value"))
            for key, one in given.items()
            if key.startswith(own)
        }
        for name in passwords(self.program, config):
            if f"passwords:{name}" not in given:
                if self.unattended:
                    raise Fault(
                        f"{self.environment} has no password {name}, and one that is generated "
                        "here is lost: `make up` where you can commit what it generates"
                    )
                key = ("config", "set", "--secret", *self._named(), f"passwords:{name}")
                done = self._run(key, input=secrets.token_urlsafe(32), text=True)
                if done.returncode:
                    return done.returncode
                print(f"generated the password {name}", flush=True)
        return 0

    def outputs(self) -> Mapping[str, Any]:
        """What it exports; nothing before it is up."""
        found: Mapping[str, Any] = self.asked("stack", "output", *self._named())
        return found

    def change(self, verb: str, more: Sequence[str]) -> int:
        """Preview, apply or remove it."""
        words = ("preview", "--refresh", "--expect-no-changes") if verb == "drift" else (verb,)
        agreed = ("--yes",) if self.unattended and verb == "up" else ()
        return self.pulumi(*words, *self._named(), "--diff", *agreed, *self._shown(verb), *more)

    def _shown(self, verb: str) -> tuple[str, ...]:
        """Where to note what is shown, and by which policies it is judged."""
        if verb not in SHOWN or self.events is None:
            return ()
        pack = Path("policies").resolve()
        judged = ("--policy-pack", str(pack)) if pack.is_dir() and verb == "preview" else ()
        return (*judged, "--event-log", str(self.events))

    def _named(self) -> tuple[str, str]:
        return ("--stack", self.environment)

    def _project(self) -> str:
        return f"hotel-bookings-{self.program}"

    def _run(self, arguments: Sequence[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        quiet = [] if sys.stdin.isatty() else ["--non-interactive"]
        command = ["pulumi", "--cwd", self.program, *quiet, *arguments]
        return subprocess.run(command, env=dict(self.variables), check=False, **options)


def run(
    verb: str,
    environment: str,
    more: Sequence[str] = (),
    program: str = "",
    *,
    unattended: bool = False,
) -> int:
    """Run a verb; raises `Fault` with a remedy when it cannot even start."""
    _require_known(environment)
    if verb in SHOWN:  # what is shown afterwards is of this run
        place(verb, environment).unlink(missing_ok=True)
    programs = _programs(environment, program)
    with TemporaryDirectory() as private:
        variables = surroundings({**os.environ, **_given(os.environ, Path(private))})
        _require_engine(programs, variables)
        if unattended:
            _require_shared(variables)
        notes = {one: Path(private) / f"{one}.events" for one in programs}
        stacks = [Stack(one, environment, variables, unattended, notes[one]) for one in programs]
        for stack in stacks:
            _require_secrets(stack.provider(), variables)
        _require_backend(variables)
        code = _all(stacks, verb, more)
        if verb in SHOWN:
            page = report(verb, environment, notes, failed=code != 0)
            print(f"report: {page}", flush=True)
            if verb == "drift" and unattended and differs(notes):
                tell(environment, page)
        return code


def _all(stacks: Sequence[Stack], verb: str, more: Sequence[str]) -> int:
    if verb == "connect":
        print("\n".join(lines(stacks[-1].outputs(), stacks[-1].environment)))
        return 0
    worst = 0
    # What stands on the other goes first.
    for stack in reversed(stacks) if verb == "destroy" else stacks:
        if code := stack.select() or _one(stack, verb, more):
            # That one program has drifted says nothing of the others.
            if verb != "drift":
                return code
            worst = worst or code
        if verb == "preview" and stack is not stacks[-1] and not stack.outputs():
            print(f"the rest can be previewed when the {stack.program} is up", flush=True)
            break
    return worst


def _given(named: Mapping[str, str], private: Path) -> Mapping[str, str]:
    """What a pipeline keeps for us, as the engine calls it; what is empty was not given."""
    found = {
        "PULUMI_CONFIG_PASSPHRASE": told(named, f"{PREFIX}_PASSPHRASE"),
        "PULUMI_BACKEND_URL": told(named, f"{PREFIX}_BACKEND"),
    }
    if content := told(named, f"{PREFIX}_KUBECONFIG"):
        path = private / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(content, "utf-8")
        found["KUBECONFIG"] = str(path)
    return {name: value for name, value in found.items() if value}


def _one(stack: Stack, verb: str, more: Sequence[str]) -> int:
    if verb != "destroy" and (code := stack.generate()):
        return code
    if verb not in ("preview", "drift") and (code := stack.export()):
        return code
    return 0 if verb == "export" else stack.change(verb, more)


def surroundings(given: Mapping[str, str]) -> dict[str, str]:
    """Environment variables of the engine; raises `Fault` where the programs' files disagree."""
    chosen = {} if "PULUMI_BACKEND_URL" in given else {"PULUMI_BACKEND_URL": _backend()}
    path = f"{given.get('PATH', '')}{os.pathsep}{_fetched() / 'bin'}"
    # It knows the option for its notes only where it is to show what it does, as its library asks.
    own = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DEBUG_COMMANDS": "true"}
    return {**own, **chosen, **given, "PATH": path}


def fetch() -> int:
    """Fetch the engine where it is missing, at the version of its library."""
    if shutil.which("pulumi") is None:
        from pulumi.automation import PulumiCommand  # slow, and no other verb needs it

        PulumiCommand.install(root=str(_fetched()))
    return 0


def _fetched() -> Path:
    return Path.home() / ".pulumi" / "versions" / version("pulumi")


def _backend() -> str:
    """Where the state is: what each `Pulumi.yaml` says, else this folder."""
    files = sorted(Path().glob("*/Pulumi.yaml"))
    named = {str(_read(path).get("backend", {}).get("url", "")) for path in files} or {""}
    if len(named) > 1:
        raise Fault(
            "the programs keep their state in different places; write the same `backend.url` "
            f"into {' and '.join(map(str, files))}"
        )
    return named.pop() or f"file://{Path('.state').resolve()}"


def _read(path: Path) -> Mapping[str, Any]:
    found = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else None
    return found if isinstance(found, dict) else {}


def _require_known(environment: str) -> None:
    if environment in PROVISIONED:
        return
    choices = " or ".join(f"ENVIRONMENT={name}" for name in PROVISIONED)
    if environment in LOCAL:
        raise Fault(f"{environment} is local, nothing is provisioned there; choose {choices}")
    raise Fault(f"there is no environment {environment}; choose {choices}")


def _programs(environment: str, program: str) -> tuple[str, ...]:
    known = PROGRAMS[environment]
    if not program:
        return known
    if program not in known:
        raise Fault(f"{environment} has no program {program}; choose {' or '.join(known)}")
    return (program,)


def _require_engine(programs: Sequence[str], variables: Mapping[str, str]) -> None:
    if shutil.which("pulumi", path=variables["PATH"]) is None:
        raise Fault(
            "pulumi is not on PATH; `make engine`, or install the command line: "
            "https://www.pulumi.com/docs/iac/download-install/"
        )
    for program in programs:
        if not Path(program).is_dir():
            raise Fault(f"no {program}/ in {Path.cwd()}; start from the repository's folder")


def _require_secrets(provider: str, variables: Mapping[str, str]) -> None:
    if provider == "passphrase" and not any(name in variables for name in PASSPHRASES):
        raise Fault(
            "the stack's secrets have no key; set PULUMI_CONFIG_PASSPHRASE_FILE to a file with a "
            f"passphrase, or {PREFIX}_SECRETS_PROVIDER to the URL of a key service"
        )


def _require_shared(variables: Mapping[str, str]) -> None:
    if variables["PULUMI_BACKEND_URL"] == f"file://{Path('.state').resolve()}":
        raise Fault(
            f"the state would be lost with this machine; name its place in {PREFIX}_BACKEND, or "
            "write `backend.url` into each Pulumi.yaml"
        )


def _require_backend(variables: Mapping[str, str]) -> None:
    backend = variables["PULUMI_BACKEND_URL"]
    if backend.startswith("file:///"):
        Path(backend.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
