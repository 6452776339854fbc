"""The objects that the tests try a cluster with."""

from typing import Any

from bed.images import BUSYBOX

Object = dict[str, Any]


def pod(name: str, script: str, namespace: str, **more: Any) -> Object:
    """A pod that the restricted profile lets in, and that runs a script."""
    secured = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    container: Object = {
        "name": "main",
        "image": BUSYBOX,
        "command": ["sh", "-c", script],
        "securityContext": secured,
        "resources": {"limits": {"cpu": "200m", "memory": "64Mi"}},
        **more.pop("container", {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65535,
                "fsGroup": 65535,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            **more,
        },
    }


def service(name: str, namespace: str, port: int) -> Object:
    """A Service in front of the pods of the same name."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": port}]},
    }


def claim(name: str, namespace: str) -> Object:
    """A claim for a volume of the class that is the default."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "10Mi"}},
        },
    }


def ray_cluster(name: str, namespace: str) -> Object:
    """A Ray cluster with a head and nothing else."""
    head = pod(name, "sleep 1000", namespace)["spec"]
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "rayVersion": "2.52.0",
            "headGroupSpec": {"rayStartParams": {}, "template": {"spec": head}},
        },
    }
