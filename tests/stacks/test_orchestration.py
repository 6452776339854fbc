"""The identity of the steps' executor, and what the release tree lets it make."""

from typing import Any

import yaml
from orders import Made, Orders

from ninefold_stacks.provision import Kind, Provided

from deployed import world
from emitted import namespace
from rendering import Family

STEPS = Orders("orchestration.argo_workflows")
REPORTS = {
    "apiGroups": ["argoproj.io"],
    "resources": ["workflowtaskresults"],
    "verbs": ["create", "patch"],
}

# Whoever makes a workflow the owner that an object waits for must be allowed to hold it up.
OWNS = {"apiGroups": ["argoproj.io"], "resources": ["workflows/finalizers"], "verbs": ["update"]}


def rules(made: Made) -> Any:
    return made.one("Role")["rules"]


def test_the_executor_reports_and_may_do_nothing_else() -> None:
    made = STEPS.run()
    assert rules(made) == [REPORTS]
    (subject,) = made.one("RoleBinding")["subjects"]
    assert subject["name"] == made.one("ServiceAccount")["metadata"]["name"] == "steps"
    assert made.one("ServiceAccount")["automountServiceAccountToken"] is False
    # By this name and kind the controller mounts its token into the executor.
    token = made.one("Secret")
    assert token["type"] == "kubernetes.io/service-account-token"
    assert token["metadata"]["name"] == "steps.service-account-token"
    assert token["metadata"]["annotations"]["kubernetes.io/service-account.name"] == "steps"


def test_it_makes_the_objects_by_which_the_compute_takes_steps() -> None:
    before = {"training.compute": Provided(jobs=(Kind("compute.example.com", "works"),))}
    more = {
        "apiGroups": ["compute.example.com"],
        "resources": ["works"],
        "verbs": ["create", "get"],
    }
    assert rules(Orders(STEPS.technology, before=before).run()) == [REPORTS, more, OWNS]


def test_the_step_that_computes_is_handed_in_as_its_identity_may(family: Family) -> None:
    judged = world(family, "small")
    ((workflow, made),) = judged.handed_in
    templates = {one["name"]: one for one in workflow.inputs["spec"]["templates"]}
    step = templates["train"]
    assert made["metadata"]["name"] == "train-made"
    assert made["spec"]["entrypoint"].endswith("flight-delays-training train")
    assert step["retryStrategy"]["limit"] == "1"
    assert step["resource"]["setOwnerReference"] is True
    # The controller states a user for the containers of such a step, which are these.
    patch = yaml.safe_load(step["podSpecPatch"])
    assert {one["name"] for each in patch.values() for one in each} == {"init", "main"}
    assert all(
        one["securityContext"] == {"runAsUser": None} for each in patch.values() for one in each
    )
    assert {"dataset", "evaluate", "train-in-pod"} <= {
        name for name, one in templates.items() if "container" in one
    }
    # The compute that it names is there, and its identity may make it.
    (compute,) = judged.of("RayCluster")
    assert made["spec"]["clusterSelector"] == {"ray.io/cluster": compute.inputs["metadata"]["name"]}
    assert namespace(compute) == made["metadata"]["namespace"]
    (role,) = [one for one in judged.of("Role") if one.inputs["metadata"]["name"] == "steps"]
    group = made["apiVersion"].partition("/")[0]
    (rule,) = [one for one in role.inputs["rules"] if one["apiGroups"] == [group]]
    assert rule["resources"] == [f"{made['kind'].lower()}s"]
    assert rule["verbs"] == ["create", "get"]


def test_a_failed_step_stops_no_others_and_a_run_ends_before_the_next_is_due(
    family: Family,
) -> None:
    workflows = world(family, "small").of("WorkflowTemplate")
    assert len(workflows) == 2
    for one in workflows:
        spec = one.inputs["spec"]
        assert [each["dag"]["failFast"] for each in spec["templates"] if "dag" in each] == [False]
        assert 0 < spec["activeDeadlineSeconds"] < 24 * 3600
