"""Small raw files of the flight example, and the public commands that read them."""

import csv
import io
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from rendering import Family, set_up, surroundings

COLUMNS = (
    *("year", "month", "day", "dep_time", "sched_dep_time", "sched_arr_time", "arr_delay"),
    *("carrier", "flight", "tailnum", "origin", "dest", "distance"),
)
OTHERS = {
    "weather": "origin,temp,wind_speed,precip,pressure,visib,time_hour\n"
    "JFK,50,5,0,1010,10,2013-02-01T06:00:00Z\nLGA,51,5,0,1010,10,2013-02-01T06:00:00Z\n",
    "planes": "tailnum,year,seats\nN1,2000,100\nN2,NA,55\n",
    "airports": "faa,name,tzone\nBOS,Boston,America/New_York\nMIA,Miami,America/New_York\n",
}


def flight(number: int, **changes: str) -> dict[str, str]:
    """A good row; each number is another flight."""
    row = {
        "year": "2013",
        "month": "2",
        "day": str(number % 28 + 1),
        "dep_time": "900",
        "sched_dep_time": f"{number % 24}{number % 60:02}",
        "sched_arr_time": "1130",
        "arr_delay": str(number % 40 - 10),
        "carrier": "AA",
        "flight": str(number + 1),
        "tailnum": f"N{number % 2 + 1}",
        "origin": "JFK" if number % 3 else "LGA",
        "dest": "BOS" if number % 2 else "MIA",
        "distance": "700",
    }
    return {**row, **changes}


def flights(count: int) -> list[dict[str, str]]:
    """Good rows."""
    return [flight(number) for number in range(count)]


def text_of(rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> str:
    """Rows as CSV."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


@dataclass(frozen=True)
class Place:
    """A state folder and raw files of its own for the repository's commands."""

    repository: Path
    folder: Path

    @property
    def state(self) -> Path:
        """Where the steps write."""
        return self.folder / "state"

    def run(self, step: str, **sources: Path) -> subprocess.CompletedProcess[str]:
        """Run a step as a person does; sources are the raw files by name."""
        files = {name: self.folder / f"{name}.csv" for name in ("flights", *OTHERS)} | sources
        places = {f"FLIGHT_DELAYS_SOURCE_{name.upper()}": str(at) for name, at in files.items()}
        return subprocess.run(
            ["uv", "run", "--frozen", "flight-delays-data-engineering", step],
            cwd=self.repository,
            env={**surroundings(), **places, "FLIGHT_DELAYS_STATE": str(self.state)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def outputs(self) -> dict[str, str]:
        """The content of all that the steps left behind, without their records."""
        return {
            str(path.relative_to(self.state)): sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.state.rglob("*"))
            if path.is_file() and "runs" not in path.parts
        }


def place(family: Family, folder: Path, rows: Iterable[Mapping[str, str]]) -> Place:
    """A place with these flights, whose repository is set up."""
    repository = family.repository("data-engineering")
    set_up(repository)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flights.csv").write_text(text_of(rows), encoding="utf-8")
    for name, text in OTHERS.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return Place(repository, folder)
