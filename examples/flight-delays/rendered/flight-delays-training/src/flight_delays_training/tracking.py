"""The metadata store: every run record as a run with parameters, metrics and lineage.

MLflow keeps them in a database file and a folder of artifacts; no server runs. A record counts as
published once its run has ended: what a kill interrupted is published again.
"""

import fcntl
import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from .settings import Settings

EXPERIMENT: Final = "flight-delays"
RECORD: Final = "record.id"
DOCUMENT: Final = "record.json"
LONGEST: Final = 5000  # characters that MLflow takes as one value
ENDED: Final = {"succeeded": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}


def publish(settings: Settings, record: Mapping[str, Any]) -> str:
    """Store a run record and return the store's id of it; a record is stored once."""
    with _locked(settings):
        client = _client(settings)
        for run in _found(client, f"tags.`{RECORD}` = '{record['id']}'"):
            if run.info.status in ENDED.values():
                return str(run.info.run_id)
            client.delete_run(run.info.run_id)
        return _store(client, _experiment(client, settings), record)


def runs(settings: Settings) -> list[dict[str, Any]]:
    """Every published run record, oldest first."""
    if not _database(settings).is_file():
        return []
    records: list[dict[str, Any]] = []
    for run in _found(_client(settings), f"tags.`{RECORD}` != ''"):
        if run.info.status in ENDED.values():
            # MLflow stores absolute locations; this one survives a move of the state folder.
            folder = _root(settings) / "artifacts" / run.info.run_id / "artifacts"
            records.append(json.loads((folder / DOCUMENT).read_text("utf-8")))
    return sorted(records, key=lambda record: (record["started"], record["id"]))


def _store(client: Any, experiment: str, record: Mapping[str, Any]) -> str:
    tags = {RECORD: record["id"], **_lineage(record)}
    run = client.create_run(
        experiment,
        start_time=_milliseconds(record["started"]),
        run_name=record["step"],
        tags=tags,
    )
    run_id = str(run.info.run_id)
    finished = _milliseconds(record["finished"])
    client.log_batch(
        run_id,
        metrics=[
            Metric(name, float(value), finished, 0)
            for name, value in {**record["metrics"], **_costs(record)}.items()
        ],
        params=[
            Param(name, _text(value)[:LONGEST]) for name, value in record["parameters"].items()
        ],
    )
    with tempfile.TemporaryDirectory() as scratch:
        document = Path(scratch) / DOCUMENT
        document.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", "utf-8")
        client.log_artifact(run_id, str(document))
    client.set_terminated(run_id, ENDED[record["status"]], end_time=finished)
    return run_id


def _lineage(record: Mapping[str, Any]) -> dict[str, str]:
    """Where the run came from: code, environment, inputs and outputs by content hash."""
    plain = ("repository", "environment", "parent", "seed", "commit", "code", "lock", "image")
    found = {name: _text(record[name]) for name in plain if record.get(name) is not None}
    for side in ("inputs", "outputs"):
        for name, digest in record.get(side, {}).items():
            found[f"{side}.{name.replace('..', '_')}"] = str(digest)
    if record.get("error"):
        found["error"] = str(record["error"])[:LONGEST]
    return found


def _costs(record: Mapping[str, Any]) -> dict[str, float]:
    return {name: record[name] for name in ("seconds", "peak_memory_bytes") if name in record}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _milliseconds(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


def _found(client: Any, condition: str) -> list[Any]:
    """All runs that meet the condition, page by page."""
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    found: list[Any] = []
    token: str | None = None
    while experiments:
        page = client.search_runs(experiments, condition, max_results=1000, page_token=token)
        found.extend(page)
        token = page.token
        if not token:
            break
    return found


def _experiment(client: Any, settings: Settings) -> str:
    """The experiment of this state folder; one that was moved gets another, MLflow binds them."""
    location = (_root(settings) / "artifacts").as_uri()
    experiments = client.search_experiments(filter_string=f"name LIKE '{EXPERIMENT}%'")
    for experiment in experiments:
        if experiment.artifact_location == location:
            return str(experiment.experiment_id)
    name = f"{EXPERIMENT} {len(experiments) + 1}" if experiments else EXPERIMENT
    return str(client.create_experiment(name, artifact_location=location))


def _client(settings: Settings) -> Any:
    # MLflow tells about every table that it creates and every version that it cannot find.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    uri = f"sqlite:///{_database(settings)}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    """One writer at a time; the kernel frees the lock however the process ends."""
    root = _root(settings)
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _root(settings: Settings) -> Path:
    return Path(settings.extra["metadata_store"])


def _database(settings: Settings) -> Path:
    return _root(settings) / "mlflow.db"
