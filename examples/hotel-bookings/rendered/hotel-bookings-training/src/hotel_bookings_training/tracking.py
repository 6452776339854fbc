"""The metadata store: every run record as a run with parameters, metrics and lineage.

MLflow keeps them: in a database file and a folder of artifacts where the setting `metadata_store`
is a folder, on a server where it is an address. A record counts as published once its run has
ended: what a kill interrupted is published again.
"""

import json
import logging
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

from . import tracking_database
from .faults import Fault
from .settings import Settings

EXPERIMENT: Final = "hotel-bookings"
RECORD: Final = "record.id"
DOCUMENT: Final = "record.json"
LONGEST: Final = 5000  # characters that MLflow takes as one value
ENDED: Final = {"succeeded": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _told(
    function: Callable[Concatenate[Settings, Parameters], Result],
) -> Callable[Concatenate[Settings, Parameters], Result]:
    """A server that is away or refuses is told in one line with the remedy."""

    @wraps(function)
    def told(settings: Settings, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(settings, *args, **kwargs)
        except (MlflowException, OSError) as error:
            if not _is_server(settings):
                raise
            why = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise Fault(
                f"the metadata store at {settings.extra['metadata_store']} does not do what is "
                f"asked ({why}); see that it runs, and that MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD are those of a user of it"
            ) from None

    return told


@_told
def publish(settings: Settings, record: Mapping[str, Any]) -> str:
    """Store a run record and return the store's id of it; a record is stored once."""
    if _is_server(settings):
        return _publish_beside_others(settings, record)
    with tracking_database.locked(_database(settings)):
        client = _client(settings)
        for run in _found(client, f"tags.`{RECORD}` = '{record['id']}'"):
            if run.info.status in ENDED.values():
                return str(run.info.run_id)
            client.delete_run(run.info.run_id)
        return _store(client, _experiment(client, settings), record)


def _publish_beside_others(settings: Settings, record: Mapping[str, Any]) -> str:
    """As `publish`, where no lock is seen by all who publish: the first of several runs stays."""
    client = _client(settings)
    condition = f"tags.`{RECORD}` = '{record['id']}'"
    if not _first(client, condition):
        _store(client, _experiment(client, settings), record)
    stays, *others = _first(client, condition)
    for run in others:
        with suppress(MlflowException):  # another one that publishes it may have been quicker
            client.delete_run(run.info.run_id)
    return str(stays.info.run_id)


def _first(client: Any, condition: str) -> list[Any]:
    """The runs that have ended, in an order in which everybody sees them."""
    ended = [run for run in _found(client, condition) if run.info.status in ENDED.values()]
    return sorted(ended, key=lambda run: str(run.info.run_id))


@_told
def runs(settings: Settings) -> list[dict[str, Any]]:
    """Every published run record, oldest first."""
    if not _is_server(settings) and not _database(settings).is_file():
        return []
    records: dict[str, dict[str, Any]] = {}
    client = _client(settings)
    for run in _first(client, f"tags.`{RECORD}` != ''"):
        if run.data.tags[RECORD] not in records:
            records[run.data.tags[RECORD]] = _document(settings, client, str(run.info.run_id))
    return sorted(records.values(), key=lambda record: (record["started"], record["id"]))


def _document(settings: Settings, client: Any, run_id: str) -> dict[str, Any]:
    """The record of a run as it was published."""
    with tempfile.TemporaryDirectory() as scratch:
        if _is_server(settings):
            path = Path(client.download_artifacts(run_id, DOCUMENT, scratch))
        else:
            # MLflow stores absolute locations; this one survives a move of the state folder.
            path = _root(settings) / "artifacts" / run_id / "artifacts" / DOCUMENT
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return record


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
    if _is_server(settings):
        return _served_experiment(client)
    location = (_root(settings) / "artifacts").as_uri()
    experiments = client.search_experiments(filter_string=f"name LIKE '{EXPERIMENT}%'")
    for experiment in experiments:
        if experiment.artifact_location == location:
            return str(experiment.experiment_id)
    name = f"{EXPERIMENT} {len(experiments) + 1}" if experiments else EXPERIMENT
    return str(client.create_experiment(name, artifact_location=location))


def _served_experiment(client: Any) -> str:
    """The product's experiment on a server, which knows best where its artifacts lie."""
    with suppress(MlflowException):  # somebody else may make it at the same time
        if client.get_experiment_by_name(EXPERIMENT) is None:
            client.create_experiment(EXPERIMENT)
    return str(client.get_experiment_by_name(EXPERIMENT).experiment_id)


def _client(settings: Settings) -> Any:
    # MLflow tells about every table that it creates and every version that it cannot find.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    uri = settings.extra["metadata_store"]
    if not _is_server(settings):
        uri = f"sqlite:///{_database(settings)}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _is_server(settings: Settings) -> bool:
    return settings.extra["metadata_store"].startswith(("http://", "https://"))


def _root(settings: Settings) -> Path:
    return Path(settings.extra["metadata_store"])


def _database(settings: Settings) -> Path:
    return _root(settings) / "mlflow.db"
