"""Ingest: no row is lost, each bad one is named, and a damaged file stops the step."""

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from synthetic import ARROW

from hotel_bookings_data_engineering import ingest, raw
from hotel_bookings_data_engineering.database import database, rows_of
from hotel_bookings_data_engineering.faults import Fault
from hotel_bookings_data_engineering.locations import locate
from hotel_bookings_data_engineering.run_record import Run, Step
from hotel_bookings_data_engineering.settings import Settings
from hotel_bookings_data_engineering.sources import SOURCES
from hotel_bookings_data_engineering.tables import Column, Derived, Lookup, Source
from hotel_bookings_data_engineering.validation import validate

SHOPS = Source(
    name="shops",
    origin="made up",
    key=("shop",),
    columns=(
        Column(name="shop", kind="string"),
        Column(name="size", kind="number", nullable=True),
    ),
)
SALES = Source(
    name="sales",
    origin="made up",
    key=("sale_id",),
    event_time="sold_at",
    columns=(
        Column(name="sale", kind="integer", minimum=1),
        Column(name="shop", kind="string", nullable=True),
        Column(name="price", kind="number", nullable=True, minimum=0, maximum=100),
        Column(name="day", kind="integer", minimum=1, maximum=31),
        Column(name="paid", kind="boolean", nullable=True),
    ),
    lookups=(Lookup(source="shops", match={"shop": "shop"}, columns={"shop_size": "size"}),),
    derived=(
        Derived(name="sale_id", kind="string", expression="concat('s', sale)"),
        Derived(
            name="sold_at",
            kind="timestamp",
            expression="timezone('UTC', make_timestamp(2020, 2, day, 12, 0, 0))",
        ),
        Derived(name="twice", kind="number", nullable=True, expression="price * 2"),
    ),
)
HEADER = "sale,shop,price,day,paid,comment"
GOOD = [f"{number},a,{number % 100}.5,{number % 28 + 1},true,fine" for number in range(1, 1001)]

Ingest = Callable[[Path], dict[str, Any]]


@pytest.fixture
def run_ingest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ingest:
    """Ingest a file of sales beside two shops; answers `ingest.json`."""
    monkeypatch.setattr(ingest, "in_order", lambda: (SHOPS, SALES))
    shops = tmp_path / "shops.csv"
    shops.write_text("shop,size\na,10\nb,NA\n", "utf-8")
    state = tmp_path / "state"

    def run(path: Path) -> dict[str, Any]:
        settings = Settings(
            environment="test",
            target="local",
            state=state,
            replayed=None,
            sources={"shops": str(shops), "sales": str(path)},
            extra={},
        )
        outputs = (state / "validated", state / "quarantine")
        step = Run(Step(name="ingest", summary="", call="", outputs=outputs), "test", 0)
        ingest.run(settings, step)
        for output in outputs:
            step.staged(output).rename(output)
        found: dict[str, Any] = json.loads((state / "validated" / "ingest.json").read_text("utf-8"))
        return found["sources"]["sales"]  # type: ignore[no-any-return]

    return run


def written(tmp_path: Path, lines: list[str], name: str = "sales.csv") -> Path:
    path = tmp_path / name
    path.write_bytes("\n".join([HEADER, *lines, ""]).encode())
    return path


