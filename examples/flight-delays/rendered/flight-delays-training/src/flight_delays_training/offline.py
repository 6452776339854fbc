"""The offline store: Parquet files in the state folder, or published in a bucket.

What is published lies under the digest of its content; the object `current` says which counts. So
nobody reads half of it, and who reads the version before may end. Addresses and keys of the bucket
are the usual variables: AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION.
"""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from .faults import Fault
from .settings import Settings

CURRENT: Final = "current"


@contextmanager
def files(settings: Settings) -> Iterator[Path]:
    """The folder with the Parquet files of all views; those of a bucket are fetched once."""
    place = _place(settings)
    if not place:
        yield settings.state / "features"
        return
    with _told(settings):
        version = _current(_bucket(), place)
        if not version:
            raise Fault(
                f"{settings.extra['feature_store_offline']} holds no features; "
                "run the step `features` first"
            )
        fetched = _fetched(place, version)
    yield fetched.folder


class _Copy:
    """A folder that is removed when nobody needs it any more, or the process ends."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="features-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


@lru_cache(maxsize=1)
def _fetched(place: str, version: str) -> _Copy:
    """A copy of what was published, kept until another one is fetched."""
    from pyarrow import fs

    copy = _Copy()
    fs.copy_files(
        f"{place}/{version}",
        str(copy.folder),
        source_filesystem=_bucket(),
        destination_filesystem=fs.LocalFileSystem(),
    )
    return copy


@contextmanager
def _told(settings: Settings) -> Iterator[None]:
    """A store that is away or refuses is told in one line with the remedy."""
    try:
        yield
    except OSError as error:
        raise Fault(
            f"{settings.extra['feature_store_offline']} cannot be used "
            f"({' '.join(str(error).split())[:200]}); see that the object store runs and the bucket "
            "exists, and that AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
            "are right"
        ) from None


def _current(bucket: Any, place: str) -> str:
    """The version that counts; empty when there is none."""
    try:
        with bucket.open_input_stream(f"{place}/{CURRENT}") as stream:
            return str(stream.read().decode())
    except FileNotFoundError:
        return ""


def _bucket() -> Any:
    from pyarrow import fs

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    # Five seconds to reach it, so that one that is away is told soon.
    return fs.S3FileSystem(
        endpoint_override=endpoint,
        region=region or "us-east-1",
        connect_timeout=5,
        request_timeout=60,
    )


def _place(settings: Settings) -> str:
    """`bucket/prefix`; empty on a laptop."""
    return settings.extra.get("feature_store_offline", "").removeprefix("s3://").rstrip("/")
