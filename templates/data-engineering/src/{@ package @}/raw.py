"""Raw files: open them, number their rows and set aside what is no row.

A numbered copy goes to DuckDB, where every value is still text. A missing or damaged file is a
`Fault`; a damaged row is quarantined under its number without taking its neighbours along.
"""

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Final, cast

import duckdb

from .database import quoted, rows_of
from .faults import Fault
from .tables import Source

SEPARATORS: Final[Mapping[str, str]] = {";": "';'", "\t": "tabs", "|": "'|'"}
QUOTED_LINES: Final = 100  # a quoted value over more lines than this is a quote that never ends
BATCH: Final = 1000  # lines that are looked at together


@dataclass(frozen=True)
class Damaged:
    """A row that cannot be split into its columns."""

    source_row: int
    reason: str
    text: str


@dataclass(frozen=True)
class Raw:
    """A table of texts in the database, and the rows that did not make it there."""

    table: str
    rows: int
    damaged: Sequence[Damaged]


@dataclass(frozen=True)
class Record:
    """A row as it stands in the file; `clean` is None where `fault` says what is wrong."""

    text: bytes
    clean: bytes | None
    fault: str = ""


def load(connection: duckdb.DuckDBPyConnection, source: Source, path: Path, scratch: Path) -> Raw:
    """Load a file as a table of texts with `source_row`, the 1-based number of the data row."""
    if path.suffix == ".parquet":
        return _load_parquet(connection, source, path)
    numbered = scratch / f"{source.name}.csv"
    try:
        with _opened(path) as stream:
            header, rows, damaged = _number(stream, source, path, numbered)
    except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        raise Fault(f"source {source.name}: {path} is damaged ({error}); fetch it again") from None
    # Columns that the source does not name are read under a name that no column can have.
    wanted = {column.name for column in source.columns}
    names = [name if name in wanted else f"_unused_{at}" for at, name in enumerate(header)]
    texts = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in ("source_row", *names))
    nulls = ", ".join(quoted(text) for text in ("", *source.nulls))
    connection.execute(
        f"CREATE TABLE raw_{source.name} AS SELECT CAST(source_row AS BIGINT) AS source_row, "
        f"{_columns(source)} FROM read_csv({quoted(numbered)}, auto_detect = false, "
        f"header = false, delim = ',', quote = '\"', escape = '\"', new_line = '\\n', "
        f"nullstr = [{nulls}], columns = {{{texts}}})"
    )
    numbered.unlink()
    return Raw(f"raw_{source.name}", rows, damaged)


def _load_parquet(connection: duckdb.DuckDBPyConnection, source: Source, path: Path) -> Raw:
    file = f"read_parquet({quoted(path)}, file_row_number = true)"
    try:
        _require_columns(source, path, connection.sql(f"FROM {file}").columns)
        connection.execute(
            f"CREATE TABLE raw_{source.name} AS "
            f"SELECT file_row_number + 1 AS source_row, {_columns(source)} FROM {file}"
        )
        rows = int(rows_of(connection, f"SELECT count(*) FROM {file}")[0][0])
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise Fault(f"source {source.name}: {path} is damaged ({reason}); fetch it again") from None
    return Raw(f"raw_{source.name}", rows, ())


