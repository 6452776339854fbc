"""The real controller runs the workflows as they are rendered, where the platform's rules hold.

The steps are stand-ins: images of the same names whose commands note that they ran. All else is
what an environment gets: namespace with its Pod Security, quota and limits, identities, volume.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import MockResourceArgs
from workflows import controller, give

from bed.access import Access
from deployed import Part, world
from monitor import Monitor
from place import Place, elsewhere, until
from registration import Answers, Object
from rendering import ROLES, Family, copy
from workloads import pod

STATE = "/var/lib/flight-delays"
# What runs for ever is not needed here, and would only look for its images.
ABSENT = (
    "Deployment",
    "StatefulSet",
    "RayCluster",
    "HorizontalPodAutoscaler",
    "HTTPRoute",
    "CronJob",
)
PARTS = (
    Part("foundation"),
    Part("platform", {"state_mode": "ReadWriteOnce", "training:operator": "existing"}),
)
# It notes what a step must not have, and does what it is told to under its name.
STEP = f"""#!/bin/sh
at={STATE}/told
mkdir -p $at
echo "began $*" >> $at/journal
test ! -e /var/run/secrets/kubernetes.io/serviceaccount || echo "token $1" >> $at/journal
! touch /file 2> /dev/null || echo "image $1" >> $at/journal
test "$(id -u):$(id -g)" = 1000:0 || echo "user $(id -u):$(id -g) $1" >> $at/journal
touch /tmp/file || echo "scratch $1" >> $at/journal
case "$(cat $at/$1 2> /dev/null)" in
  once) rm $at/$1; exit 1 ;;
  fail) exit 1 ;;
  wait) sleep 12 ;;
  hang) sleep 1000 & trap "echo 'stopped $1' >> $at/journal; exit 1" TERM; wait ;;
