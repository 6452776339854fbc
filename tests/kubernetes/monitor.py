"""The engine's place, taken by a cluster: every object that a program registers is applied."""

import json
from collections.abc import Mapping
from typing import Any

from pulumi.runtime import MockResourceArgs

from bed.client import Kubectl
from registration import Answers, Object, plain

MANAGER = "pulumi-kubernetes"  # as the engine's own provider calls itself


class Monitor(Answers):
    """Applies on the server's side; what the server made of an object is its state."""

    def __init__(self, kubectl: Kubectl, stacks: Mapping[str, Object] | None = None) -> None:
        super().__init__(stacks)
        self.kubectl = kubectl
        self.live: list[Object] = []

    def made(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ.startswith("kubernetes:") and args.resource_id:
            return args.resource_id, self.read(args.typ.rpartition(":")[2], args.resource_id)
        if not args.typ.startswith("kubernetes:") or "kind" not in args.inputs:
            return super().made(args)
        asked = plain(args.inputs)
        live: Object = json.loads(
            self.kubectl(
                "apply",
                "--server-side",
                f"--field-manager={MANAGER}",
                "--force-conflicts",
                "--output=json",
                "--filename=-",
                given=json.dumps(asked),
            )
        )
        self.live.append(live)
        head = live["metadata"]
        identity = f"{head['namespace']}/{head['name']}" if "namespace" in head else head["name"]
        # What the server never shows again, the text of a Secret, stays as it was asked for.
        return identity, {**asked, **live}

    def read(self, kind: str, identity: str) -> Object:
        """An object that somebody else made, as `get` of a resource asks for it."""
        namespace, _, name = identity.rpartition("/")
        place = [f"--namespace={namespace}"] if namespace else []
        found: Object = json.loads(self.kubectl("get", kind.lower(), name, *place, "--output=json"))
        return found