def quarantined(tmp_path: Path) -> list[tuple[Any, ...]]:
    with database() as connection:
        file = tmp_path / "state" / "quarantine" / "sales.parquet"
        return rows_of(connection, f"SELECT source_row, reason, text FROM '{file}'")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("7000,a,5,1,true", "5 fields instead of 6"),
        ("7000,a,5,1,true,x,y", "7 fields instead of 6"),
        ("", "a blank line"),
        ('7000,a,5,1,true,"never ends', "a quote without its end"),
        ("x,a,5,1,true,", "sale: not an integer"),
        ("1.5,a,5,1,true,", "sale: not an integer"),
        ("NA,a,5,1,true,", "sale: missing"),
        ("7000,a,much,1,true,", "price: not a number"),
        ("7000,a,nan,1,true,", "price: not a number"),
        ("7000,a,-1,1,true,", "price: below 0"),
        ("7000,a,101,1,true,", "price: above 100"),
        ("7000,a,5,32,true,", "day: above 31"),
        ("7000,a,5,30,true,", "sold_at: missing"),
        ("7000,a,5,1,maybe,", "paid: neither true nor false"),
        ("1,a,5,1,true,", "sale_id: the key of an earlier row"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_reason(
    line: str, reason: str, tmp_path: Path, run_ingest: Ingest
) -> None:
    counts = run_ingest(written(tmp_path, [*GOOD[:500], line, *GOOD[500:]]))
    assert counts == {"read": 1001, "valid": 1000, "quarantined": {reason: 1}}
    ((row, found, text),) = quarantined(tmp_path)
    assert (row, found) == (501, reason)
    assert line[:2] == "NA" or line.partition(",")[0] in text


def test_all_reasons_of_a_row_are_told(tmp_path: Path, run_ingest: Ingest) -> None:
    counts = run_ingest(written(tmp_path, [*GOOD, "x,a,-1,0,true,"]))
    assert counts["quarantined"] == {"sale: not an integer": 1}
    ((_, reason, _),) = quarantined(tmp_path)
    assert reason == "sale: not an integer; price: below 0; day: below 1"


def test_valid_rows_keep_number_types_lookups_and_months(
    tmp_path: Path, run_ingest: Ingest
) -> None:
    more = ['2000,b,,1,,"a, ""quoted""', 'and long comment"', "2001.0,c,7,1,no,ä"]
    counts = run_ingest(written(tmp_path, [*GOOD, *more]))
    assert counts == {"read": 1002, "valid": 1002, "quarantined": {}}
    folder = tmp_path / "state" / "validated" / "sales"
    assert [part.name for part in folder.iterdir()] == ["event_month=2020-02"]
    with database() as connection:
        file = folder / "event_month=2020-02" / "part.parquet"
        rows = rows_of(
            connection,
            f"SELECT source_row, sale, price, shop_size, twice, paid FROM '{file}' "
            "WHERE sale IN (1, 2000, 2001) ORDER BY source_row",
        )
    assert rows == [
        (1, 1, 1.5, 10.0, 3.0, True),
        (1001, 2000, None, None, None, None),
        (1002, 2001, 7.0, None, 14.0, False),
    ]
    assert pq.read_schema(file).field("sold_at").type == pa.timestamp("us", "UTC")


def test_too_many_bad_rows_stop_the_step(tmp_path: Path, run_ingest: Ingest) -> None:
    with pytest.raises(Fault, match=r"11 of 1011 rows .* \(most often price: below 0\).* 1%"):
        run_ingest(written(tmp_path, [*GOOD, *(f"{n},a,-1,1,true," for n in range(5000, 5011))]))
    assert not (tmp_path / "state" / "validated").exists()


def test_packed_files_and_parquet_are_read_alike(tmp_path: Path, run_ingest: Ingest) -> None:
    plain = written(tmp_path, GOOD)
    packed = tmp_path / "sales.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    zipped = tmp_path / "sales.csv.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(plain, "sales.csv")
    values = zip(*(row.split(",") for row in GOOD), strict=True)
    columns = dict(zip(HEADER.split(","), values, strict=True))
    table = tmp_path / "sales.parquet"
    pq.write_table(pa.table({name: list(texts) for name, texts in columns.items()}), table)
    bom = tmp_path / "bom.csv"
    bom.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes().replace(b"\n", b"\r\n"))
    wanted = {"read": 1000, "valid": 1000, "quarantined": {}}
    for path in (plain, packed, zipped, table, bom):
        assert _again(run_ingest, path, tmp_path) == wanted, path


def _again(run_ingest: Ingest, path: Path, tmp_path: Path) -> dict[str, Any]:
    for name in ("validated", "quarantine"):
        folder = tmp_path / "state" / name
        if folder.exists():
            folder.rename(tmp_path / f"{name}-before-{path.name}")
    return run_ingest(path)


def damaged(kind: str, tmp_path: Path) -> Path:
    """A file that cannot be read."""
    plain = written(tmp_path, GOOD)
    content = plain.read_bytes()
    zipped = tmp_path / "sales.csv.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sales.csv", content)
        if kind == "two members":
            archive.writestr("more.csv", content)
    whole = zipped.read_bytes()
    contents: dict[str, tuple[str, bytes]] = {
        "missing": ("missing.csv", b""),
        "empty": ("empty.csv", b""),
        "header only": ("header.csv", f"{HEADER}\n".encode()),
        "no such column": ("columns.csv", content.replace(b"price", b"cost", 1)),
        "column twice": ("twice.csv", content.replace(b"comment", b"price", 1)),
        "two members": ("sales.csv.zip", whole),
        "truncated zip": ("short.csv.zip", whole[: len(whole) // 2]),
        "damaged zip": ("bad.csv.zip", whole[:400] + b"\0" * 40 + whole[440:]),
        "truncated gzip": ("short.csv.gz", gzip.compress(content)[:-300]),
        "no gzip": ("no.csv.gz", content),
        "no parquet": ("no.parquet", content),
    }
    name, data = contents[kind]
    if kind != "missing":
        (tmp_path / name).write_bytes(data)
    return tmp_path / name


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "there is no file"),
        ("empty", "is empty"),
        ("header only", "holds no rows"),
        ("no such column", "has no column price"),
        ("column twice", "has the column price twice"),
        ("two members", "2 CSV files"),
        ("truncated zip", "is damaged"),
        ("damaged zip", "is damaged"),
        ("truncated gzip", "is damaged"),
        ("no gzip", "is damaged"),
        ("no parquet", "is damaged"),
    ],
)
def test_a_damaged_file_is_one_clear_fault(
    kind: str, message: str, tmp_path: Path, run_ingest: Ingest
) -> None:
    with pytest.raises(Fault, match=message) as caught:
        run_ingest(damaged(kind, tmp_path))
    assert "source sales" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "state" / "validated").exists()


