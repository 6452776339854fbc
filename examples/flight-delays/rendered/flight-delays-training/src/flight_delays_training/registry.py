"""The model registry: versions, the alias that serves, and every promotion with its reason.

MLflow keeps them in a database file and a folder of artifacts; no server runs. What is loaded is
the model package as it was registered: its digest stands in the registry and is checked.
"""

import fcntl
import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from .faults import Fault
from .model import FILES, MANIFEST, Model, package_digest
from .settings import Settings

NAME: Final = "flight-delays"
DIGEST: Final = "package.digest"
RECORD: Final = "trained.by"
PROMOTION: Final = "promotion."

# How MLflow asks its database library is not for the users of a model to mend.
warnings.filterwarnings("ignore", message="The ``noload`` loader strategy")


@dataclass(frozen=True)
class ModelVersion:
    """A version in the registry and the digest of its model package."""

    version: str
    digest: str


@dataclass(frozen=True)
class Promotion:
    """An alias was moved to a version."""

    alias: str
    version: str
    previous: str | None
    reason: str
    at: str


def register(
    settings: Settings, package: Path, *, metrics: Mapping[str, float], record_id: str
) -> ModelVersion:
    """Add a model package as a new version; the same package of the same run is added once."""
    digest = package_digest(package)
    with _locked(settings):
        client = _client(settings)
        for version in client.search_model_versions(f"name = '{NAME}'"):
            if version.tags.get(DIGEST) == digest and version.tags.get(RECORD) == record_id:
                return ModelVersion(str(version.version), digest)
        run = client.create_run(
            _experiment(client, settings), run_name="model", tags={RECORD: record_id}
        )
        for name, value in metrics.items():
            client.log_metric(run.info.run_id, name, value)
        with tempfile.TemporaryDirectory() as scratch:
            _write_flavour(package, Path(scratch) / "model")
            client.log_artifacts(run.info.run_id, str(Path(scratch) / "model"), "model")
        client.set_terminated(run.info.run_id)
        if not _is_known(client):
            client.create_registered_model(NAME)
        created = client.create_model_version(
            NAME,
            source=f"{run.info.artifact_uri}/model",
            run_id=run.info.run_id,
            tags={DIGEST: digest, RECORD: record_id},
        )
        return ModelVersion(str(created.version), digest)


def promote(settings: Settings, version: str, alias: str, reason: str) -> Promotion:
    """Move an alias to a version; the history gets its entry first, under one lock."""
    with _locked(settings):
        client = _client(settings)
        _version(client, version)
        previous = current(settings, alias)
        promotion = Promotion(alias, version, previous, reason, datetime.now(UTC).isoformat())
        client.set_registered_model_tag(
            NAME, f"{PROMOTION}{len(history(settings)):06d}", json.dumps(asdict(promotion))
        )
        client.set_registered_model_alias(NAME, alias, version)
    return promotion


def history(settings: Settings) -> list[Promotion]:
    """Every promotion, oldest first."""
    if not _database(settings).is_file():
        return []
    client = _client(settings)
    if not _is_known(client):
        return []
    tags: Mapping[str, str] = client.get_registered_model(NAME).tags
    entries = sorted(item for item in tags.items() if item[0].startswith(PROMOTION))
    return [Promotion(**json.loads(text)) for _, text in entries]


def current(settings: Settings, alias: str) -> str | None:
    """The version that has the alias, or None."""
    found = _aliased(settings, alias)
    return None if found is None else str(found.version)


def load(settings: Settings, alias: str, into: Path) -> ModelVersion:
    """Copy the package that has the alias to the folder `into`, replacing what is there.

    Raises `Fault` when no version has the alias or the package is not the registered one.
    """
    found = _aliased(settings, alias)
    if found is None:
        raise Fault(f"no model has the alias {alias}; train and register one that is accepted")
    # MLflow stores absolute locations; this one survives a move of the state folder.
    stored = _root(settings) / "artifacts" / found.run_id / "artifacts" / "model"
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".package-") as scratch:
        package = Path(scratch) / "model"
        package.mkdir()
        for name in (*FILES, MANIFEST):
            if (stored / name).is_file():
                shutil.copyfile(stored / name, package / name)
        digest = package_digest(package)
        if digest != found.tags.get(DIGEST):
            raise Fault(
                f"version {found.version} in {stored} is not the package that was registered; "
                "register the model again and find out who changed it"
            )
        if into.exists():
            into.rename(Path(scratch) / "replaced")
        package.rename(into)
    return ModelVersion(str(found.version), digest)


def _aliased(settings: Settings, alias: str) -> Any:
    if not _database(settings).is_file():
        return None
    try:
        return _client(settings).get_model_version_by_alias(NAME, alias)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def _version(client: Any, version: str) -> Any:
    try:
        return client.get_model_version(NAME, version)
    except MlflowException:
        raise Fault(f"there is no version {version} of {NAME}; register it first") from None


def _is_known(client: Any) -> bool:
    return bool(client.search_registered_models(f"name = '{NAME}'"))


def _write_flavour(package: Path, folder: Path) -> None:
    """MLflow's description of a native XGBoost model around the package's own files."""
    import mlflow.xgboost
    import xgboost
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    model = Model.load(package)
    # The booster takes encoded columns: a category is its code (see model.py).
    inputs = [ColSpec("double", name, required=False) for name in model.names]
    output = [ColSpec("double", str(model.signature["label"]))]
    mlflow.xgboost.save_model(
        model.booster,
        str(folder),
        model_format="ubj",
        pip_requirements=[f"xgboost=={xgboost.__version__}"],
        signature=ModelSignature(Schema(inputs), Schema(output)),
    )
    for name in (*FILES, MANIFEST):
        shutil.copyfile(package / name, folder / name)


def _experiment(client: Any, settings: Settings) -> str:
    """The experiment of this state folder; one that was moved gets another, MLflow binds them."""
    location = (_root(settings) / "artifacts").as_uri()
    experiments = client.search_experiments(filter_string=f"name LIKE '{NAME}%'")
    for experiment in experiments:
        if experiment.artifact_location == location:
            return str(experiment.experiment_id)
    name = f"{NAME} {len(experiments) + 1}" if experiments else NAME
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
    return Path(settings.extra["registry"])


def _database(settings: Settings) -> Path:
    return _root(settings) / "mlflow.db"