def _columns(source: Source) -> str:
    names = (column.name for column in source.columns)
    return ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in names)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a CSV file, unpacked on the way."""
    if path.suffix == ".gz":
        with gzip.open(path, "rb") as unpacked:
            yield io.BufferedReader(unpacked)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".csv")]
            if len(names) != 1:
                raise zipfile.BadZipFile(f"it holds {len(names)} CSV files instead of 1")
            with archive.open(names[0]) as member:
                yield io.BufferedReader(cast("io.RawIOBase", member))
    else:
        with path.open("rb") as stream:
            yield stream


def _number(
    stream: IO[bytes], source: Source, path: Path, target: Path
) -> tuple[Sequence[str], int, Sequence[Damaged]]:
    """Copy each row behind its number; answer the header, the rows read and the damaged ones."""
    first = next(stream, b"")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Fault(f"source {source.name}: {path} is in UTF-16; save it in UTF-8")
    names = next(csv.reader([first.decode("utf-8-sig", "replace")]), [])
    header = [name.strip() for name in names]
    _require_commas(source, path, header)
    _require_columns(source, path, header)
    damaged: list[Damaged] = []
    rows = 0
    with target.open("wb") as numbered:
        for found in _records(stream, len(header)):
            if not isinstance(found, Record):
                numbered.writelines(
                    b"%d,%b\n" % (row, line.rstrip(b"\r\n"))
                    for row, line in enumerate(found, start=rows + 1)
                )
                rows += len(found)
                continue
            rows += 1
            if found.clean is not None:
                numbered.write(b"%d,%b\n" % (rows, found.clean))
            else:
                text = found.text.decode("utf-8", "replace").rstrip("\r\n")
                damaged.append(Damaged(rows, found.fault, text))
    return header, rows, damaged


def _require_commas(source: Source, path: Path, header: Sequence[str]) -> None:
    for sign, word in SEPARATORS.items():
        if len(header) == 1 < len(source.columns) and sign in header[0]:
            raise Fault(
                f"source {source.name}: the columns of {path} are separated by {word}; "
                "write it with commas"
            )


def _require_columns(source: Source, path: Path, header: Sequence[str]) -> None:
    missing = [column.name for column in source.columns if column.name not in header]
    if missing:
        raise Fault(
            f"source {source.name}: {path} has no column {', '.join(missing)}; "
            f"fetch it again or mend src/{__package__}/sources/{source.name}.py"
        )
    twice = sorted({name for name in header if name and list(header).count(name) > 1})
    if twice:
        raise Fault(
            f"source {source.name}: {path} has the column {', '.join(twice)} twice; mend it"
        )


def _records(stream: IO[bytes], width: int) -> Iterator[Record | Sequence[bytes]]:
    """Each row of a CSV file, or many that need no closer look; blank lines at its end are none."""
    ahead: deque[bytes] = deque()
    blank: list[bytes] = []
    while ahead or (lines := list(islice(stream, BATCH))):
        if not ahead:
            if not blank and _are_plain(lines, width):
                yield lines
                continue
            ahead.extend(lines)
        line = ahead.popleft()
        if not line.strip():
            blank.append(line)
            continue
        yield from (Record(text, None, "a blank line") for text in blank)
        blank.clear()
        yield _quoted_record(line, stream, ahead, width) if b'"' in line else _record(line, width)


def _are_plain(lines: Sequence[bytes], width: int) -> bool:
    """Whether each line is a sound row by itself; a `Record` of each would take far longer."""
    block = b"".join(lines)
    commas = width - 1
    return (
        b'"' not in block
        and _is_text(block)
        and all(line.count(b",") == commas and line.strip() for line in lines)
    )


def _record(line: bytes, width: int) -> Record:
    """A row without quotes: its commas tell its fields."""
    fields = line.count(b",") + 1
    if fields != width:
        return Record(line, None, f"{fields} fields instead of {width}")
    if not _is_text(line):
        return Record(line, None, "no text in UTF-8")
    return Record(line, line.rstrip(b"\r\n"))


def _quoted_record(line: bytes, stream: IO[bytes], ahead: deque[bytes], width: int) -> Record:
    """A row with quotes, which may go on over line ends.

    If no end is found that makes a row of it, only its first line is lost.
    """
    taken = [line]
    quotes = line.count(b'"')
    while quotes % 2 and len(taken) < QUOTED_LINES:
        following = ahead.popleft() if ahead else next(stream, b"")
        if not following:
            break
        taken.append(following)
        quotes += following.count(b'"')
    whole = b"".join(taken)
    fields = _fields(whole) if quotes % 2 == 0 and _is_text(whole) else None
    if fields is not None and len(fields) == width:
        clean = io.StringIO(newline="")
        # All are quoted: by itself it would leave a line end in a value as it stands.
        csv.writer(clean, quoting=csv.QUOTE_ALL, lineterminator="").writerow(fields)
        return Record(whole, clean.getvalue().encode())
    ahead.extendleft(reversed(taken[1:]))
    if fields is not None and len(taken) == 1:
        return Record(line, None, f"{len(fields)} fields instead of {width}")
    return Record(
        line, None, "no text in UTF-8" if not _is_text(line) else "a quote without its end"
    )


def _fields(text: bytes) -> list[str] | None:
    try:
        rows = list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in line
