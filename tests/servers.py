"""Servers that the conformance suites meet: real ones, on this machine, gone afterwards.

Each yields what the variables of a rendered repository must be so that it uses the server, by the
names of its settings; a name in capitals is no setting but a variable as it stands.
"""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import system
from rendering import CHECKOUT, surroundings

STARTS = 3
LONGEST_START = 180.0  # seconds; a machine that does much else is slow


@contextmanager
def tracking(folder: Path, _repository: Path) -> Iterator[Mapping[str, str]]:
    """MLflow's server of its own environment, with what it keeps in a folder."""
    port = free_port()
    command = [
        *tool("mlflow-skinny", "mlflow", "mlflow", "server"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--serve-artifacts"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with running(command, folder, quiet):
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(f"{address}/health"), folder)
        yield {"registry": address, "metadata_store": address, "TRACKING_SERVER": str(folder)}


@contextmanager
def key_value(folder: Path, _repository: Path) -> Iterator[Mapping[str, str]]:
    """Redis, empty and with a password."""
    system.provide("redis-check-rdb", "redis-tools")
    port, password = free_port(), "12345"  # digits only: nothing may take it for a number
    # The package of the tools holds the server, and starts no service: it goes by its name.
    program = shutil.which("redis-check-rdb")
    assert program, "redis-tools is missing; install it, then try again"
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", password]
    with running(["redis-server", *options], folder, {}, executable=program):
        wait_for(lambda: listens(port), folder)
        yield {
            "feature_store_online": f"127.0.0.1:{port}",
            "FEATURE_STORE_ONLINE_PASSWORD": password,
        }


@contextmanager
def object_store(folder: Path, _repository: Path) -> Iterator[Mapping[str, str]]:
    """An S3 server with an empty bucket."""
    port, bucket = free_port(), "conformance"
    with running(tool("moto", "moto[s3,server]", "moto_server", "-p", str(port)), folder, {}):
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: listens(port), folder)
        made = urllib.request.Request(f"{address}/{bucket}", method="PUT")
        urllib.request.urlopen(made, timeout=30).close()
        yield {
            "feature_store_offline": f"s3://{bucket}",
            "AWS_ENDPOINT_URL_S3": address,
            "AWS_ACCESS_KEY_ID": "anybody",
            "AWS_SECRET_ACCESS_KEY": "anything",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def compute(folder: Path, repository: Path) -> Iterator[Mapping[str, str]]:
    """A Ray cluster of one node, with the repository's own environment as its image."""
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    patient = {"RAY_agent_register_timeout_ms": "120000", "RAY_raylet_start_wait_time_s": "120"}
    # Where tests are run by uv, a node would take their command and folder for its workers'.
    plain = {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    # Its sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as home:
        # Its parts wait for each other for a quarter of a minute, which a busy machine may miss.
        for attempt in range(STARTS):
            own, clients = folder / str(attempt), free_port()
            own.mkdir()
            command = _head(repository, f"{home}/{attempt}", clients)
            with running(command, own, {**token, **patient, **plain}) as process:
                if _has_started(process, own):
                    yield {"compute_address": f"ray://127.0.0.1:{clients}", **token}
                    return
    raise AssertionError((own / "said").read_text("utf-8", "replace"))


def _has_started(process: "subprocess.Popen[bytes]", folder: Path) -> bool:
    """Whether all of it runs: its port answers before that."""
    said = folder / "said"
    wait_for(lambda: b"runtime started" in said.read_bytes() or process.poll() is not None, folder)
    return process.poll() is None


def _head(repository: Path, home: str, clients: int) -> list[str]:
    options = {
        "node-ip-address": "127.0.0.1",
        "port": free_port(),
        "ray-client-server-port": clients,
        "num-cpus": 2,
        "object-store-memory": 128 * 2**20,
        "include-dashboard": "false",
    }
    return [
        *(str(repository / ".venv" / "bin" / "ray"), "start", "--head", "--block"),
        *(f"--{name}={value}" for name, value in options.items()),
        *("--disable-usage-stats", f"--temp-dir={home}"),
    ]


SERVERS: Mapping[str, Callable[[Path, Path], AbstractContextManager[Mapping[str, str]]]] = {
    "compute": compute,
    "key-value": key_value,
    "object-store": object_store,
    "tracking": tracking,
}


def tool(pinned: str, package: str, *command: str) -> list[str]:
    """A command of a package in an environment of its own, in the version of one that is pinned."""
    pins = (CHECKOUT / "templates" / "pins.yaml").read_text("utf-8").split()
    (version,) = (pin.partition("==")[2] for pin in pins if pin.startswith(f"{pinned}=="))
    run = ("uv", "tool", "run", "--quiet", "--python", "3.11")
    return [*run, "--from", f"{package}=={version}", *command]


@contextmanager
def running(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], executable: str = ""
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process and all that it starts; what it says is in the file `said` of the folder."""
    with (folder / "said").open("ab") as said:
        process = subprocess.Popen(
            command,
            executable=executable or None,
            cwd=folder,
            env={**surroundings(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with_group(process)


def with_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process together with its group."""
    for number in (15, 9):
        try:
            os.killpg(process.pid, number)
            process.wait(10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    """Whether a server answers a request with success."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def wait_for(is_ready: Callable[[], bool], folder: Path) -> None:
    """Wait until a server is ready."""
    end = time.monotonic() + LONGEST_START
    while not is_ready():
        assert time.monotonic() < end, (folder / "said").read_text("utf-8", "replace")
        time.sleep(0.2)
