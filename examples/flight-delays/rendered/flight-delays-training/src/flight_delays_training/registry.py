"""The model registry: versions, the alias that serves, and every promotion with its reason.

MLflow keeps them: in files where the setting `registry` is a folder, on a server where it is an
address. What is loaded is the package as it was registered: its digest is kept and checked.
"""

import json
import logging
import random
import shutil
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from . import registry_database
from .faults import Fault
from .model import FILES, MANIFEST, Model, named_version, package_digest
from .settings import Settings

NAME: Final = "flight-delays"
DIGEST: Final = "package.digest"
RECORD: Final = "trained.by"
PROMOTION: Final = "promotion."
LOCK: Final = f"{NAME}.lock"
OWNER: Final = "owner"
PATIENCE: Final = 60.0  # seconds after which the lock of one who was killed is moved aside

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# How MLflow asks its database library is not for the users of a model to mend.
warnings.filterwarnings("ignore", message="The ``noload`` loader strategy")


@dataclass(frozen=True)
class ModelVersion:
    """A version in the registry and the digest of its model package."""

    version: str
    digest: str


@dataclass(frozen=True)
class Promotion:
    """An alias was moved to a version; `served` is false where a kill came before it moved."""

    alias: str
    version: str
    previous: str | None
    reason: str
    at: str
    served: bool = True


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
                f"the model registry at {settings.extra['registry']} does not do what is asked "
                f"({why}); see that it runs, and that MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD are those of a user of it"
            ) from None

    return told


@_told
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
        if _model(client) is None:
            client.create_registered_model(NAME)
        created = client.create_model_version(
            NAME,
            source=f"{run.info.artifact_uri}/model",
            run_id=run.info.run_id,
            tags={DIGEST: digest, RECORD: record_id},
        )
        return ModelVersion(str(created.version), digest)


@_told
def promote(settings: Settings, version: str, alias: str, reason: str) -> Promotion:
    """Move an alias to a version; the history gets its entry first, under one lock."""
    if number := named_version(alias):
        raise Fault(f"{alias} names version {number} itself; choose another alias")
    with _locked(settings):
        client = _client(settings)
        _version(client, version)
        model = _model(client)
        previous = _aliases(model).get(alias)
        promotion = Promotion(alias, version, previous, reason, datetime.now(UTC).isoformat())
        # No two entries have the same name, not even if two should ever hold the lock.
        entry = f"{PROMOTION}{len(_entries(model)):06d}.{uuid.uuid4().hex[:8]}"
        client.set_registered_model_tag(NAME, entry, json.dumps(asdict(promotion)))
        client.set_registered_model_alias(NAME, alias, version)
    return promotion


@_told
def history(settings: Settings) -> list[Promotion]:
    """Every promotion, oldest first."""
    if not _exists(settings):
        return []
    model = _model(_client(settings))
    return _settled(_entries(model), _aliases(model))


def _entries(model: Any) -> list[Promotion]:
    """The promotions in the order in which they were written."""
    tags: Mapping[str, str] = model.tags if model else {}
    entries = sorted(item for item in tags.items() if item[0].startswith(PROMOTION))
    return [Promotion(**json.loads(text)) for _, text in entries]


def _aliases(model: Any) -> dict[str, str]:
    """The version of each alias."""
    return {alias: str(version) for alias, version in (model.aliases if model else {}).items()}


def _settled(entries: list[Promotion], aliases: Mapping[str, str]) -> list[Promotion]:
    """What each promotion found, told by the one after it or by the alias itself.

    The entry is written before the alias moves; where a kill came in between, the alias still had
    the version before when the next promotion looked.
    """
    after: dict[str, str | None] = {**aliases}
    settled: list[Promotion] = []
    for entry in reversed(entries):
        settled.append(replace(entry, served=after.get(entry.alias) == entry.version))
        after[entry.alias] = entry.previous
    return settled[::-1]


@_told
def current(settings: Settings, alias: str) -> str | None:
    """The version that has the alias, or None; `v7` is version 7 itself."""
    found = _aliased(settings, alias)
    return None if found is None else str(found.version)


