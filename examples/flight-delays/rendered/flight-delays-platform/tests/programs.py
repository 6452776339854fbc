"""The programs under mocks: run as the engine would, on a cluster that only takes notes."""

import contextlib
import json
import runpy
from pathlib import Path
from typing import Any

import pulumi
import yaml
from ninefold_stacks.passwords import passwords
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

# What a foundation tells of its stores.
STORES = {
    "object_store": ("endpoint", "region", "bucket", "secret", "port"),
    "database": ("host", "port", "secret"),
    "key_value": ("host", "port", "secret"),
}


class Notes(Mocks):
    """Remembers every resource of a program, for which there is a foundation."""

    def __init__(self) -> None:
        self.resources: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            known = {name: dict.fromkeys(keys, "1") for name, keys in STORES.items()}
            return args.name, {"outputs": {"namespace": "here", **known}}
        self.resources.append(args)
        return f"{args.name}-id", args.inputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The objects of a kind such as `Secret`, by name."""
        found = [one.inputs for one in self.resources if one.typ.endswith(f":{kind}")]
        return {one["metadata"]["name"]: one for one in found}


def configured(program: str, environment: str) -> dict[str, Any]:
    """The configuration as it stands in the environment's file."""
    folder = Path(program)
    document = yaml.safe_load((folder / f"Pulumi.{environment}.yaml").read_text("utf-8"))
    own = f"{project(program)}:"
    return {name.removeprefix(own): value for name, value in document["config"].items()}


def project(program: str) -> str:
    """The name under which the engine knows a program."""
    return str(yaml.safe_load((Path(program) / "Pulumi.yaml").read_text("utf-8"))["name"])


def secrets(program: str, values: dict[str, Any]) -> dict[str, str]:
    """The passwords that the engine's verb generates, by their keys."""
    return {f"passwords:{name}": f"opens {name}" for name in passwords(program, values)}


def run(program: str, environment: str, **changes: Any) -> Notes:
    """Run it as the engine would, in its folder; None takes a key away."""
    notes = Notes()
    values = {**configured(program, environment), "context": "some-cluster", **changes}
    hidden = secrets(program, values)
    told = {
        name if ":" in name else f"{project(program)}:{name}": (
            value if isinstance(value, str) else json.dumps(value)
        )
        for name, value in values.items()
        if value is not None
    }
    pulumi.runtime.set_mocks(notes, project=project(program), stack=environment)
    pulumi.runtime.set_all_config({**told, **hidden}, list(hidden))

    def main() -> None:
        runpy.run_path("__main__.py", run_name="__main__")

    with contextlib.chdir(program):
        pulumi.runtime.test(main)()  # type: ignore[no-untyped-call]
    return notes
