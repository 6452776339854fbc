"""Random raw rows against a computation by hand: each is kept as it is or set aside."""

import json
import math
import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_flights import OTHERS, flight, place, text_of

from rendering import Family

NEW_YORK = ZoneInfo("America/New_York")
WORKER = Path(__file__).parent / "random_worker.py"
Row = Mapping[str, str]

WHOLE = st.one_of(
    st.integers(-5, 3000).map(str),
    st.integers(-(10**40), 10**40).map(str),
    st.sampled_from(["", "NA", "1.5", "7.0", "x", "1e3", "+7", "0x1F", "inf", "٣"]),
)
NUMBER = st.one_of(
    st.floats().map(repr),
    st.floats(-400, 4000).map(repr),
    st.sampled_from(["", "NA", "inf", "-Infinity", "nan", "1e400", "far", "-", " 5", "5,5"]),
)
WORD = st.one_of(
    st.sampled_from(["AA", "UA", "", "NA", " ", "a,b", 'say "so"', "Ünknown 🛫"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=12),
)
# Days around the change of clocks, leap days and the ends of months.
DAYS = st.sampled_from(
    [
        *((2013, 3, 10), (2013, 11, 3), (2012, 2, 29), (2013, 2, 29), (2013, 12, 31)),
        *((2013, 4, 31), (2100, 2, 29), (2000, 2, 29), (2013, 7, 4), (2013, 1, 1)),
    ]
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A good row with up to three values that may be anything."""
    year, month, day = draw(DAYS)
    row = flight(
        draw(st.integers(0, 9)),
        year=str(year),
        month=str(month),
        day=str(day),
        sched_dep_time=str(draw(st.integers(0, 23)) * 100 + draw(st.integers(0, 59))),
    )
    kinds = {"arr_delay": NUMBER, "flight": WHOLE, "carrier": WORD, "sched_dep_time": WHOLE}
    changed = draw(st.lists(st.sampled_from(sorted(kinds)), max_size=3, unique=True))
    return {**row, **{name: draw(kinds[name]) for name in changed}}


@pytest.fixture(scope="module")
def worker(
    family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["subprocess.Popen[str]"]:
    """A process in the repository's environment that ingests what it is told to."""
    repository = place(family, tmp_path_factory.mktemp("worker"), []).repository
    python = str(repository / ".venv" / "bin" / "python")
    command = [python, str(WORKER), family.package("data-engineering")]
    running = subprocess.Popen(
        command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with running:
        yield running
        assert running.stdin
        running.stdin.close()


@given(st.lists(rows(), min_size=1, max_size=30))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_row_is_kept_or_set_aside(
    worker: "subprocess.Popen[str]", tmp_path: Path, drawn: list[Row]
) -> None:
    folder = Path(mkdtemp(dir=tmp_path))
    (folder / "flights.csv").write_text(text_of(drawn), encoding="utf-8")
    for name, text in OTHERS.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    assert worker.stdin
    assert worker.stdout
    print(folder, file=worker.stdin, flush=True)
    answer = json.loads(worker.stdout.readline())
    wanted, bad = _by_hand(drawn)
    if not wanted:
        assert "holds no rows" in answer["fault"]
        return
    assert "fault" not in answer, answer
    assert {number: tuple(values) for number, *values in answer["valid"]} == wanted
    assert {number for number, _ in answer["bad"]} == bad
    assert all(reason for _, reason in answer["bad"])


def _by_hand(drawn: list[Row]) -> tuple[dict[int, tuple[object, ...]], set[int]]:
    """What must be kept, by the number of the row, and which rows must be set aside."""
    wanted: dict[int, tuple[object, ...]] = {}
    seen: set[object] = set()
    for number, row in enumerate(drawn, start=1):
        found = _kept(row)
        key = found and (row["year"], row["month"], row["day"], row["origin"], *found[1:3])
        if found and key not in seen:
            seen.add(key)
            wanted[number] = found
    return wanted, set(range(1, len(drawn) + 1)) - set(wanted)


def _kept(row: Row) -> tuple[object, ...] | None:
    """Delay, number, carrier and departure of a row, or None for one that must be set aside."""
    late, number, leaves = (_text(row[name]) for name in ("arr_delay", "flight", "sched_dep_time"))
    delay = None if late is None else _number(late)
    if late is not None and (delay is None or not -300 <= delay <= 3000):
        return None
    flown, clock, carrier = _whole(number), _whole(leaves), _text(row["carrier"])
    if flown is None or flown < 1 or carrier is None or clock is None or not 0 <= clock <= 2400:
        return None
    departure = _departure(row, clock)
    return None if departure is None else (delay, flown, carrier, departure)


def _text(value: str) -> str | None:
    return None if value in ("", "NA") else value


def _whole(text: str | None) -> int | None:
    digits = (text or "").strip().removeprefix("+").removesuffix(".0")
    sign = digits.removeprefix("-")
    if not (sign.isascii() and sign.isdigit()):
        return None
    return int(digits) if -(2**63) <= int(digits) < 2**63 else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _departure(row: Row, clock: int) -> int | None:
    """Microseconds since 1970 of the scheduled departure on the clock of New York."""
    hour, minute = divmod(clock, 100)
    if minute > 59 or (hour == 24 and minute):
        return None
    try:
        day = datetime(int(row["year"]), int(row["month"]), int(row["day"]))
    except ValueError:
        return None
    local = (day + timedelta(hours=hour, minutes=minute)).replace(tzinfo=NEW_YORK)
    # An hour that comes twice is taken as the second, one that is skipped as the hour after.
    return max(int(local.replace(fold=fold).timestamp()) for fold in (0, 1)) * 10**6
