"""What is written down about a cluster: enough to find and to end it, whoever started it."""

import json
import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from . import processes
from .build import locked
from .faults import Fault
from .network import SLOTS, Network
from .places import CLUSTERS

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
LONGEST_SOCKET = 107


@dataclass(frozen=True)
class State:
    """A cluster: its name, how deep it goes, its slot, and the process that it must not outlive."""

    name: str
    depth: str
    slot: int
    owner: int = 0
    born: str = ""

    @property
    def folder(self) -> Path:
        """All that it writes."""
        return CLUSTERS / self.name

    @property
    def network(self) -> Network:
        """Its addresses."""
        return Network(self.slot)

    @property
    def kubeconfig(self) -> Path:
        """What a client needs."""
        return self.folder / "kubeconfig"

    @property
    def server(self) -> str:
        """The address of its API server."""
        return f"https://{self.address}:{self.port}"

    @property
    def address(self) -> str:
        """Where its API server listens."""
        return self.network.node if self.depth == "node" else "127.0.0.1"

    @property
    def port(self) -> int:
        """The port of its API server."""
        return 6443 if self.depth == "node" else self.network.port

    @property
    def orphaned(self) -> bool:
        """It was to end with a process that is gone."""
        return bool(self.owner) and processes.born(self.owner) != self.born

    def socket(self, name: str) -> Path:
        """A socket of its own, of a length that the system allows."""
        path = self.folder / f"{name}.sock"
        if len(str(path)) > LONGEST_SOCKET:
            raise Fault(f"{path} is too long for a socket; set XDG_CACHE_HOME to a shorter path")
        return path


def claim(name: str, depth: str, owned: bool) -> State:
    """Take a free slot and write it down."""
    if not NAME.fullmatch(name):
        raise Fault(f"{name!r} is no name for a cluster: lower case, digits and dashes")
    with locked(CLUSTERS.with_suffix(".lock")):
        if (CLUSTERS / name).exists():
            raise Fault(f"cluster {name} is there already; end it with: make cluster-down")
        taken = {state.slot for state in known()}
        slots = (slot for slot in range(SLOTS) if slot not in taken and Network(slot).free())
        slot = next(slots, None)
        if slot is None:
            raise Fault(f"{SLOTS} clusters are running; end one with: make cluster-down NAME=...")
        for left in CLUSTERS.glob(".*"):  # by a claim that was killed
            shutil.rmtree(left)
        owner = os.getpid() if owned else 0
        state = State(name, depth, slot, owner, processes.born(owner) if owned else "")
        new = CLUSTERS / f".{name}-{os.getpid()}"
        new.mkdir(parents=True, mode=0o700)
        (new / "state.json").write_text(json.dumps(asdict(state)) + "\n", encoding="utf-8")
        new.rename(state.folder)
        return state


def known() -> list[State]:
    """All clusters of this user."""
    found = []
    for path in sorted(CLUSTERS.glob("[a-z]*/state.json")):
        with suppress(FileNotFoundError):  # it has just been ended
            found.append(State(**json.loads(path.read_text(encoding="utf-8"))))
    return found


def find(name: str) -> State | None:
    """The cluster of a name."""
    return next((state for state in known() if state.name == name), None)


def forget(state: State, seconds: float = 10.0) -> None:
    """Remove its folder; its last mounts go away a moment after its last process."""
    deadline = time.monotonic() + seconds
    while state.folder.exists():
        try:
            shutil.rmtree(state.folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            if time.monotonic() > deadline:
                raise Fault(f"cannot remove {state.folder}: {error}") from error
            time.sleep(0.1)
