"""A whole node: real pods run, find each other, keep data, and come back."""

import json
import urllib.request

import pytest
from conftest import Workshop

from bed.access import Access
from place import until
from workloads import claim, pod, ray_cluster, service

SERVER = "echo hello > /srv/index.html; httpd -f -p 8080 -h /srv"


def ready(node: Access, place: str, name: str) -> None:
    node.kubectl(
        "wait", f"--namespace={place}", f"pod/{name}", "--for=condition=Ready", "--timeout=60s"
    )


def test_a_pod_runs_and_can_be_looked_into(node: Access, namespace: Workshop) -> None:
    place = namespace(node)
    node.kubectl.apply(pod("one", "echo started; sleep 1000", place))
    ready(node, place, "one")
    until(lambda: "started" in node.kubectl("logs", f"--namespace={place}", "one"))
    inside = node.kubectl("exec", f"--namespace={place}", "one", "--", "sh", "-c", "id -u; echo $0")
    assert inside.split() == ["65535", "sh"]


def test_a_service_answers_by_its_name(node: Access, namespace: Workshop) -> None:
    place = namespace(node)
    # Until the server listens, its client complains.
    address = f"http://web.{place}.svc.cluster.local"
    ask = f"until wget -q -O - {address} 2>/dev/null; do sleep 0.2; done"
    node.kubectl.apply(
        pod("web", SERVER, place),
        service("web", place, 8080),
        pod("short", f"{ask}; wget -q -O - http://web/", place, restartPolicy="Never"),
    )
    done = "--for=jsonpath={.status.phase}=Succeeded"
    node.kubectl("wait", f"--namespace={place}", "pod/short", done, "--timeout=60s")
    assert node.kubectl("logs", f"--namespace={place}", "short").split() == ["hello", "hello"]


def test_a_container_that_dies_is_started_again(node: Access, namespace: Workshop) -> None:
    place = namespace(node)
    node.kubectl.apply(pod("mortal", "trap 'exit 1' TERM; sleep 1000 & wait", place))
    ready(node, place, "mortal")
    # It may die before it can say that it was told to.
    node.kubectl.try_("exec", f"--namespace={place}", "mortal", "--", "kill", "1")

    def again() -> bool:
        found = json.loads(node.kubectl("get", "pod", f"--namespace={place}", "mortal", "-ojson"))
        status = found["status"]["containerStatuses"][0]
        return bool(status["restartCount"] == 1 and status["ready"])

    until(again)


def test_a_volume_outlives_its_pod(node: Access, namespace: Workshop) -> None:
    place = namespace(node)
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "kept"}}
    mounted = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}

    def run(name: str, script: str) -> str:
        once = pod(name, script, place, container=mounted, volumes=[volume], restartPolicy="Never")
        node.kubectl.apply(once)
        done = "--for=jsonpath={.status.phase}=Succeeded"
        node.kubectl("wait", f"--namespace={place}", f"pod/{name}", done, "--timeout=60s")
        said = node.kubectl("logs", f"--namespace={place}", name)
        node.kubectl("delete", "pod", f"--namespace={place}", name)
        return said

    node.kubectl.apply(claim("kept", place))
    run("writer", "echo kept > /data/word")
    assert run("reader", "cat /data/word").strip() == "kept"


def test_the_machine_reaches_services(node: Access, namespace: Workshop) -> None:
    if not node.state:
        pytest.skip("optional: the services of another cluster need not be reachable from here")
    place = namespace(node)
    node.kubectl.apply(pod("web", SERVER, place), service("web", place, 8080))
    ready(node, place, "web")
    address = node.kubectl(
        "get", "service", f"--namespace={place}", "web", "--output=jsonpath={.spec.clusterIP}"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def answers() -> bool:
        try:
            with opener.open(f"http://{address}/", timeout=2) as answer:
                return bool(answer.read() == b"hello\n")
        except OSError:  # the node hears of the pod a moment after it is ready
            return False

    until(answers)


def test_the_operator_of_ray_turns_a_cluster_into_pods(node: Access, namespace: Workshop) -> None:
    place = namespace(node)
    node.kubectl.apply(ray_cluster("small", place))
    listed = ("get", "pods", f"--namespace={place}", "--selector=ray.io/cluster=small", "-oname")
    until(lambda: "pod/small-head" in node.kubectl(*listed))
