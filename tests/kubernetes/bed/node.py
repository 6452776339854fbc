"""A node with real pods: runtime, kubelet, scheduler, proxy and names, in a house of their own."""

import json
import os
from pathlib import Path

import yaml

import system
from . import archive, house, pins
from .api import Api
from .faults import Unable
from .house import House
from .objects import configurations, given, volumes
from .state import State

SOCKET = "/run/containerd/containerd.sock"
ADDED = "internal.v1.opt"  # the plugin that makes a folder for added programs
SANDBOX = "docker.io/ninefold/pause:1"
# Programs of the system: command and the Debian package that holds it.
TOOLS = (("runc", "runc"), ("iptables", "iptables"), ("ip", "iproute2"), ("openssl", "openssl"))
PLUGINS = "containernetworking-plugins"


def prepare() -> None:
    """Get what Debian has."""
    missing = system.lacking(TOOLS)
    if missing or not _plugins().is_dir():
        raise Unable(f"a node needs {' '.join(missing or [PLUGINS])}; install it, then try again")


def _plugins() -> Path:
    return system.unpacked(PLUGINS) / "usr" / "lib" / "cni"


class Node(Api):
    """A cluster with one node."""

    def __init__(self, state: State, operator: bool = True) -> None:
        super().__init__(state)
        self.house = House(state)
        self.operator = operator

    def start(self) -> None:
        """Start everything and wait until a pod could run and names are answered."""
        self.house.build(pins.NODE.program("pause"))
        self.prefix = self.house.door
        self._contain()
        super().start()
        for path in volumes(self.state):
            path.mkdir(parents=True)
            path.chmod(0o777)
        self.kubectl.apply(*given(self.state))
        self._configure()
        name = self.state.name
        flags = (f"--hostname-override={name}", f"--node-ip={self.state.network.node}")
        self._kubelet(flags)
        self.run(
            "kube-scheduler",
            pins.NODE.program("kube-scheduler"),
            f"--kubeconfig={self.user('system:kube-scheduler')}",
            "--leader-elect=false",
            "--secure-port=0",
        )
        self._call("kube-proxy", f"--config={self._settings('proxy')}")
        self._call("coredns", f"-conf={self.state.folder / 'Corefile'}")
        if self.operator:
            self._operate()
        self.wait("kubelet", self._ready)

    def load(self, path: Path, name: str = "") -> None:
        """Give the node an image from an archive; a name with a digest means it from then on."""
        self.house.inside(*_ctr("images", "import", "--local", str(path)))
        tagged, _, digest = name.partition("@")
        if digest:
            named = f"{tagged.rpartition(':')[0]}@{digest}"
            self.house.inside(*_ctr("images", "tag", "--force", tagged, named))

    def _contain(self) -> None:
        folder = self.state.folder
        settings = folder / "containerd.toml"
        settings.write_text(_containerd(folder), encoding="utf-8")
        plugins = folder / "cni"
        plugins.mkdir()
        (plugins / "10-pods.conflist").write_text(json.dumps(_pods(self.state)), encoding="utf-8")
        path = os.pathsep.join((str(pins.RUNTIME.place), os.environ["PATH"]))
        program = pins.RUNTIME.program("containerd")
        self.run("containerd", "env", f"PATH={path}", program, f"--config={settings}")
        self.wait("containerd", lambda: self._answers("version"))
        pause = archive.Image(SANDBOX, ("/pause",), {"pause": pins.NODE.program("pause")})
        archive.write(pause, folder / "pause.tar")
        self.load(folder / "pause.tar")

    def _answers(self, *question: str) -> bool:
        try:
            self.house.inside(*_ctr(*question))
        except Exception:  # not yet
            return False
        return True

    def _configure(self) -> None:
        """Write the settings of the programs, each with its own identity."""
        users = {
            "proxy": self.user("system:kube-proxy"),
            "names": self.user("coredns"),
        }
        serving = self.authority.sign(
            "kubelet-server",
            names=(f"IP:{self.state.network.node}", f"DNS:{self.state.name}"),
        )
        for name, text in configurations(self.state, users, self.authority, serving).items():
            (self.state.folder / name).write_text(text, encoding="utf-8")

    def _kubelet(self, flags: tuple[str, ...]) -> None:
        user = self.user(f"system:node:{self.state.name}", "system:nodes")
        self._call(
            "kubelet",
            f"--config={self._settings('kubelet')}",
            f"--kubeconfig={user}",
            f"--root-dir={self.state.folder / 'kubelet'}",
            *flags,
        )

    def _operate(self) -> None:
        self.run(
            "kuberay",
            pins.OPERATORS.program("kuberay"),
            f"--kubeconfig={self.state.kubeconfig}",
            "--enable-leader-election=false",
            "--metrics-addr=127.0.0.1:8090",
            "--health-probe-bind-address=127.0.0.1:8092",
        )

    def _call(self, name: str, *flags: str) -> None:
        self.run(name, pins.NODE.program(name), *flags)

    def _settings(self, name: str) -> Path:
        return self.state.folder / f"{name}.yaml"

    def _ready(self) -> bool:
        done = self.kubectl.try_("get", "node", self.state.name, "--output=yaml")
        if done.returncode:
            return False
        conditions = yaml.safe_load(done.stdout)["status"].get("conditions", [])
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _ctr(*arguments: str) -> tuple[str, ...]:
    program = str(pins.RUNTIME.program("ctr"))
    return (program, f"--address={SOCKET}", "--namespace=k8s.io", *arguments)


def _containerd(folder: Path) -> str:
    return f"""version = 3
root = "{folder}/containerd"
state = "/run/containerd"
[grpc]
  address = "{SOCKET}"
[plugins."io.containerd.{ADDED}"]
  path = "/run/containerd/opt"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{SANDBOX}"
[plugins."io.containerd.cri.v1.runtime"]
  # A machine may be kept from making its programs less likely victims than they are.
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["{_plugins()}"]
    conf_dir = "{folder}/cni"
"""


def _pods(state: State) -> dict[str, object]:
    """Each pod has a cable of its own to the node: what it sends passes the node's rules."""
    ranges = [[{"subnet": str(state.network.pods)}]]
    routes = [{"dst": "0.0.0.0/0"}]
    keeper = {"type": "host-local", "dataDir": "/run/cni", "ranges": ranges, "routes": routes}
    plugin = {"type": "ptp", "mtu": 1500, "ipMasq": False, "ipam": keeper}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [plugin]}


clear = house.clear
