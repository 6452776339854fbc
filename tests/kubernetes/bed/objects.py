"""The settings of a node's programs, and the objects that every cluster with a node has."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .authority import Authority, Pair
from .house import group
from .state import State

Object = dict[str, Any]
# Nobody makes volumes on demand; this many are more than a platform takes.
VOLUMES = 50
CAPACITY = "1Ti"
DOMAIN = "cluster.local"


def names_address(state: State) -> str:
    """The address of the service that answers names."""
    return str(state.network.services[10])


def configurations(
    state: State, users: Mapping[str, Path], authority: Authority, serving: Pair
) -> dict[str, str]:
    """The files with the settings of kubelet, proxy and name server."""
    return {
        "kubelet.yaml": yaml.safe_dump(_kubelet(state, authority, serving)),
        "proxy.yaml": yaml.safe_dump(_proxy(state, users["proxy"])),
        "Corefile": _corefile(users["names"]),
    }


def _kubelet(state: State, authority: Authority, serving: Pair) -> Object:
    folder = state.folder
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority.own.certificate)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(serving.certificate),
        "tlsPrivateKeyFile": str(serving.key),
        "address": state.network.node,
        "healthzPort": 0,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "clusterDomain": DOMAIN,
        "clusterDNS": [names_address(state)],
        "resolvConf": str(folder / "resolv.conf"),
        "podLogsDir": "/var/log/pods",
        "volumePluginDir": "/run/volume-plugins",
        # The machine decides which control groups there are, of the older or the newer kind.
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "cgroupRoot": f"/{group(state)}",
        "enforceNodeAllocatable": [],
        "localStorageCapacityIsolation": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        # Images come from us and cannot be fetched again; the disk is the machine's affair.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%"},
        "syncFrequency": "10s",
        "registryPullQPS": 0,
        "kubeAPIQPS": 100,
        "kubeAPIBurst": 200,
    }


def _proxy(state: State, user: Path) -> Object:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(user)},
        "hostnameOverride": state.name,
        "mode": "iptables",
        "clusterCIDR": str(state.network.pods),
        "bindAddress": state.network.node,
        "oomScoreAdj": 0,
        # These are the machine's: left as they are.
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
        "iptables": {"localhostNodePorts": False, "minSyncPeriod": "0s"},
    }


def _corefile(user: Path) -> str:
    """Names of the cluster only: pods have no way to others."""
    return f""".:53 {{
    errors
    ready :8181
    cache 5
    kubernetes {DOMAIN} in-addr.arpa {{
        kubeconfig {user}
    }}
}}
"""


def given(state: State) -> list[Object]:
    """What a cluster with a node has from the start: names, volumes, and who may read what."""
    rule = {
        "apiGroups": ["", "discovery.k8s.io"],
        "resources": ["services", "pods", "namespaces", "endpointslices"],
        "verbs": ["list", "watch"],
    }
    rbac = "rbac.authorization.k8s.io"
    return [
        {
            **_head(f"{rbac}/v1", "ClusterRole", "system:coredns"),
            "rules": [rule],
        },
        {
            **_head(f"{rbac}/v1", "ClusterRoleBinding", "system:coredns"),
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "system:coredns"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": "coredns"}],
        },
        {
            **_head(
                "storage.k8s.io/v1",
                "StorageClass",
                "standard",
                annotations={"storageclass.kubernetes.io/is-default-class": "true"},
            ),
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
        },
        *(_volume(state, folder) for folder in volumes(state)),
        {
            **_head("v1", "Service", "kube-dns", namespace="kube-system"),
            "spec": {
                "clusterIP": names_address(state),
                "ports": [_port("dns", "UDP"), _port("dns-tcp", "TCP")],
            },
        },
        {
            **_head(
                "discovery.k8s.io/v1",
                "EndpointSlice",
                "kube-dns",
                namespace="kube-system",
                labels={"kubernetes.io/service-name": "kube-dns"},
            ),
            "addressType": "IPv4",
            "endpoints": [{"addresses": [state.network.node]}],
            "ports": [_port("dns", "UDP"), _port("dns-tcp", "TCP")],
        },
    ]


def volumes(state: State) -> list[Path]:
    """The folders that stand for disks."""
    return [state.folder / "volumes" / f"{number:02}" for number in range(VOLUMES)]


def _volume(state: State, folder: Path) -> Object:
    """A folder as a disk: unlike other folders of a node, one that a pod's group may write."""
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [state.name]}
    return {
        **_head("v1", "PersistentVolume", f"disk-{folder.name}"),
        "spec": {
            "capacity": {"storage": CAPACITY},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "standard",
            "local": {"path": str(folder)},
            "nodeAffinity": {
                "required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]},
            },
        },
    }


def _head(version: str, kind: str, name: str, **more: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **more}}


def _port(name: str, protocol: str) -> Object:
    return {"name": name, "port": 53, "protocol": protocol}