@_told
def load(settings: Settings, alias: str, into: Path) -> ModelVersion:
    """Copy the package that has the alias to the folder `into`, replacing what is there.

    Raises `Fault` when no version has the alias or the package is not the registered one.
    """
    found = _aliased(settings, alias)
    if found is None:
        raise Fault(f"no model has the alias {alias}; train and register one that is accepted")
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".package-") as scratch:
        package = Path(scratch) / "package"
        package.mkdir()
        stored = _stored(settings, found.run_id, Path(scratch))
        for name in (*FILES, MANIFEST):
            if (stored / name).is_file():
                shutil.copyfile(stored / name, package / name)
        digest = package_digest(package)
        if digest != found.tags.get(DIGEST):
            raise Fault(
                f"version {found.version} in {settings.extra['registry']} is not the package that "
                "was registered; register the model again and find out who changed it"
            )
        if into.exists():
            into.rename(Path(scratch) / "replaced")
        package.rename(into)
    return ModelVersion(str(found.version), digest)


def _stored(settings: Settings, run_id: str, scratch: Path) -> Path:
    """The folder with the files of a package: where they lie, or where they were copied to."""
    if not _is_server(settings):
        # MLflow stores absolute locations; this one survives a move of the state folder.
        return _root(settings) / "artifacts" / run_id / "artifacts" / "model"
    return Path(_client(settings).download_artifacts(run_id, "model", str(scratch)))


def _aliased(settings: Settings, alias: str) -> Any:
    if not _exists(settings):
        return None
    try:
        if number := named_version(alias):
            return _client(settings).get_model_version(NAME, number)
        return _client(settings).get_model_version_by_alias(NAME, alias)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def _version(client: Any, version: str) -> Any:
    try:
        return client.get_model_version(NAME, version)
    except MlflowException as error:
        if error.error_code not in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            raise
        raise Fault(f"there is no version {version} of {NAME}; register it first") from None


def _model(client: Any, name: str = NAME) -> Any:
    """What the registry knows of a name: its tags and aliases; None if it is new to it."""
    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None


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
    if _is_server(settings):
        return _served_experiment(client)
    location = (_root(settings) / "artifacts").as_uri()
    experiments = client.search_experiments(filter_string=f"name LIKE '{NAME}%'")
    for experiment in experiments:
        if experiment.artifact_location == location:
            return str(experiment.experiment_id)
    name = f"{NAME} {len(experiments) + 1}" if experiments else NAME
    return str(client.create_experiment(name, artifact_location=location))


def _served_experiment(client: Any) -> str:
    """The product's experiment on a server, which knows best where its artifacts lie."""
    with suppress(MlflowException):  # somebody else may make it at the same time
        if client.get_experiment_by_name(NAME) is None:
            client.create_experiment(NAME)
    return str(client.get_experiment_by_name(NAME).experiment_id)


def _client(settings: Settings) -> Any:
    # MLflow tells about every table that it creates and every version that it cannot find.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    uri = settings.extra["registry"]
    if not _is_server(settings):
        uri = f"sqlite:///{_database(settings)}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    """One writer at a time; the kernel frees the lock however the process ends."""
    if _is_server(settings):
        with _held(_client(settings)):
            yield
        return
    with registry_database.locked(_database(settings)):
        yield


@contextmanager
def _held(client: Any) -> Iterator[None]:
    """A lock across machines: of those who make the same name on a server, one succeeds.

    One who was killed leaves it behind. Who has seen it unchanged for too long gives it another
    name, which again only one can: the name says whose it was.
    """
    owner, seen, since = uuid.uuid4().hex, "", time.monotonic()
    while (holder := _holder(client)) != owner and not (holder == "" and _made(client, owner)):
        if holder != seen:
            seen, since = holder, time.monotonic()
        elif holder and time.monotonic() - since > PATIENCE:
            with suppress(MlflowException):
                client.rename_registered_model(LOCK, f"{LOCK}.{holder}")
        time.sleep(random.uniform(0.05, 0.2))  # noqa: S311 - only so that two do not keep step
    try:
        yield
    finally:
        if _holder(client) == owner:
            client.delete_registered_model(LOCK)


def _made(client: Any, owner: str) -> bool:
    try:
        client.create_registered_model(LOCK, tags={OWNER: owner})
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return False
    return True


def _holder(client: Any) -> str:
    """Who has the lock; empty when it is free."""
    lock = _model(client, LOCK)
    # One that is being freed may be there without its tags.
    return str(lock.tags.get(OWNER, "")) if lock else ""


def _is_server(settings: Settings) -> bool:
    return settings.extra["registry"].startswith(("http://", "https://"))


def _exists(settings: Settings) -> bool:
    """Whether there is anything to ask: asking makes the database, which is for writers to do."""
    return _is_server(settings) or _database(settings).is_file()


def _root(settings: Settings) -> Path:
    return Path(settings.extra["registry"])


def _database(settings: Settings) -> Path:
    return _root(settings) / "mlflow.db"
