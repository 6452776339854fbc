"""The model registry as serving sees it: which version has an alias, and its model package.

MLflow keeps the versions in a database file and a folder of artifacts; no server runs. The digest
that training registered is checked before a package is handed over.
"""

import logging
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from .faults import Fault
from .model import FILES, MANIFEST, package_digest
from .settings import Settings

NAME: Final = "flight-delays"
DIGEST: Final = "package.digest"

# How MLflow asks its database library is not for the users of a model to mend.
warnings.filterwarnings("ignore", message="The ``noload`` loader strategy")


@dataclass(frozen=True)
class ModelVersion:
    """A version in the registry and the digest of its model package."""

    version: str
    digest: str


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


def _client(settings: Settings) -> Any:
    # MLflow tells about every table that it creates and every version that it cannot find.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    uri = f"sqlite:///{_database(settings)}"
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _root(settings: Settings) -> Path:
    return Path(settings.extra["registry"])


def _database(settings: Settings) -> Path:
    return _root(settings) / "mlflow.db"
