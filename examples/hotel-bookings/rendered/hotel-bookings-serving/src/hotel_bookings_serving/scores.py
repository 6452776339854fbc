"""The files that batch scoring writes: scores.parquet and scores.json, part by part."""

import json
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from .due import HORIZON, KEY
from .run_record import Run
from .scoring import FEATURES
from .settings import Settings

TYPES: Final = {"number": pa.float64(), "category": pa.string()}
SCHEMA: Final = pa.schema(
    [
        (KEY, pa.string()),
        ("event_timestamp", pa.timestamp("us", tz="UTC")),
        *((name, TYPES[type_]) for name, type_ in FEATURES.items()),
        ("prediction", pa.float64()),
        ("model_version", pa.string()),
    ]
)


class Scores:
    """Takes scored rows in their order; what is in memory is one part at a time."""

    def __init__(self, settings: Settings, run: Run, version: str) -> None:
        self._settings = settings
        self._run = run
        self._version = version
        self._rows = 0
        self._sum = 0.0
        self._nulls = dict.fromkeys(FEATURES, 0)
        target = settings.state / "serving" / "scores.parquet"
        self._writer = pq.ParquetWriter(run.staged(target), SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.close()
        if kind is None:
            self._summarise()

    def add(self, part: pa.Table) -> None:
        """Write rows that hold the columns of `SCHEMA`, in whatever order, and may hold more."""
        table = part.select(SCHEMA.names).cast(SCHEMA)
        self._writer.write_table(table)
        predictions = table["prediction"].to_numpy()
        self._rows += len(predictions)
        self._sum += float(predictions.sum())
        for name in FEATURES:
            self._nulls[name] += table[name].null_count

    def _summarise(self) -> None:
        now = self._settings.clock
        mean = self._sum / self._rows
        document = {
            "clock": now.isoformat(),
            "until": (now + HORIZON).isoformat(),
            "rows": self._rows,
            "model_version": self._version,
            "mean_prediction": mean,
            "null_share": {name: count / self._rows for name, count in self._nulls.items()},
        }
        path = self._run.staged(self._settings.state / "serving" / "scores.json")
        path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        self._run.metric("rows", self._rows)
        self._run.metric("mean_prediction", mean)
