"""Addresses of a cluster, so chosen that several stand side by side on one machine.

The ranges are those that are set aside for benchmarks of networks: no home, office or cloud uses
them. A cluster with a node has a network of its own and is joined to the machine by one cable.
"""

import ipaddress
import json
import socket
import subprocess
from dataclasses import dataclass

SLOTS = 100
FIRST_PORT = 21000
BENCHMARKS = ipaddress.ip_network("198.18.0.0/15")
Range = ipaddress.IPv4Network


@dataclass(frozen=True)
class Network:
    """What belongs to a slot."""

    slot: int

    @property
    def port(self) -> int:
        """Where an API server without a node listens, on the loopback."""
        return FIRST_PORT + self.slot

    @property
    def cable(self) -> Range:
        """The addresses of both ends of the cable: the machine has the first, the node the next."""
        return _part(self.slot)

    @property
    def machine(self) -> str:
        """The address of the machine, as pods see it."""
        return str(self.cable[1])

    @property
    def node(self) -> str:
        """The address of the node, and of all that runs on it beside the pods."""
        return str(self.cable[2])

    @property
    def services(self) -> Range:
        """The addresses of Services."""
        return _part(SLOTS + self.slot)

    @property
    def pods(self) -> Range:
        """The addresses of pods."""
        return _part(2 * SLOTS + self.slot)

    @property
    def wire(self) -> str:
        """The name of the machine's end of the cable."""
        return f"ninefold{self.slot}"

    def free(self) -> bool:
        """Nobody else on this machine uses any of it."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return False
        mine = (self.cable, self.services, self.pods)
        return not any(one.overlaps(other) for one in mine for other in _routes())


def _part(number: int) -> Range:
    first = int(BENCHMARKS.network_address) + number * 256
    return Range((first, 24))


def _routes() -> list[Range]:
    try:
        done = subprocess.run(("ip", "-json", "route"), capture_output=True, text=True, check=False)
    except FileNotFoundError:  # then no node was started here either
        return []
    places = [entry["dst"] for entry in json.loads(done.stdout or "[]")]
    return [Range(place) for place in places if place != "default"]
