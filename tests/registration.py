"""Run a Pulumi program without its engine, and keep all that it registers.

What answers is up to the mocks: notes that agree to everything, or a cluster that applies it.
"""

import contextlib
import json
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_root_resource, set_root_resource

Object = dict[str, Any]
# How the protocol of the engine marks a value that is to be encrypted.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
REFERENCE = "pulumi:pulumi:StackReference"


@dataclass(frozen=True)
class Registered:
    """A resource as the program handed it to the engine."""

    type: str
    name: str
    inputs: Object
    urn: str = ""
    provider: str = ""
    protect: bool = False
    retain: bool = False
    aliases: int = 0
    after: tuple[str, ...] = ()  # URNs of what it depends on
    hidden: frozenset[tuple[str, ...]] = frozenset()  # paths of values that are encrypted

    @property
    def kind(self) -> str:
        """The kind, such as `Namespace`."""
        return self.type.rpartition(":")[2]

    @property
    def object(self) -> bool:
        """It is an object of a cluster."""
        return self.type.startswith("kubernetes:") and "kind" in self.inputs

    def __str__(self) -> str:
        return f"{self.kind} {self.inputs.get('metadata', {}).get('name', self.name)}"


@dataclass(frozen=True)
class Outcome:
    """What a run of a program came to; the outputs in plain, and which of them are secret."""

    registered: tuple[Registered, ...]
    outputs: Object
    secret: frozenset[str] = frozenset()

    @property
    def objects(self) -> tuple[Registered, ...]:
        """The objects of the cluster."""
        return tuple(one for one in self.registered if one.object)

    def of(self, kind: str) -> list[Object]:
        """The objects of a kind, as the program asked for them."""
        return [one.inputs for one in self.objects if one.kind == kind]

    def one(self, kind: str) -> Object:
        """The only object of a kind."""
        (found,) = self.of(kind)
        return found


class Answers(Mocks):
    """Agrees to everything, and knows the outputs of other stacks by the stacks' names.

    What was asked for is noted at once: it is known also of a program that fails.
    """

    def __init__(self, stacks: Mapping[str, Object] | None = None) -> None:
        self.stacks = dict(stacks or {})
        self.resources: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ == REFERENCE:
            name = args.inputs["name"]
            if name not in self.stacks:
                raise LookupError(f"no stack {name}; there are {', '.join(self.stacks) or 'none'}")
            return name, {"name": name, "outputs": self.stacks[name], "secretOutputNames": []}
        self.resources.append(args)
        return self.made(args)

    def made(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """The identity and the state of a resource."""
        return f"{args.name}-id", args.inputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None


class Register(MockMonitor):
    """Notes what the mocks are not told: options, and which values are secret."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)  # type: ignore[no-untyped-call, unused-ignore]
        self.noted: list[Registered] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802, the protocol's name
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call, unused-ignore]
        if request.type != "pulumi:pulumi:Stack":
            asked = MessageToDict(request.object)
            self.noted.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    inputs=plain(asked),
                    urn=answer.urn,
                    provider=request.provider,
                    protect=request.protect,
                    retain=request.retainOnDelete,
                    aliases=len(request.aliases) + len(request.aliasURNs),
                    after=tuple(request.dependencies),
                    hidden=frozenset(_hidden(asked)),
                )
            )
        return answer


@dataclass(frozen=True)
class Program:
    """A program and what it is told; `config` keys without a namespace are the project's own."""

    main: Path | Callable[[], Any]
    project: str
    stack: str
    config: Mapping[str, Any]
    secrets: Mapping[str, Any] = field(default_factory=dict)

    def run(self, mocks: Mocks | None = None) -> Outcome:
        """Run it to its end; what it raises is raised, also by an `apply`."""
        register = Register(mocks or Answers())
        set_root_resource(None)  # type: ignore[arg-type]
        pulumi.runtime.set_mocks(
            register.mocks, project=self.project, stack=self.stack, monitor=register
        )
        told = {
            self._key(name): _text(one) for name, one in {**self.config, **self.secrets}.items()
        }
        pulumi.runtime.set_all_config(told, [self._key(name) for name in self.secrets])
        outputs: Object = {}
        secret: set[str] = set()
        pulumi.runtime.test(lambda: self._all(outputs, secret))()  # type: ignore[no-untyped-call]
        noted = sorted(register.noted, key=lambda one: one.urn)
        return Outcome(tuple(noted), outputs, frozenset(secret))

    def _key(self, name: str) -> str:
        return name if ":" in name else f"{self.project}:{name}"

    def _all(self, outputs: Object, secret: set[str]) -> pulumi.Output[None]:
        if isinstance(self.main, Path):
            with contextlib.chdir(self.main.parent):  # where the engine runs it
                runpy.run_path(self.main.name, run_name="__main__")
        else:
            self.main()
        root: Any = get_root_resource()
        found = {name: pulumi.Output.from_input(value) for name, value in root.outputs.items()}

        async def marked() -> None:
            secret.update([name for name, value in found.items() if await value.is_secret()])

        def note(values: Object) -> Any:
            outputs.update(values)
            return marked()

        return pulumi.Output.all(**found).apply(note)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def plain(value: Any) -> Any:
    """A value of the protocol as the cluster gets it, secrets as they are."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            return plain(value.get("value"))
        return {key: plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _hidden(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of all values that are marked as secret."""
    if isinstance(value, dict) and value.get(SIGNATURE) == SECRET:
        return [path]
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [(str(key), one) for key, one in parts if isinstance(one, (dict, list))]
    return [found for key, one in inner for found in _hidden(one, (*path, key))]
