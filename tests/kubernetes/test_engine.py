"""The real engine: a rendered platform repository is applied by its own verbs, and recovers.

The engine cannot be fetched on every machine: these tests run where `pulumi` is on PATH, with its
language host for Python and its provider for Kubernetes. The foundation by itself, with stores that
are adopted: nothing is waited for, so that a run can be interrupted and repeated in seconds.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bed.access import Access
from engine import ENVIRONMENT, REFRESHED, SAME, Platform, kill, repository, waiting
from rendering import Family

ELSEWHERE = {"kind": "existing", "secret": "adopted"}
STORES: dict[str, dict[str, Any]] = {
    "object_store": {**ELSEWHERE, "bucket": "flights", "region": "eu-central-1"},
    "database": {**ELSEWHERE, "host": "database.stores", "port": 5432},
    "key_value": {**ELSEWHERE, "host": "keys.stores", "port": 6379},
}


@pytest.fixture(scope="module")
def platform(
    api: Access, family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    one = repository(api, family, tmp_path_factory.mktemp("engine") / "platform")
    one.configure(
        **{f"{store}:{key}": value for store, told in STORES.items() for key, value in told.items()}
    )
    yield one
    one.try_(*one.verb("destroy"))


@pytest.fixture
def up(platform: Platform) -> Platform:
    """It is applied."""
    platform(*platform.verb("up"))
    return platform


def test_up_makes_everything_and_copies_the_state(up: Platform) -> None:
    found = up.objects()
    assert f"namespace/{up.namespace}" in found
    assert {"resourcequota/quota", "limitrange/limits", "configmap/settings"} <= found
    assert "networkpolicy.networking.k8s.io/deny-by-default" in found
    assert list((up.folder / "exports").glob(f"{ENVIRONMENT}-*.json"))


def test_a_second_up_and_a_preview_change_nothing(up: Platform) -> None:
    up(*up.verb("preview"), **SAME)
    up(*up.verb("up"), **SAME)


def test_another_machine_reaches_the_cluster_by_a_file_of_its_own(
    up: Platform, tmp_path: Path
) -> None:
    other = tmp_path / "kubeconfig"
    other.write_text(up.access.kubeconfig.read_text("utf-8"), "utf-8")
    up(*up.verb("preview"), **SAME, KUBECONFIG=str(other))
    assert str(up.access.kubeconfig) not in json.dumps(up.exported())


def test_what_was_changed_by_hand_is_seen_and_put_back(up: Platform) -> None:
    kubectl, space = up.access.kubectl, f"--namespace={up.namespace}"
    before = up.get("resourcequota", "quota")["spec"]
    patch = '{"spec":{"hard":{"pods":"9999"}}}'
    kubectl("patch", "resourcequota", "quota", space, f"--patch={patch}", "--type=merge")
    kubectl("delete", "networkpolicy", "deny-by-default", space)
    assert up.try_(*up.verb("preview"), **SAME, **REFRESHED).returncode
    up(*up.verb("up"), **REFRESHED)
    assert up.get("resourcequota", "quota")["spec"] == before
    assert up.get("networkpolicy", "deny-by-default")
    up(*up.verb("preview"), **SAME, **REFRESHED)


def test_a_killed_up_is_taken_on_by_the_next(platform: Platform) -> None:
    platform(*platform.verb("destroy"))
    running = platform.start(*platform.verb("up"))
    waiting(lambda: f"namespace/{platform.namespace}" in platform.objects(), running)
    kill(running)
    stack = ("--cwd", "foundation", "--stack", ENVIRONMENT)
    platform("pulumi", "cancel", *stack)
    platform(*platform.verb("up"))
    assert "networkpolicy.networking.k8s.io/deny-by-default" in platform.objects()
    platform(*platform.verb("preview"), **SAME)


def test_what_is_protected_is_not_destroyed(up: Platform) -> None:
    key = f"{up.product}-foundation:protect"
    up.configure(**{key: True})
    up(*up.verb("up"))
    assert up.try_(*up.verb("destroy")).returncode
    assert f"namespace/{up.namespace}" in up.objects()
    up.configure(**{key: False})
    up(*up.verb("up"))


def test_destroy_leaves_nothing(up: Platform) -> None:
    up(*up.verb("destroy"))
    assert up.objects() == set()
    assert not up.exported()


def test_a_stack_whose_cluster_is_gone_is_removed(up: Platform) -> None:
    text = up.access.kubeconfig.read_text("utf-8")
    gone = up.folder.parent / "gone.kubeconfig"
    gone.write_text(re.sub(r"server: \S+", "server: https://127.0.0.1:9", text), "utf-8")
    away = {"KUBECONFIG": str(gone)}
    assert up.try_(*up.verb("destroy"), **away).returncode
    assert up.exported()
    up(*up.verb("destroy"), **away, PULUMI_K8S_DELETE_UNREACHABLE="true")
    assert not up.exported()
    up.access.kubectl("delete", "namespace", up.namespace)
