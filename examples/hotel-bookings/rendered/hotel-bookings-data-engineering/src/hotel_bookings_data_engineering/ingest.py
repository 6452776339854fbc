"""Ingest: every raw row is either valid, typed and partitioned by month, or quarantined."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import duckdb

from . import raw
from .database import database, quoted, rows_of
from .faults import Fault
from .locations import locate
from .run_record import Run
from .settings import Settings
from .sources import in_order
from .tables import Source
from .validation import columns_of, validate

# More bad rows than this share are no accident: the step stops and leaves everything as it was.
QUARANTINE_LIMIT: Final = 0.01


def run(settings: Settings, run: Run) -> None:
    """Validate all sources."""
    validated = run.staged(settings.state / "validated")
    quarantine = run.staged(settings.state / "quarantine")
    counts: dict[str, Mapping[str, Any]] = {}
    validated.mkdir()
    quarantine.mkdir()
    with database() as connection, tempfile.TemporaryDirectory() as scratch:
        for source in in_order():
            path = locate(source.name, settings.sources[source.name], source.origin)
            counts[source.name] = _ingest(
                connection, source, path, validated, quarantine, Path(scratch)
            )
            run.say(_summary(source.name, counts[source.name]))
            run.metric(f"{source.name}_valid", counts[source.name]["valid"])
            bad = counts[source.name]["read"] - counts[source.name]["valid"]
            run.metric(f"{source.name}_quarantined", bad)
    document = json.dumps({"sources": counts}, indent=2)
    (validated / "ingest.json").write_text(f"{document}\n", "utf-8")


def _ingest(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    path: Path,
    validated: Path,
    quarantine: Path,
    scratch: Path,
) -> Mapping[str, Any]:
    """Write the valid and the bad rows of one source; answer how many there are of each."""
    found = raw.load(connection, source, path, scratch)
    checked = validate(connection, source, found.table)
    connection.execute(f"DROP TABLE {found.table}")
    reasons = _quarantine(connection, checked, found, quarantine / f"{source.name}.parquet")
    connection.execute(
        f"CREATE TABLE valid_{source.name} AS SELECT {', '.join(columns_of(source))} "
        f"FROM {checked} WHERE len(_reasons) = 0 ORDER BY source_row"
    )
    connection.execute(f"DROP TABLE {checked}")
    valid = _write(connection, source, validated / source.name)
    bad = sum(reasons.values())
    if valid + bad != found.rows:
        raise RuntimeError(f"source {source.name}: {found.rows} read, {valid} valid, {bad} bad")
    _require_data(source, path, valid, reasons)
    return {"read": found.rows, "valid": valid, "quarantined": reasons}


def _quarantine(
    connection: duckdb.DuckDBPyConnection, checked: str, found: raw.Raw, target: Path
) -> dict[str, int]:
    """Write the bad rows with their reasons; count them by the first reason of each."""
    connection.execute(
        "CREATE OR REPLACE TABLE bad AS "
        "SELECT source_row, array_to_string(_reasons, '; ') AS reason, CAST(_text AS VARCHAR) AS text "
        f"FROM {checked} WHERE len(_reasons) > 0"
    )
    for row in found.damaged:
        values = [row.source_row, row.reason, row.text]
        connection.execute("INSERT INTO bad VALUES (?, ?, ?)", values)
    connection.execute(f"COPY (FROM bad ORDER BY source_row) TO {quoted(target)} (FORMAT parquet)")
    first = "split_part(reason, '; ', 1)"
    return dict(rows_of(connection, f"SELECT {first}, count(*) FROM bad GROUP BY 1 ORDER BY 1"))


def _write(connection: duckdb.DuckDBPyConnection, source: Source, folder: Path) -> int:
    """Write the valid rows, a folder per month of their event; read back how many there are."""
    folder.mkdir()
    table = f"valid_{source.name}"
    if source.event_time is None:
        _copy(connection, f"FROM {table} ORDER BY source_row", folder / "part.parquet")
    else:
        month = f"coalesce(strftime({source.event_time}, '%Y-%m'), 'unknown')"
        months = f"SELECT DISTINCT {month} AS m FROM {table} ORDER BY m"
        for (name,) in rows_of(connection, months):
            part = folder / f"event_month={name}"
            part.mkdir()
            rows = f"FROM {table} WHERE {month} = {quoted(name)} ORDER BY source_row"
            _copy(connection, rows, part / "part.parquet")
    parts = list(folder.rglob("*.parquet"))
    if not parts:
        return 0
    files = ", ".join(quoted(part) for part in parts)
    return int(rows_of(connection, f"SELECT count(*) FROM read_parquet([{files}])")[0][0])


def _copy(connection: duckdb.DuckDBPyConnection, rows: str, target: Path) -> None:
    connection.execute(f"COPY ({rows}) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)")


def _require_data(source: Source, path: Path, valid: int, reasons: Mapping[str, int]) -> None:
    bad = sum(reasons.values())
    if bad > QUARANTINE_LIMIT * (valid + bad):
        worst = max(reasons, key=lambda reason: reasons[reason])
        raise Fault(
            f"source {source.name}: {bad} of {valid + bad} rows of {path} are bad "
            f"(most often {worst}), more than {QUARANTINE_LIMIT:.0%}; mend the data or "
            f"src/{__package__}/sources/{source.name}.py"
        )
    if valid == 0:
        raise Fault(f"source {source.name}: {path} holds no rows; fetch it again")


def _summary(name: str, counts: Mapping[str, Any]) -> str:
    bad = counts["quarantined"]
    line = f"{name}: {counts['read']:,} rows read, {counts['valid']:,} valid"
    return line + "".join(f", {count:,} quarantined ({reason})" for reason, count in bad.items())