esac
echo "ended $1" >> $at/journal
"""
# One who looks into the volume, and tells the steps what to do.
DESK = {
    "container": {"volumeMounts": [{"name": "state", "mountPath": STATE}]},
    "volumes": [{"name": "state", "persistentVolumeClaim": {"claimName": "state"}}],
    # The steps' user: whoever mounts the volume first decides whose it is.
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "fsGroup": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}


class Still(Monitor):
    """The engine's place, but nothing that runs for ever is started."""

    def made(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ.rpartition(":")[2] in ABSENT:
            return Answers.made(self, args)
        return super().made(args)


@dataclass(frozen=True)
class Loop(Place):
    """The namespace of the loop, and where its controller says what it does."""

    said: Path

    def desk(self, script: str) -> str:
        """Do something in the volume."""
        return self.ask("exec", "desk", "--", "sh", "-c", f"mkdir -p {STATE}/told; {script}")

    def tell(self, orders: Mapping[str, str]) -> None:
        """What steps are to do this time, and a new journal."""
        words = [f"echo {word} > {name}" for name, word in orders.items()]
        self.desk("; ".join((f"cd {STATE}/told", "rm -f *", *words)))

    def journal(self) -> list[list[str]]:
        """What the steps noted."""
        return [line.split() for line in self.desk(f"cat {STATE}/told/journal").splitlines()]

    def due(self, name: str) -> str:
        """Let a schedule be due three times, every ten seconds; the one workflow that it starts."""
        self._schedule(name, schedules=["@every 10s"], suspend=False)
        until(lambda: bool(self.all_of(name)), 60)
        time.sleep(21)
        self._schedule(name, suspend=True)
        (started,) = self.all_of(name)
        return started

    def all_of(self, schedule: str) -> list[str]:
        """The workflows that a schedule has started."""
        asked = ("workflows", f"--selector=workflows.argoproj.io/cron-workflow={schedule}")
        return [one["metadata"]["name"] for one in self.found(*asked)["items"]]

    def pods(self, workflow: str) -> list[Object]:
        """The pods of a workflow's steps."""
        asked = ("pods", f"--selector=workflows.argoproj.io/workflow={workflow}")
        found: list[Object] = self.found(*asked)["items"]
        return found

    def _schedule(self, name: str, **spec: object) -> None:
        patch = json.dumps({"spec": spec})
        self.ask("patch", "cronworkflow", name, "--type=merge", f"--patch={patch}")

    def ended(self, name: str, seconds: float = 400) -> Object:
        """The workflow when it has ended."""
        deadline = time.monotonic() + seconds
        while not (found := self.found("workflow", name)).get("status", {}).get("finishedAt"):
            assert time.monotonic() < deadline, self.said.read_text("utf-8", "replace")[-5000:]
            self._compute()
            time.sleep(1)
        return found

    def _compute(self) -> None:
        """The compute's place: what is handed in to it succeeds."""
        for job in self.found("rayjobs")["items"]:
            if "jobStatus" not in job.get("status", {}):
                patch = json.dumps({"status": {"jobStatus": "SUCCEEDED"}})
                at = ("rayjob", job["metadata"]["name"], "--subresource=status")
                self.ask("patch", *at, "--type=merge", f"--patch={patch}")


def phases(workflow: Object) -> dict[str, str]:
    """How each step ended, by its name; a step that is tried again is one."""
    nodes = workflow["status"]["nodes"].values()
    kept = [one for one in nodes if one["type"] != "DAG" and "(" not in one["displayName"]]
    return {one["displayName"]: one["phase"] for one in kept}


@pytest.fixture(scope="module")
def loop(node: Access, family: Family, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    if not node.state:
        pytest.skip("optional: the controller of another cluster is its own")
    folder = tmp_path_factory.mktemp("workflows")
    platform = family.repository("platform")
    here = Family(folder, family.name)
    copy(platform, here.repository("platform"))
    environment = elsewhere(here.repository("platform"), here.name)
    name = f"{here.name}-{environment}"
    give(
        node,
        {f"docker.io/library/{here.name}-{role}:0.1.0": f"{here.name}-{role}" for role in ROLES},
        STEP,
    )
    try:
        world(
            here,
            "small",
            environment=environment,
            cloud=lambda stacks: Still(node.kubectl, stacks),
            parts=PARTS,
        )
        node.kubectl.apply(pod("desk", "sleep 100000", name, **DESK))
        with controller(node, folder) as said:
            made = Loop(node, name, said)
            made.ask("wait", "pod/desk", "--for=condition=Ready", "--timeout=120s")
            yield made
    finally:
        node.kubectl.try_("delete", "namespace", name, "--wait=false")


def test_the_steps_run_in_their_order_and_a_failed_one_stops_what_needs_it(loop: Loop) -> None:
    # `drift` has failed when `probe`, which does not need it, has not ended yet.
    loop.tell({"materialise": "once", "drift": "fail", "probe": "wait"})
    name = loop.due("pipeline")
    ended = phases(loop.ended(name))
    assert {one for one, phase in ended.items() if phase == "Failed"} == {"drift"}
    assert {one for one, phase in ended.items() if phase == "Omitted"} == {"report"}
    assert {phase for one, phase in ended.items() if one not in ("drift", "report")} == {
        "Succeeded"
    }
    journal = loop.journal()
    assert {words[0] for words in journal} == {"began", "ended"}
    began = [words[1] for words in journal if words[0] == "began"]
    assert began.count("materialise") == 2
    assert sorted(set(began)) == sorted(set(ended) - {"train", "report"})
    at = {(words[0], words[1]): place for place, words in enumerate(journal)}
    for task in tasks(loop, "pipeline"):
        for need in task.get("dependencies", ()):
            if {task["name"], need} <= set(began) and need != "drift":
                assert at["ended", need] < at["began", task["name"]]

    (job,) = loop.found("rayjobs")["items"]
    assert [one["name"] for one in job["metadata"]["ownerReferences"]] == [name]
    # They are kept where something failed. None of their containers has a user of its own.
    kept = loop.pods(name)
    assert len(kept) == len(began) + len(["train"])
    inside = [one for each in kept for one in containers(each)]
    assert not any("runAsUser" in one["securityContext"] for one in inside)


def containers(one: Object) -> list[Object]:
    """All containers of a pod."""
    return [*one["spec"]["initContainers"], *one["spec"]["containers"]]


def tasks(loop: Loop, name: str) -> list[Object]:
    """The graph of a workflow's template."""
    templates = loop.found("workflowtemplate", name)["spec"]["templates"]
    (graph,) = [one["dag"]["tasks"] for one in templates if "dag" in one]
    found: list[Object] = graph
    return found


def test_a_round_is_of_the_day_that_ends_when_it_is_due(loop: Loop) -> None:
    loop.tell({"retrain": "once"})
    name = loop.due("round")
    workflow = loop.ended(name)
    assert workflow["status"]["phase"] == "Succeeded"
    due = workflow["metadata"]["annotations"]["workflows.argoproj.io/scheduled-time"]
    began = [words[1:] for words in loop.journal() if words[0] == "began"]
    steps = [task["name"] for task in tasks(loop, "round")]
    steps.insert(steps.index("retrain"), "retrain")
    assert [words[0] for words in began] == steps
    end = datetime.fromisoformat(due).astimezone(UTC)
    interval = "/".join(f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in (end - timedelta(days=1), end))
    assert {tuple(words[1:]) for words in began} == {("--round", interval)}
    # Nothing is left of it but its record.
    until(lambda: not loop.pods(name))


def test_what_hangs_is_ended(loop: Loop) -> None:
    loop.tell({"ingest": "hang"})
    spec = {"workflowTemplateRef": {"name": "pipeline"}, "activeDeadlineSeconds": 20}
    head = {"name": "hanging", "namespace": loop.name}
    kind = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow"}
    loop.access.kubectl.apply({**kind, "metadata": head, "spec": spec})
    workflow = loop.ended("hanging")
    assert workflow["status"]["phase"] == "Failed"
    assert "deadline" in str(workflow["status"]["nodes"])
    until(lambda: ["stopped", "ingest"] in loop.journal())
    assert [words[1] for words in loop.journal() if words[0] == "began"] == ["ingest"]
