"""A preview leaves a page: what would change, whom it touches, what policies say; no value."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import events

from hotel_bookings_platform.changes import OWNERS, USERS, Change, differs, report

PLATFORM = "urn:pulumi:there::x-platform::ninefold:platform:Platform"
SERVICE = f"{PLATFORM}$kubernetes:apps/v1:Deployment::serving"
VOLUME = f"{PLATFORM}$kubernetes:core/v1:PersistentVolumeClaim::state"
REGISTRY = f"{PLATFORM}$ninefold:model_registry:Any$kubernetes:core/v1:Service::model-registry"


def step(op: str, urn: str, **more: Any) -> Mapping[str, Any]:
    """As the engine notes a step; values stand in its states."""
    # pragma: allowlist nextline secret
    states = {name: {"urn": urn, "inputs": {"password": "geheim"}} for name in ("old", "new")}
    kind = urn.split("::")[2].rpartition("$")[2]
    known = {"op": op, "urn": urn, "type": kind, "provider": "", **states, **more}
    return {"sequence": 1, "timestamp": 1, "resourcePreEvent": {"metadata": known}}


def page(folder: Path, *noted: Mapping[str, Any], verb: str = "preview", code: int = 0) -> str:
    """The page of these notes."""
    for one in noted:
        events.EngineEvent.from_json(dict(one))  # of the form that the engine's own library reads
    notes = folder / "platform.events"
    notes.write_text("".join(f"{json.dumps(one)}\n" for one in noted), "utf-8")
    missing = folder / "later.events"
    return report(verb, "there", {"platform": notes, "later": missing}, failed=code != 0).read_text(
        "utf-8"
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, in which we stand."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_change_has_its_line(folder: Path) -> None:
    said = page(
        folder,
        step("create", REGISTRY, diffs=["spec"]),
        step("update", SERVICE, detailedDiff={"spec.replicas": {"diffKind": "update"}}),
        step("replace", VOLUME, diffs=["spec"]),
        step("create-replacement", VOLUME, diffs=["spec"]),
        step("delete-replaced", VOLUME),
        step("same", f"{VOLUME}-2"),
    )
    assert "1 to create, 1 to change, 1 to replace, 0 to delete." in said
    assert "| create | core/v1:Service | `model-registry` | platform |  |" in said
    assert "| change | apps/v1:Deployment | `serving` | platform | `spec.replicas` |" in said
    assert "| **replace** | core/v1:PersistentVolumeClaim | `state` | platform | `spec` |" in said
    assert "state-2" not in said
    assert "geheim" not in said
    assert "Not shown: later" in said


def test_it_says_whom_it_touches(folder: Path) -> None:
    said = page(folder, step("update", REGISTRY), step("update", SERVICE), step("delete", VOLUME))
    rows = {line.split(" | ")[0].strip("| "): line for line in said.splitlines() if "|" in line}
    assert "`model-registry`" in rows["training"] and "`serving`" not in rows["training"]
    assert "`model-registry`, `serving`" in rows["serving"]
    assert "`state`" in rows["platform"]
    assert "product" not in rows
    for owner in OWNERS["training"]:
        assert owner.lstrip("@") in rows["training"]
    assert " @" not in said, "a page calls nobody"


def test_every_user_is_a_repository() -> None:
    assert {role for users in USERS.values() for role in users} <= set(OWNERS)
    assert Change("create", "platform", f"{PLATFORM}$a:b:C::monitoring-x").roles() == (
        "monitoring",
    )


def test_policies_say_what_they_found(folder: Path) -> None:
    assert "No policy pack judged this" in page(folder, step("create", SERVICE))
    broken = {
        "message": "no\nlimits",
        "color": "",
        "policyName": "limits",
        "policyPackName": "house",
        "policyPackVersion": "1.0",
        "policyPackVersionTag": "1.0",
        "enforcementLevel": "mandatory",
        "resourceUrn": SERVICE,
    }
    summary = {"maybeCorrupt": False, "durationSeconds": 1, "resourceChanges": {}}
    judged = {**summary, "PolicyPacks": {"house": "1.0"}}
    known = {"sequence": 2, "timestamp": 1, "summaryEvent": judged}
    said = page(folder, {"sequence": 1, "timestamp": 1, "policyEvent": broken}, known)
    assert "- house 1.0: 1 violation" in said
    assert "- **mandatory** limits: `serving`: no limits" in said
    assert "- house 1.0: no violations" in page(folder, known)


def test_a_failure_is_no_peace(folder: Path) -> None:
    for verb in ("preview", "drift"):
        assert "The engine **failed**" in page(folder, verb=verb, code=255)
        assert "Nothing changes." in page(folder, verb=verb)
    said = page(folder, step("update", SERVICE), verb="drift", code=255)
    assert said.startswith("# Drift in there")
    assert "1 to change" in said and "failed" not in said


def test_what_differs_is_known(folder: Path) -> None:
    page(folder, step("same", SERVICE), step("refresh", SERVICE))
    assert not differs({"platform": folder / "platform.events"})
    page(folder, step("update", SERVICE))
    assert differs({"platform": folder / "platform.events", "later": folder / "later.events"})
