"""The API server alone: it admits, refuses and keeps objects as any Kubernetes does."""

import json
import re

from conftest import Workshop

from bed.access import Access
from workloads import pod, ray_cluster


def test_its_version_is_one_that_clients_can_parse(api: Access) -> None:
    version = json.loads(api.kubectl("version", "--output=json"))["serverVersion"]
    assert re.fullmatch(r"v1\.\d+\.\d+\S*", version["gitVersion"])
    assert int(re.sub(r"\D", "", version["minor"])) >= 30


def test_pod_security_lets_in_what_is_restricted(api: Access, namespace: Workshop) -> None:
    assert "serverside-applied" in api.kubectl.apply(pod("good", "true", namespace(api)))


def test_pod_security_refuses_a_privileged_pod(api: Access, namespace: Workshop) -> None:
    bad = pod("bad", "true", namespace(api))
    bad["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    done = api.kubectl.try_("apply", "--server-side", "--filename=-", given=json.dumps(bad))
    assert done.returncode and 'violates PodSecurity "restricted' in done.stderr
    assert "privileged" in done.stderr


def test_an_identity_may_do_only_what_it_is_allowed(api: Access, namespace: Workshop) -> None:
    who = f"--as=system:serviceaccount:{namespace(api)}:default"
    done = api.kubectl.try_("auth", "can-i", "list", "secrets", who)
    assert done.stdout.strip() == "no"


def test_the_kinds_of_ray_are_established(api: Access) -> None:
    for kind in ("rayclusters", "rayjobs", "rayservices"):
        api.kubectl("wait", "--for=condition=Established", f"crd/{kind}.ray.io", "--timeout=5s")


def test_the_kinds_of_workflows_are_established(api: Access) -> None:
    for kind in ("workflows", "cronworkflows", "workflowtemplates"):
        name = f"crd/{kind}.argoproj.io"
        api.kubectl("wait", "--for=condition=Established", name, "--timeout=5s")


def test_the_kinds_of_gateways_are_established(api: Access) -> None:
    for kind in ("gateways", "httproutes"):
        name = f"crd/{kind}.gateway.networking.k8s.io"
        api.kubectl("wait", "--for=condition=Established", name, "--timeout=5s")


def test_a_schema_is_enforced(api: Access, namespace: Workshop) -> None:
    wrong = ray_cluster("wrong", namespace(api))
    del wrong["spec"]["headGroupSpec"]["template"]
    done = api.kubectl.try_("apply", "--server-side", "--filename=-", given=json.dumps(wrong))
    assert done.returncode and "spec.headGroupSpec.template: Required value" in done.stderr
