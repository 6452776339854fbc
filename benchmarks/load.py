"""A load generator: so many clients, each with one request under way at a time.

It runs as a process of its own and does as little per answer as a client can: it writes bytes that
were made before and reads status and length. Its own share of a core is reported, so that a figure
which it held back can be told from one that the service held back.
"""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path


@dataclass
class Tally:
    """What came back."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    first_failure: str = ""


class Client(asyncio.Protocol):
    """One connection: asks, waits for the whole answer, asks again."""

    def __init__(self, questions: list[bytes], at: int, stride: int) -> None:
        self.tally = Tally()
        self.lost = asyncio.get_running_loop().create_future()
        self._questions = questions
        self._at = at
        self._stride = stride
        self._buffer = b""
        self._needed = -1
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask at once."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Ask again once the answer is whole."""
        self._buffer += data
        if self._needed < 0:
            head, found, _ = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = head.lower().split(b"content-length:")[1].split(b"\r\n")[0]
            self._needed = len(head) + 4 + int(length)
        if len(self._buffer) < self._needed:
            return
        self.tally.seconds.append(time.perf_counter() - self._sent)
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            self.tally.failed += 1
            self.tally.first_failure = self._buffer.decode(errors="replace")[-300:]
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        """A connection that the service closes is a failure of the run."""
        if not self.lost.done():
            self.lost.set_result(None)

    def close(self) -> None:
        """Ask no more."""
        self._transport.abort()

    def _ask(self) -> None:
        self._buffer, self._needed = b"", -1
        question = self._questions[self._at % len(self._questions)]
        self._at += self._stride
        self._sent = time.perf_counter()
        self._transport.write(question)


def requests(path: Path, route: str) -> list[bytes]:
    """HTTP requests for the bodies in a file, one a line."""
    head = "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return [
        f"{head.format(route)}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()
        for body in path.read_text("utf-8").splitlines()
    ]


async def load(
    port: int, questions: list[bytes], clients: int, seconds: float
) -> dict[str, object]:
    """Keep the service busy for so long."""
    loop = asyncio.get_running_loop()
    made: list[Client] = []
    for number in range(clients):
        _, client = await loop.create_connection(
            partial(Client, questions, number, clients), "127.0.0.1", port
        )
        made.append(client)
    for client in made:
        client.tally = Tally()
    started, used = time.perf_counter(), time.process_time()
    done, _ = await asyncio.wait([client.lost for client in made], timeout=seconds)
    elapsed, own = time.perf_counter() - started, time.process_time() - used
    for client in made:
        client.close()
    if done:
        raise SystemExit("error: the service closed a connection")
    every = sorted(second for client in made for second in client.tally.seconds)
    return {
        "requests_per_second": len(every) / elapsed,
        "p50_ms": 1000 * every[len(every) // 2],
        "p99_ms": 1000 * every[len(every) * 99 // 100],
        "requests": len(every),
        "failed": sum(client.tally.failed for client in made),
        "first_failure": next((c.tally.first_failure for c in made if c.tally.failed), ""),
        "generator_share_of_a_core": own / elapsed,
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--questions", type=Path, required=True, help="a JSON body a line")
    parser.add_argument("--route", default="/predict")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5)
    chosen = parser.parse_args()
    questions = requests(chosen.questions, chosen.route)
    print(json.dumps(asyncio.run(load(chosen.port, questions, chosen.clients, chosen.seconds))))


if __name__ == "__main__":
    main()
