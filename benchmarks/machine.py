"""What a figure depends on beside the code: machine, commit, date, and who else was at work."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]


def facts() -> dict[str, Any]:
    """Written into every result."""
    busy = psutil.cpu_percent(interval=1.0)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain")),
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
        "busy_before_percent": busy,
    }


def text(about: dict[str, Any]) -> str:
    """One line for people."""
    changed = ", with uncommitted changes" if about["uncommitted_changes"] else ""
    return (
        f"{about['date']}, commit {about['commit'][:8]}{changed}, {about['cores']} cores of "
        f"{about['processor']}, {about['memory_bytes'] / 2**30:.0f} GiB, {about['system']}; "
        f"before the run others kept {about['busy_before_percent']:.0f} % of the cores busy"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _git(*arguments: str) -> str:
    command = ("git", *arguments)
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
