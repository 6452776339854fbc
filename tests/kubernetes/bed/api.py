"""etcd, API server and controllers: a Kubernetes that admits and keeps objects, without a node."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from . import kubeconfig, pins, processes
from .authority import Authority, Pair
from .build import definitions
from .client import Kubectl, answers, await_
from .state import State

ISSUER = "https://kubernetes.default.svc.cluster.local"
# Set aside for documentation: an API server without a node has nobody to advertise itself to,
# but insists on an address that is not the loopback.
NOBODY = "198.51.100.1"
CLIENT = "http://localhost:2379"
PEER = "http://localhost:2380"
Running = dict[str, "subprocess.Popen[bytes]"]


class Api:
    """The parts that every depth has."""

    def __init__(self, state: State, prefix: Sequence[str] = ()) -> None:
        self.state = state
        self.prefix = tuple(prefix)
        self.authority = Authority(state.folder / "pki")
        self.running: Running = {}

    @property
    def kubectl(self) -> Kubectl:
        """kubectl as administrator."""
        return Kubectl(pins.API.program("kubectl"), self.state.kubeconfig)

    def start(self) -> None:
        """Start, and wait until objects are accepted and namespaces get their service account."""
        self.authority.create()
        admin = self.authority.sign("admin", "system:masters")
        kubeconfig.write(
            self.state.kubeconfig, self.state.server, self.authority, admin, self.state.name
        )
        self.run("etcd", pins.API.program("etcd"), *self._etcd())
        self.run("kube-apiserver", pins.API.program("kube-apiserver"), *self._server(admin))
        trusted = self.authority.own.certificate
        ready = f"{self.state.server}/readyz"
        self.wait("kube-apiserver", lambda: answers(ready, trusted, admin))
        self.run(
            "kube-controller-manager",
            pins.API.program("kube-controller-manager"),
            *self._controllers(),
        )
        self._define()
        account = f"{self.state.server}/api/v1/namespaces/default/serviceaccounts/default"
        self.wait("kube-controller-manager", lambda: answers(account, trusted, admin))
        self.wait("kube-apiserver", self._established)

    def run(self, name: str, *command: str | Path) -> None:
        """Start one of the cluster's programs."""
        self.running[name] = processes.start(command, self.state.folder, name, self.prefix)

    def wait(self, name: str, ready: Callable[[], bool]) -> None:
        """Wait for one of the cluster's programs."""
        await_(name, ready, self.state.folder, self.running)

    def user(self, name: str, group: str = "") -> Path:
        """A kubeconfig for one of the cluster's programs."""
        pair = self.authority.sign(name, group)
        path = self.state.folder / "pki" / f"{pair.certificate.stem}.kubeconfig"
        kubeconfig.write(path, self.state.server, self.authority, pair, self.state.name)
        return path

    def _etcd(self) -> tuple[str, ...]:
        clients, peers = (f"unix://{self.state.socket(name)}" for name in ("etcd", "peers"))
        return (
            f"--data-dir={self.state.folder / 'etcd'}",
            f"--listen-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            # It has no peers, and its one client knows the socket: asked for, not used.
            f"--advertise-client-urls={CLIENT}",
            f"--initial-advertise-peer-urls={PEER}",
            f"--initial-cluster=default={PEER}",
            "--unsafe-no-fsync",  # the data live no longer than the cluster
            "--log-level=warn",
        )

    def _server(self, admin: Pair) -> tuple[str, ...]:
        state, own = self.state, self.authority.own.certificate
        first = state.network.services[1]
        names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")
        alternative = [f"DNS:{name}" for name in (*names, f"{names[2]}.cluster.local")]
        alternative += [f"IP:{one}" for one in ("127.0.0.1", first, state.network.node)]
        serving = self.authority.sign("kube-apiserver", names=alternative)
        return (
            f"--etcd-servers=unix://{state.socket('etcd')}",
            f"--bind-address={state.address}",
            f"--secure-port={state.port}",
            f"--advertise-address={state.address if state.depth == 'node' else NOBODY}",
            f"--service-cluster-ip-range={state.network.services}",
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            f"--client-ca-file={own}",
            f"--kubelet-certificate-authority={own}",
            f"--kubelet-client-certificate={admin.certificate}",
            f"--kubelet-client-key={admin.key}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={self.authority.tokens}",
            f"--service-account-signing-key-file={self.authority.tokens}",
            "--authorization-mode=Node,RBAC",
            # Pod Security is on by itself, and told what to enforce by labels of the namespace.
            # Who may not hold up an owner may not say that something of it does: as on OpenShift.
            "--enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement",
            "--allow-privileged=true",
            "--profiling=false",
        )

    def _controllers(self) -> tuple[str, ...]:
        own = self.authority.own
        return (
            f"--kubeconfig={self.user('system:kube-controller-manager')}",
            f"--root-ca-file={own.certificate}",
            f"--cluster-signing-cert-file={own.certificate}",
            f"--cluster-signing-key-file={own.key}",
            f"--service-account-private-key-file={self.authority.tokens}",
            "--use-service-account-credentials",
            "--leader-elect=false",
            "--secure-port=0",
        )

    def _define(self) -> None:
        """Let the server know the kinds of Ray's operator."""
        # The server checks them; to have kubectl check them too takes seconds.
        self.kubectl("create", "--validate=false", f"--filename={definitions()}")

    def _established(self) -> bool:
        """Not by `kubectl wait`, which gives up on a kind that has no conditions yet."""
        wanted = '{.items[*].status.conditions[?(@.type=="Established")].status}'
        said = self.kubectl.try_("get", "crd", f"--output=jsonpath={wanted}").stdout.split()
        return said == ["True"] * len(list(definitions().iterdir()))
