"""One way to build the training set, timed: runs inside a rendered training repository."""

import argparse
import hashlib
import importlib
import json
import os
import resource
import shutil
import time
from pathlib import Path
from typing import Any

import duckdb  # type: ignore[import-not-found, unused-ignore]
import pandas as pd

PACKAGE = "flight_delays_training"
KEY = "flight_id"


def main() -> None:
    """Print seconds, rows, peak memory and a digest of the answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", choices=["port", "feast", "merge_asof"], required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--replicas", type=int, required=True)
    parser.add_argument("--at", type=Path, required=True)
    chosen = parser.parse_args()
    replicate(chosen.state / "features", chosen.at / "features", chosen.replicas)
    entities = pd.read_parquet(chosen.at / "features" / "entities.parquet")
    settings = _settings(chosen.at)
    for name in ("features", "definitions", "plan"):  # importing is not joining
        _module(name)
    ways = {"port": port, "feast": feast, "merge_asof": merge_asof}
    started = time.perf_counter()
    answer = ways[chosen.way](settings, entities)
    seconds = time.perf_counter() - started
    figures = {
        "seconds": seconds,
        "rows": len(answer),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "answer": _digest(answer),
    }
    print(json.dumps(figures))


def replicate(source: Path, target: Path, replicas: int) -> None:
    """Write every table so many times under other keys; once for all ways."""
    if target.is_dir():
        return
    partial = target.with_name("partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for path in sorted(source.glob("*.parquet")):
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            names = [row[0] for row in connection.execute(f"DESCRIBE FROM '{path}'").fetchall()]
            keys = {KEY, "origin", "dest", "tailnum", "carrier"} & set(names)
            renamed = ", ".join(f"{key} || suffix AS {key}" for key in sorted(keys))
            connection.execute(
                f"COPY (SELECT * REPLACE ({renamed}) FROM (SELECT t.*, CASE WHEN i = 0 THEN '' "
                f"ELSE '#' || i END AS suffix FROM '{path}' t, range({replicas}) r(i))) "
                f"TO '{partial / path.name}' (FORMAT parquet, COMPRESSION zstd)"
                if keys
                else f"COPY (FROM '{path}') TO '{partial / path.name}' (FORMAT parquet)"
            )
    for path in source.glob("*.json"):
        shutil.copy(path, partial)
    partial.rename(target)


def port(settings: Any, entities: pd.DataFrame) -> pd.DataFrame:
    """What the training repository calls."""
    found: pd.DataFrame = _module("features").historical(settings, entities)
    return found


def feast(settings: Any, entities: pd.DataFrame) -> pd.DataFrame:
    """The same definitions, joined by Feast's own DuckDB store."""
    features = _module("features")
    features.OFFLINE_STORE = "duckdb"
    definitions = _module("definitions")
    asked = entities[[KEY, *definitions.JOIN_KEYS, "event_timestamp"]]
    references = [f"{view}:{name}" for name, view in definitions.FEATURES.items()]
    store = features._store(settings.state / "features")
    found: pd.DataFrame = store.get_historical_features(asked, references).to_df()
    return found


def merge_asof(settings: Any, entities: pd.DataFrame) -> pd.DataFrame:
    """The last row of each view before the instant, by pandas."""
    definitions = _module("definitions")
    found = entities.sort_values("event_timestamp", kind="stable")
    views: dict[str, list[str]] = {}
    for name, view in definitions.FEATURES.items():
        views.setdefault(view, []).append(name)
    for view, names in views.items():
        table = pd.read_parquet(settings.state / "features" / f"{view}.parquet")
        keys = [name for name in definitions.JOIN_KEYS if name in table.columns]
        keys = keys or [KEY]
        left, right = _codes(found[keys], table[keys])
        table = table[["event_timestamp", *names]].assign(code=right)
        found = pd.merge_asof(
            found.assign(code=left),
            table.sort_values("event_timestamp", kind="stable"),
            on="event_timestamp",
            by="code",
            # A row counts as long as it is younger than its time to live.
            tolerance=definitions.TTLS[view] - pd.Timedelta(microseconds=1),
        )
    return found


def _codes(left: pd.DataFrame, right: pd.DataFrame) -> tuple[Any, Any]:
    """Keys as numbers, alike in both, so that nothing is merged by columns of strings."""
    together = pd.concat([left, right], ignore_index=True)
    codes, _ = pd.factorize(together[together.columns[0]])
    for name in together.columns[1:]:
        more, values = pd.factorize(together[name])
        codes, _ = pd.factorize(codes * (len(values) + 1) + more)
    return codes[: len(left)], codes[len(left) :]


def _digest(answer: pd.DataFrame) -> str:
    names = list(_module("plan").FEATURES)
    ordered = answer.sort_values(KEY, ignore_index=True)[[KEY, *sorted(names)]]
    numbers = ordered.select_dtypes("number").columns
    ordered[numbers] = ordered[numbers].astype("float64")
    ordered = ordered.where(ordered.notna(), None)
    hashed = pd.util.hash_pandas_object(ordered, index=False).to_numpy()
    return hashlib.sha256(hashed.tobytes()).hexdigest()


def _settings(state: Path) -> Any:
    os.environ["FLIGHT_DELAYS_STATE"] = str(state)
    return _module("settings").load_settings()


def _module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")


if __name__ == "__main__":
    main()
