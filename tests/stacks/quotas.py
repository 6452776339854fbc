"""Quantities in the notation of Kubernetes, and what the pods of a world want of them."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from emitted import Pod, World, namespace, pods_of
from registration import Object

UNITS = {"": Decimal(1), "m": Decimal("0.001")}
UNITS |= {f"{prefix}i": Decimal(1024**power) for power, prefix in enumerate("KMGT", 1)}
UNITS |= {prefix: Decimal(1000**power) for power, prefix in enumerate("kMGT", 1)}


def amount(text: Any) -> Decimal:
    """A quantity in the notation of Kubernetes as a number."""
    found = re.fullmatch(r"([\d.]+)([a-zA-Z]*)", str(text))
    assert found, text
    return Decimal(found[1]) * UNITS[found[2]]


def wants(world: World, space: str) -> dict[str, Decimal]:
    """What all pods and volumes of a namespace want at once, in the names of a quota."""
    total: dict[str, Decimal] = {}

    def add(what: str, much: Decimal) -> None:
        total[what] = total.get(what, Decimal(0)) + much

    for owner in (one for one in world.objects if namespace(one) == space):
        pods = [pod for pod in pods_of(owner) for _ in range(pod.replicas)]
        # A workflow says how many of its steps run at once; these may be its largest.
        most = owner.inputs.get("spec", {}).get("parallelism") or len(pods)
        add("pods", Decimal(len(pods[:most])))
        for side in ("requests", "limits"):
            for what in ("cpu", "memory"):
                asked = sorted((_asked(pod, side, what) for pod in pods), reverse=True)
                add(f"{side}.{what}", sum(asked[:most], Decimal(0)))
    for claim in _claims(world, space):
        add("requests.storage", amount(claim["resources"]["requests"]["storage"]))
    return total


def _asked(pod: Pod, side: str, what: str) -> Decimal:
    """What the cluster counts: the largest of those before, or all of the others together."""

    def of(containers: list[Object]) -> list[Decimal]:
        amounts = [one.get("resources", {}).get(side, {}).get(what, "0") for one in containers]
        return [amount(one) for one in amounts]

    first = of(pod.spec.get("initContainers", []))
    return max([sum(of(pod.spec["containers"]), Decimal(0)), *first])


def _claims(world: World, space: str) -> Iterator[Object]:
    for one in world.of("PersistentVolumeClaim", "StatefulSet"):
        if namespace(one) == space:
            spec = one.inputs["spec"]
            if one.kind == "PersistentVolumeClaim":
                yield spec
            for template in spec.get("volumeClaimTemplates", []) * spec.get("replicas", 1):
                yield template["spec"]
