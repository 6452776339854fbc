"""What is built: groups of programs, each from a folder whose go.mod and go.sum pin everything."""

import hashlib
import json
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .faults import Unable
from .places import BUILT, SOURCES

OLDEST_GO = (1, 26)
KUBERNETES = "k8s.io/kubernetes"
KUBERAY = "github.com/ray-project/kuberay/ray-operator"
CONTAINERD = "github.com/containerd/containerd/v2"
VERSITY = "github.com/versity/versitygw"
ARGO = "github.com/argoproj/argo-workflows/v3"
ARGO_CD = "github.com/argoproj/argo-cd/v3"
# Custom kinds: the module that holds their definitions, the folder of ours that pins it, and the
# folder inside.
KINDS = {
    KUBERAY: ("kuberay", "config/crd/bases"),
    "sigs.k8s.io/gateway-api": ("kuberay", "config/crd/standard"),
    # With the full schemas a server takes 20 seconds and 700 MB more.
    ARGO: ("argo", "manifests/base/crds/minimal"),
}
# Of controllers that only their own tests meet.
DELIVERY_KINDS = {ARGO_CD: ("argocd", "manifests/crds")}
FLUX_KINDS = {
    f"github.com/fluxcd/{name}-controller": ("flux", "config/crd/bases")
    for name in ("kustomize", "source")
}
# What is judged without a server is judged by the full schemas.
FULL = {**KINDS, ARGO: ("argo", "manifests/base/crds/full")}
# Debugging symbols are a tenth of the compiler's work and a fifth of its cache.
FLAGS = ("-buildvcs=false", "-gcflags=all=-dwarf=false", "-mod=readonly")


@dataclass(frozen=True)
class Group:
    """Programs that are built together; a group is built only for the depth that needs it."""

    name: str
    module: str
    packages: tuple[str, ...]
    tags: str = ""
    # Go names a program by its package; where that says little we call it something else.
    renamed: tuple[tuple[str, str], ...] = ()
    # A module, and its symbolic links (where, whither): Go's archives of modules hold none.
    linking: tuple[str, tuple[tuple[str, str], ...]] = ("", ())

    @property
    def folder(self) -> Path:
        """The folder with go.mod and go.sum."""
        return SOURCES / self.module

    @property
    def place(self) -> Path:
        """Where its programs are put: another place for other pins, flags or another Go."""
        return BUILT / f"{self.name}-{key(self)}"

    def program(self, name: str) -> Path:
        """The path of one of its programs."""
        return self.place / name


API = Group(
    "api",
    "kubernetes",
    (
        "go.etcd.io/etcd/server/v3",
        f"{KUBERNETES}/cmd/kube-apiserver",
        f"{KUBERNETES}/cmd/kube-controller-manager",
        f"{KUBERNETES}/cmd/kubectl",
    ),
    renamed=(("server", "etcd"),),
)
NODE = Group(
    "node",
    "kubernetes",
    (
        f"{KUBERNETES}/cmd/kube-scheduler",
        f"{KUBERNETES}/cmd/kubelet",
        f"{KUBERNETES}/cmd/kube-proxy",
        "./coredns",
        "./pause",
    ),
)
OPERATORS = Group("operators", "kuberay", (KUBERAY,), renamed=(("ray-operator", "kuberay"),))
RUNTIME = Group(
    "runtime",
    "containerd",
    tuple(f"{CONTAINERD}/cmd/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")),
    tags="no_btrfs,no_zfs,no_devmapper",
)
# Of these no image can be pulled here: they are put into one under its public name.
STORES = Group("stores", "versity", (f"{VERSITY}/cmd/versitygw",))
# It delivers what is committed; it runs beside the cluster.
DELIVERY = Group(
    "delivery",
    "argocd",
    (f"{ARGO_CD}/cmd", "sigs.k8s.io/kustomize/kustomize/v5"),
    renamed=(("cmd", "argocd"),),
)
# The controller of workflows, and what it puts into the pods of their steps.
WORKFLOWS = Group(
    "workflows",
    "argo",
    (f"{ARGO}/cmd/workflow-controller", f"{ARGO}/cmd/argoexec"),
    linking=(ARGO, (("workflow/executor/osspecific/signal_linux.go", "signal_darwin.go"),)),
)
# They judge objects; no cluster runs them.
JUDGES = Group(
    "judges", "judges", ("github.com/yannh/kubeconform/cmd/kubeconform", "./podsecurity")
)
# What a benchmark is compared with.
HELM = Group("helm", "helm", ("helm.sh/helm/v4/cmd/helm",))
GROUPS = {"api": (API,), "node": (API, NODE, RUNTIME, OPERATORS)}


def version(folder: Path, module: str) -> str:
    """The version of a module that a folder's go.mod pins."""
    text = (folder / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", text, re.MULTILINE)
    assert found, f"{folder}/go.mod does not pin {module}"
    return found.group(1)


def linked(group: Group) -> str:
    """The linker's flags: versions, which clients read from the servers and which Go leaves out."""
    values = {
        "kubernetes": ("k8s.io/component-base/version.gitVersion", KUBERNETES),
        "containerd": (f"{CONTAINERD}/version.Version", CONTAINERD),
        "argo": (f"{ARGO}.version", ARGO),
    }
    if group.module not in values:
        return "-s -w"
    variable, module = values[group.module]
    return f"-s -w -X {variable}={version(group.folder, module)}"


def key(group: Group) -> str:
    """A short hash of all that decides what comes out of the build."""
    files = sorted((*group.folder.glob("go.*"), *group.folder.rglob("*.go")))
    parts = [path.read_bytes() for path in files]
    said: list[object] = [group.packages, group.tags, FLAGS, linked(group), go()]
    said += [platform.machine(), *([group.linking] if group.linking[0] else [])]
    parts.append(json.dumps(said).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


_go: list[str] = []


def go() -> str:
    """The version of Go that builds; a fault with its remedy where there is none new enough."""
    if not _go:
        _go.append(_ask())
    return _go[0]


def _ask() -> str:
    wanted = ".".join(map(str, OLDEST_GO))
    remedy = f"install Go {wanted} or newer, or name a cluster in NINEFOLD_KUBECONFIG"
    if not shutil.which("go"):
        raise Unable(f"Go is missing; {remedy}")
    asked = ("go", "env", "GOVERSION")
    done = subprocess.run(asked, cwd=SOURCES, capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+)\.(\d+)", done.stdout)
    if not found or (int(found[1]), int(found[2])) < OLDEST_GO:
        raise Unable(f"Go {done.stdout.strip().removeprefix('go') or '?'} is too old; {remedy}")
    return done.stdout.strip()