def test_a_package_that_is_not_installed_is_told() -> None:
    with pytest.raises(Fault, match="is not installed"):
        locate("sales", "package:no_such_package/data/sales.csv", "made up")


def test_a_file_that_is_not_there_is_told_with_its_origin(tmp_path: Path) -> None:
    where = r"no file .*sales\.csv; put the data \(made up\) there, or .*SOURCE_SALES"
    with pytest.raises(Fault, match=where):
        locate("sales", str(tmp_path / "sales.csv"), "made up")
    with pytest.raises(Fault, match="is a folder"):
        locate("sales", str(tmp_path), "made up")


def test_a_look_up_with_two_answers_is_told(tmp_path: Path, run_ingest: Ingest) -> None:
    path = written(tmp_path, GOOD)
    ambiguous = Source(name="shops", origin="made up", key=("shop", "size"), columns=SHOPS.columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "in_order", lambda: (ambiguous, SALES))
        (tmp_path / "shops.csv").write_text("shop,size\na,10\na,11\n", "utf-8")
        with pytest.raises(Fault, match="several rows of shops"):
            run_ingest(path)


@pytest.mark.parametrize("name", SOURCES)
def test_every_column_refuses_what_it_cannot_hold(name: str) -> None:
    """The columns of the product's own sources: missing values, other types, other ranges."""
    source = SOURCES[name]
    for column in source.columns:
        bad: list[tuple[str | None, str]] = [] if column.nullable else [(None, "missing")]
        if column.kind != "string":
            bad.append(("anything", "not a" if column.kind != "boolean" else "neither"))
        if column.minimum is not None:
            bad.append((str(int(column.minimum) - 1), "below"))
        if column.maximum is not None:
            bad.append((str(int(column.maximum) + 1), "above"))
        for text, reason in bad:
            (reasons,) = _reasons(source, column.name, text)
            assert any(found.startswith(f"{column.name}: {reason}") for found in reasons)


def _reasons(source: Source, column: str, text: str | None) -> list[list[str]]:
    """What is wrong with a row that holds nothing but one value."""
    texts = {each.name: text if each.name == column else None for each in source.columns}
    with database() as connection:
        for lookup in source.lookups:
            other = SOURCES[lookup.source]
            fields = {found.name: pa.array([], ARROW[found.kind]) for found in other.columns}
            connection.register(f"valid_{other.name}", pa.table(fields))
        row = {"source_row": pa.array([1])}
        row |= {name: pa.array([value], pa.string()) for name, value in texts.items()}
        connection.register("raw_rows", pa.table(row))
        table = validate(connection, source, "raw_rows")
        return [found for (found,) in rows_of(connection, f"SELECT _reasons FROM {table}")]


def test_rows_after_a_stray_quote_are_not_swallowed(tmp_path: Path) -> None:
    lines = [*GOOD[:10], '7,a,5,1,true,"stray', *GOOD[10:20], '8,a,5,1,true,"fine"']
    path = written(tmp_path, lines, "read.csv")
    with database() as connection:
        found = raw.load(connection, SALES, path, tmp_path)
        numbers = rows_of(connection, f"SELECT source_row FROM {found.table} ORDER BY 1")
    assert [row.source_row for row in found.damaged] == [11]
    assert [number for (number,) in numbers] == [*range(1, 11), *range(12, 23)]


@pytest.mark.parametrize("batch", [1, 2, 7, 1000])
def test_rows_are_the_same_however_many_are_looked_at_together(
    batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "BATCH", batch)
    long = ['21,a,5,1,true,"over', "two", 'lines"']
    lines = [*GOOD[:6], "", *GOOD[7:20], *long, *GOOD[21:30], "31,a", *GOOD[31:40], "", ""]
    path = written(tmp_path, lines, "read.csv")
    with database() as connection:
        found = raw.load(connection, SALES, path, tmp_path)
        rows = rows_of(connection, f"SELECT source_row, sale FROM {found.table} ORDER BY 1")
    damaged = [(row.source_row, row.reason) for row in found.damaged]
    assert damaged == [(7, "a blank line"), (31, "2 fields instead of 6")]
    assert rows == [(number, str(number)) for number in range(1, 41) if number not in (7, 31)]
    assert found.rows == 40
