"""Bad raw data: one clear message and nothing lost, or a bad row set aside with its reason."""

import gzip
import json
import os
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from raw_flights import COLUMNS, Place, flight, flights, place, text_of

from rendering import Family

ROWS = 400
# Good rows beside the bad ones, so many that one bad row in each way is below the limit.
MANY = 2500


@pytest.fixture(scope="module")
def good(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place with good data, ingested and turned to features."""
    made = place(family, tmp_path_factory.mktemp("good"), flights(ROWS))
    for step in ("ingest", "features"):
        done = made.run(step)
        assert done.returncode == 0, done.stderr
    return made


def _zip(path: Path, text: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("flights.csv", text)
    return path


def _gzip(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()))
    return path


def _cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def _written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _parquet(path: Path, good: Place) -> Path:
    source = next((good.state / "validated" / "flights").rglob("*.parquet"))
    return _written(path, source.read_bytes())


TEXT = text_of(flights(ROWS))
WITHOUT = tuple(name for name in COLUMNS if name != "carrier")
BAD: dict[str, tuple[Callable[[Path, Place], Path], str]] = {
    "missing": (lambda at, _: at / "nowhere.csv", "there is no file"),
    "a folder": (lambda at, _: _folder(at / "raw.csv"), "is a folder"),
    "empty": (lambda at, _: _written(at / "raw.csv", ""), "is empty"),
    "header alone": (lambda at, _: _written(at / "raw.csv", TEXT.split("\n")[0]), "no rows"),
    "blank lines": (lambda at, _: _written(at / "raw.csv", "\n\n\n"), "no column"),
    "half a zip": (lambda at, _: _cut(_zip(at / "raw.zip", TEXT)), "is damaged"),
    "half a gzip": (lambda at, _: _cut(_gzip(at / "raw.csv.gz", TEXT)), "is damaged"),
    "no gzip": (lambda at, _: _written(at / "raw.csv.gz", TEXT), "is damaged"),
    "half a Parquet file": (
        lambda at, good: _cut(_parquet(at / "raw.parquet", good)),
        "is damaged",
    ),
    "a column less": (
        lambda at, _: _written(at / "raw.csv", text_of(flights(ROWS), WITHOUT)),
        "has no column carrier",
    ),
    "semicolons": (
        lambda at, _: _written(at / "raw.csv", TEXT.replace(",", ";")),
        "separated by ';'",
    ),
    "tabs": (lambda at, _: _written(at / "raw.csv", TEXT.replace(",", "\t")), "by tabs"),
    "UTF-16": (lambda at, _: _written(at / "raw.csv", TEXT.encode("utf-16")), "UTF-16"),
    "noise": (lambda at, _: _written(at / "raw.csv", bytes(range(128, 256)) * 40), "no column"),
    "nulls everywhere": (
        lambda at, _: _written(
            at / "raw.csv", text_of(dict.fromkeys(COLUMNS, "NA") for _ in range(ROWS))
        ),
        "rows of",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_one_clear_message(kind: str, good: Place, tmp_path: Path) -> None:
    make, says = BAD[kind]
    before = good.outputs()
    path = make(tmp_path, good)
    done = good.run("ingest", flights=path)
    _refused(done, says)
    assert "source flights" in done.stderr
    assert path.name in done.stderr
    assert good.outputs() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n\n",
        lambda text: "\n".join(f'"{line.replace(",", chr(34) + "," + chr(34))}"'
                               for line in text.splitlines()),
    ],
    ids=["BOM", "CRLF", "no last line end", "blank lines", "quotes"],
)  # fmt: skip
def test_another_way_to_write_it_is_the_same(
    change: Callable[[str], str], good: Place, tmp_path: Path
) -> None:
    path = _written(tmp_path / "raw.csv", change(TEXT))
    again = Place(good.repository, tmp_path)
    others = {name: good.folder / f"{name}.csv" for name in ("weather", "planes", "airports")}
    done = again.run("ingest", flights=path, **others)
    assert done.returncode == 0, done.stderr
    assert again.outputs() == {
        name: digest for name, digest in good.outputs().items() if not name.startswith("features")
    }


STRANGE: dict[str, tuple[dict[str, str], str]] = {
    "an instant that the clock skips": (
        {"month": "3", "day": "10", "sched_dep_time": "230"},
        "",
    ),
    "an instant that comes twice": ({"month": "11", "day": "3", "sched_dep_time": "130"}, ""),
    "a leap day": ({"year": "2012", "month": "2", "day": "29"}, ""),
    "no leap day": ({"day": "29"}, "missing"),
    "no such day": ({"month": "4", "day": "31"}, "missing"),
    "midnight at the end of a day": ({"sched_dep_time": "2400"}, ""),
    "no such month": ({"month": "13"}, "month: above 12"),
    "a huge integer": ({"flight": "9" * 30}, "flight: not an integer"),
    "an integer beyond its column": ({"distance": "1e400"}, "distance: not a number"),
    "infinity": ({"arr_delay": "inf"}, "arr_delay: not a number"),
    "minus infinity": ({"arr_delay": "-Infinity"}, "arr_delay: not a number"),
    "no number": ({"arr_delay": "nan"}, "arr_delay: not a number"),
    "a fraction": ({"flight": "1.5"}, "flight: not an integer"),
    "a word for a number": ({"distance": "far"}, "distance: not a number"),
    "too late": ({"arr_delay": "5000"}, "arr_delay: above 3000"),
    "nothing where something must be": ({"carrier": ""}, "carrier: missing"),
    "a new carrier": ({"carrier": "Ünknown 🛫"}, ""),
    "a quote and a comma": ({"carrier": 'A "B", C'}, ""),
    "a null where it may be": ({"arr_delay": "NA", "tailnum": "NA", "dep_time": ""}, ""),
}


def test_a_bad_row_is_set_aside_with_its_reason(family: Family, tmp_path: Path) -> None:
    rows = flights(MANY)
    odd = {
        kind: flight(MANY + at, **change) for at, (kind, (change, _)) in enumerate(STRANGE.items())
    }
    rows[10:10] = odd.values()
    rows.append(dict(rows[0], arr_delay="99"))
    made = place(family, tmp_path, rows)
    text = (tmp_path / "flights.csv").read_bytes()
    (tmp_path / "flights.csv").write_bytes(text + b"2013,2,1,\xff\xfe\n" + b"2013,2,1,900,10")
    done = made.run("ingest")
    assert done.returncode == 0, done.stderr
    counted = json.loads((made.state / "validated" / "ingest.json").read_text())
    counts = counted["sources"]["flights"]
    reasons = counts["quarantined"]
    assert counts["read"] == len(rows) + 2 == counts["valid"] + sum(reasons.values())
    expected = [reason for _, reason in STRANGE.values() if reason]
    for reason in expected:
        assert any(reason in found for found in reasons), (reason, reasons)
    # The copy of the first flight, and the two damaged lines at the end.
    assert reasons["flight_id: the key of an earlier row"] == 1
    assert sum(reasons.values()) == len(expected) + 3
    assert made.run("features").returncode == 0


def test_the_order_of_the_rows_does_not_matter(good: Place, tmp_path: Path) -> None:
    made = Place(good.repository, tmp_path)
    path = _written(tmp_path / "raw.csv", text_of(reversed(flights(ROWS))))
    files = {name: good.folder / f"{name}.csv" for name in ("weather", "planes", "airports")}
    for step in ("ingest", "features"):
        assert made.run(step, flights=path, **files).returncode == 0
    before, after = (
        {name: digest for name, digest in one.outputs().items() if name.startswith("features/")}
        for one in (good, made)
    )
    assert after == before


@pytest.mark.skipif(os.geteuid() != 0, reason="optional: only root can make a small disk")
@pytest.mark.parametrize("step", ["ingest", "features"])
def test_a_full_disk_is_one_clear_message(step: str, good: Place, tmp_path: Path) -> None:
    with _small_disk(tmp_path / "disk", good.state) as state:
        made = Place(good.repository, state.parent)
        before = made.outputs()
        # Other data than before, so that the step has to write, and more than there is room for.
        rows = text_of(flights(4000))
        path = _written(tmp_path / "raw.csv", rows)
        files = {name: good.folder / f"{name}.csv" for name in ("weather", "planes", "airports")}
        room = state.parent / "filler"
        if step == "features":
            assert made.run("ingest", flights=path, **files).returncode == 0
            before = made.outputs()
        _fill(room)
        _refused(made.run(step, flights=path, **files), "No space left|full")
        assert made.outputs() == before
        room.unlink()
        assert made.run(step, flights=path, **files).returncode == 0


@contextmanager
def _small_disk(at: Path, state: Path) -> Iterator[Path]:
    at.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", at], check=True)
    try:
        subprocess.run(["cp", "-r", state, at / "state"], check=True)
        yield at / "state"
    finally:
        subprocess.run(["umount", "--lazy", at], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            return


def _refused(done: subprocess.CompletedProcess[str], says: str) -> None:
    """Exit status 1, one line that says what and how to mend it, no traceback."""
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert re.search(says, line), line
    assert ";" in line, "without a remedy"
