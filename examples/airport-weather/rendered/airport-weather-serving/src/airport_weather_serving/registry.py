"""The model registry as serving sees it: which version has an alias, and its model package.

MLflow keeps the versions: in files where the setting `registry` is a folder, on a server where it
is an address. The digest that training registered is checked before a package is handed over.
"""

import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from .faults import Fault
from .model import FILES, MANIFEST, named_version, package_digest
from .settings import Settings

NAME: Final = "airport-weather"
DIGEST: Final = "package.digest"

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# How MLflow asks its database library is not for the users of a model to mend.
warnings.filterwarnings("ignore", message="The ``noload`` loader strategy")


@dataclass(frozen=True)
class ModelVersion:
    """A version in the registry and the digest of its model package."""

    version: str
    digest: str


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


def _client(settings: Settings) -> Any:
    # MLflow tells about every table that it creates and every version that it cannot find.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    uri = settings.extra["registry"]
    if not _is_server(settings):
        uri = f"sqlite:///{_database(settings)}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _is_server(settings: Settings) -> bool:
    return settings.extra["registry"].startswith(("http://", "https://"))


def _exists(settings: Settings) -> bool:
    """Whether there is anything to ask: asking makes the database, which is for writers to do."""
    return _is_server(settings) or _database(settings).is_file()


def _root(settings: Settings) -> Path:
    return Path(settings.extra["registry"])


def _database(settings: Settings) -> Path:
    return _root(settings) / "mlflow.db"
