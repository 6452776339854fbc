"""Runs in the environment of a rendered repository: ingest for each state folder named on a line.

Answers one line of JSON each: the fault, or what was read, kept and set aside.
"""

import importlib
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any


def main(package: str) -> None:
    """Answer line by line until the input ends."""
    ingest, record, settings, database = (
        importlib.import_module(f"{package}.{name}")
        for name in ("ingest", "run_record", "settings", "database")
    )
    fault = importlib.import_module(f"{package}.faults").Fault
    # A bad row must never be lost, however many there are.
    vars(ingest)["QUARANTINE_LIMIT"] = 1.0
    for line in sys.stdin:
        folder = Path(line.strip())
        state = folder / "state"
        made = settings.Settings(
            environment="test",
            target="local",
            state=state,
            replayed=None,
            sources={path.stem: str(path) for path in folder.glob("*.csv")},
            extra={},
        )
        outputs = (state / "validated", state / "quarantine")
        run = record.Run(record.Step(name="t", summary="", call="", outputs=outputs), "test", 0)
        state.mkdir()
        try:
            with redirect_stdout(sys.stderr):
                ingest.run(made, run)
        except fault as error:
            print(json.dumps({"fault": str(error)}), flush=True)
            continue
        print(json.dumps(_answer(database, run, outputs)), flush=True)


def _answer(database: Any, run: Any, outputs: tuple[Path, Path]) -> dict[str, Any]:
    validated, quarantine = (run.staged(path) for path in outputs)
    columns = "source_row, arr_delay, flight, carrier, epoch_us(scheduled_departure)"
    with database.database() as connection:
        parts = [str(path) for path in (validated / "flights").rglob("*.parquet")]
        valid = (
            database.rows_of(connection, f"SELECT {columns} FROM read_parquet({parts})")
            if parts
            else []
        )
        bad = database.rows_of(
            connection,
            f"SELECT source_row, reason FROM read_parquet('{quarantine / 'flights.parquet'}')",
        )
    return {"valid": valid, "bad": bad}


if __name__ == "__main__":
    main(sys.argv[1])
