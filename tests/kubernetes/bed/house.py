"""The house of a node: namespaces of its own, so that nothing of it shows on the machine.

Processes, mounts, network and host name are apart. When the first process inside ends, the kernel
ends all others, and with the last of them mounts, network and firewall rules are gone.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import processes
from .client import await_
from .faults import Fault
from .places import CACHE
from .state import State

NAMESPACES = ("--pid", "--mount", "--net", "--uts", "--ipc")
# What a kubelet demands of the kernel; inside it finds it so, and the machine's is not touched.
KERNEL = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1000000,
    "kernel/keys/root_maxbytes": 25000000,
}
# Folders where programs leave traces whatever one tells them. Our own may lie below one of them:
# it is held elsewhere meanwhile.
FURNISH = """set -e
mount --bind "$CACHE" /mnt
for place in /run /tmp /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs $place; done
mkdir -p "$CACHE"
mount --move /mnt "$CACHE"
mount --bind "$HOUSE/hosts" /etc/hosts
# What runs in here asks the cluster for names, as an operator in a pod does.
names=$(readlink -m /etc/resolv.conf)
case $names in /run/*) mkdir -p "${names%/*}"; : > "$names" ;; esac
test ! -e "$names" || mount --bind "$HOUSE/resolv.conf" "$names"
cd "$HOUSE/kernel"
find . -type f | while read -r name; do
  test ! -e "/proc/sys/$name" || mount --bind "$name" "/proc/sys/$name"
done
cd /
hostname "$NAME"
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
exec "$PAUSE"
"""


def apart() -> bool:
    """This machine lets us make namespaces; a container often does not."""
    tried = ("unshare", "--fork", "--mount-proc", *NAMESPACES, "true")
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


class House:
    """The namespaces of one node."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.first = 0

    def build(self, pause: Path) -> None:
        """Make the namespaces, furnish them and lay the cable to the machine."""
        folder = self.state.folder
        hosts = f"127.0.0.1 localhost\n{self.state.network.node} {self.state.name}\n"
        (folder / "hosts").write_text(hosts, encoding="utf-8")
        names = f"nameserver {self.state.network.node}\n"
        (folder / "resolv.conf").write_text(names, encoding="utf-8")
        for name, value in KERNEL.items():
            path = folder / "kernel" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{value}\n", encoding="utf-8")
        given = {
            "CACHE": CACHE.parent,
            "HOUSE": folder,
            "NAME": self.state.name,
            "PAUSE": pause,
        }
        words = [f"{name}={value}" for name, value in given.items()]
        outside = processes.start(
            ("unshare", "--fork", "--kill-child", "--mount-proc", *NAMESPACES,
             "env", *words, "sh", "-c", FURNISH),
            folder,
            "house",
        )  # fmt: skip
        await_("house", lambda: self._furnished(outside.pid), folder, {"house": outside})
        self._lay()

    @property
    def door(self) -> tuple[str, ...]:
        """What stands before a command that is to run inside."""
        return ("nsenter", f"--target={self.first}", *NAMESPACES, "--")

    def inside(self, *command: str | Path, seconds: float = 300) -> str:
        """Run a command inside and wait for its end."""
        done = subprocess.run(
            [*self.door, *map(str, command)],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise Fault(f"{' '.join(map(str, command[:4]))} failed: {done.stderr.strip()[-500:]}")
        return done.stdout

    def enter(self) -> None:
        """Find the house of a cluster that somebody else started."""
        for one in processes.marked(self.state.folder):
            if processes.parent(one) in processes.marked(self.state.folder) and _is(one, "pause"):
                self.first = one
                return
        raise Fault(f"cluster {self.state.name} has no running node")

    def _furnished(self, outside: int) -> bool:
        inside = [one for one in processes.marked(self.state.folder) if _is(one, "pause")]
        self.first = next((one for one in inside if processes.parent(one) == outside), 0)
        return bool(self.first)

    def _lay(self) -> None:
        net, wire = self.state.network, self.state.network.wire
        length = net.cable.prefixlen
        for command in (
            f"ip link add {wire} type veth peer name eth0 netns {self.first}",
            f"ip address add {net.machine}/{length} dev {wire}",
            f"ip link set {wire} up",
        ):
            _call(command.split())
        for command in (
            f"ip address add {net.node}/{length} dev eth0",
            "ip link set eth0 up",
            f"ip route add default via {net.machine}",
        ):
            self.inside(*command.split())
        for range_ in (net.services, net.pods):
            _call(["ip", "route", "add", str(range_), "via", net.node])


def clear(state: State) -> None:
    """Remove what no process holds: the cable, if it is left, and empty control groups."""
    if state.depth != "node":
        return
    if (Path("/sys/class/net") / state.network.wire).exists():
        subprocess.run(("ip", "link", "delete", state.network.wire), check=False)
    for root in hierarchies():
        top = root / group(state)
        for path in sorted(top.rglob("*/"), reverse=True) if top.exists() else ():
            if path.is_dir():
                path.rmdir()
        if top.exists():
            top.rmdir()


def group(state: State) -> str:
    """The name of the control group in which all containers of the cluster are."""
    return f"ninefold-{state.slot}-{state.name}"


def hierarchies() -> list[Path]:
    """Where control groups are mounted."""
    lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    entries = [line.split() for line in lines]
    return [Path(entry[1]) for entry in entries if entry[2] in ("cgroup", "cgroup2")]


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fault(f"{' '.join(command)} failed: {done.stderr.strip()}")


def _is(process: int, name: str) -> bool:
    try:
        return (processes.PROC / str(process) / "comm").read_text().strip() == name
    except OSError:
        return False
