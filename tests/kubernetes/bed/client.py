"""Ask the cluster: readiness over HTTP, everything else through its own kubectl."""

import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from . import processes
from .authority import Pair
from .faults import Fault

Object = Mapping[str, Any]


class Kubectl:
    """kubectl for one kubeconfig."""

    def __init__(self, program: Path | str, kubeconfig: Path) -> None:
        self.program = str(program)
        self.kubeconfig = kubeconfig

    def try_(
        self, *arguments: str, given: str = "", seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run it; the caller judges."""
        command = (self.program, f"--kubeconfig={self.kubeconfig}", *arguments)
        return subprocess.run(
            command, input=given, capture_output=True, text=True, check=False, timeout=seconds
        )

    def __call__(self, *arguments: str, given: str = "", seconds: float = 120) -> str:
        """Run it; what it says on failure is the fault."""
        done = self.try_(*arguments, given=given, seconds=seconds)
        if done.returncode:
            raise Fault(f"kubectl {' '.join(arguments[:4])}: {done.stderr.strip()}")
        return done.stdout

    def apply(self, *objects: Object) -> str:
        """Apply objects on the server's side, as the engine does."""
        return self("apply", "--server-side", "--filename=-", given=yaml.safe_dump_all(objects))


def await_(
    what: str,
    ready: Callable[[], bool],
    folder: Path,
    running: Mapping[str, "subprocess.Popen[bytes]"],
    seconds: float = 120,
) -> None:
    """Wait until it is ready; if a program ends or time runs out, show what it said last."""
    deadline = time.monotonic() + seconds
    while not ready():
        for name, process in running.items():
            if process.poll() is not None:
                last = processes.said(folder, name)
                raise Fault(f"{name} has ended with {process.returncode}:\n{last}")
        if time.monotonic() > deadline:
            last = processes.said(folder, what)
            raise Fault(f"{what} is not ready after {seconds:.0f} s; it last said:\n{last}")
        time.sleep(0.1)


def answers(url: str, trusted: Path, user: Pair) -> bool:
    """The server says 200 to this user."""
    context = ssl.create_default_context(cafile=str(trusted))
    context.load_cert_chain(str(user.certificate), str(user.key))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False
