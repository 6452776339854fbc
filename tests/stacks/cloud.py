"""A cloud that only takes notes: resources are answered as they were asked for."""

from collections.abc import Callable
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks


class Notes(Mocks):
    """Remembers every resource of a program."""

    def __init__(self) -> None:
        self.resources: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.resources.append(args)
        return f"{args.name}-id", args.inputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {}, None

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Inputs of every resource of a kind such as `Namespace`."""
        return [one.inputs for one in self.resources if one.typ.rpartition(":")[2] == kind]

    def one(self, kind: str) -> dict[str, Any]:
        (found,) = self.of(kind)
        return found


def fresh(project: str = "flight-delays-foundation", stack: str = "staging") -> Notes:
    notes = Notes()
    pulumi.runtime.set_mocks(notes, project=project, stack=stack)
    return notes


def until_done(program: Callable[[], Any]) -> None:
    """Run a program and wait for all of its resources; a failing `apply` fails, too."""
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
