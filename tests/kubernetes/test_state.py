"""The real engine with a state that a team shares: an object store, and secrets of a key service.

Runs where the engine is on PATH. Both are moto's, so that all of the way is gone but the provider.
"""

import json
import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from servers import object_store

from bed.access import Access
from engine import ENVIRONMENT, Platform, kill, repository, waiting
from rendering import Family
from standin import kubelet

BUCKET = "conformance"
LOCKED = "the stack is currently locked"


@dataclass(frozen=True)
class Store:
    """A bucket, and what is in it."""

    address: str

    def texts(self) -> dict[str, str]:
        """Every object by its name."""
        listed = ElementTree.fromstring(self._read(f"{BUCKET}?list-type=2"))
        names = [one.text or "" for one in listed.iter() if one.tag.endswith("}Key")]
        return {name: self._read(f"{BUCKET}/{name}") for name in names}

    def key(self) -> str:
        """A new key of the key service."""
        asked = urllib.request.Request(f"{self.address}/", data=b"{}")
        asked.add_header("X-Amz-Target", "TrentService.CreateKey")
        asked.add_header("Content-Type", "application/x-amz-json-1.1")
        return str(json.loads(_answer(asked, "kms"))["KeyMetadata"]["KeyId"])

    def _read(self, path: str) -> str:
        return _answer(urllib.request.Request(f"{self.address}/{path}"), "s3")


def _answer(asked: urllib.request.Request, service: str) -> str:
    """Anybody may ask, but has to say who he is."""
    scope = f"Credential=anybody/20260101/us-east-1/{service}/aws4_request"
    asked.add_header("Authorization", f"AWS4-HMAC-SHA256 {scope}")
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    with object_store(folder, folder) as variables, pytest.MonkeyPatch.context() as patch:
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED")
        for name in names:
            patch.setenv(name, variables[name])
        yield Store(variables["AWS_ENDPOINT_URL_S3"])


@pytest.fixture(scope="module")
def platform(
    api: Access, family: Family, store: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    one = repository(
        *(api, family, tmp_path_factory.mktemp("shared") / "platform"),
        shared=True,
        AWS_ENDPOINT_URL_KMS=store.address,
        AWS_REGION="us-east-1",
        FLIGHT_DELAYS_SECRETS_PROVIDER=f"awskms:///{store.key()}?region=us-east-1",
    )
    query = f"region=us-east-1&endpoint={store.address}&s3ForcePathStyle=true"
    for program in ("foundation", "platform"):
        path = one.folder / program / "Pulumi.yaml"
        text = path.read_text("utf-8")
        backend = {"backend": {"url": f"s3://{BUCKET}?{query}"}}
        path.write_text(f"{text}{yaml.safe_dump(backend)}", "utf-8")
    yield one
    one.try_(*one.verb("destroy"))
    api.kubectl.try_("delete", "persistentvolumes", "--selector=standin", "--wait=false")


def test_two_at_once_are_refused(platform: Platform, store: Store) -> None:
    with kubelet(platform.access.kubectl, platform.namespace, idle=("database",)):
        first = platform.start(*platform.verb("up"))
        try:
            waiting(lambda: f"namespace/{platform.namespace}" in platform.objects(), first)
            second = platform.try_(*platform.verb("up"))
        finally:
            kill(first)
    assert second.returncode
    assert LOCKED in second.stdout
    assert "pulumi cancel" in second.stdout
    platform("pulumi", "cancel", "--cwd", "foundation", "--stack", ENVIRONMENT)
    assert not any("/locks/" in name for name in store.texts())


def test_the_state_is_in_the_bucket_and_no_secret_in_clear(
    platform: Platform, store: Store
) -> None:
    with kubelet(platform.access.kubectl, platform.namespace):
        platform(*platform.verb("up"))
    hidden = platform.passwords("foundation")
    assert len(hidden) > 2
    texts = store.texts()
    assert any(name.endswith(f"{ENVIRONMENT}.json") for name in texts)
    assert not [name for name, text in texts.items() if any(one in text for one in hidden)]
    (copied, *_) = sorted((platform.folder / "exports").glob("*.json"), key=os.path.getmtime)[::-1]
    assert not any(one in copied.read_text("utf-8") for one in hidden)
    assert not list((platform.folder / ".state").rglob("*.json"))
    assert any("kubernetes:core/v1:Secret" in one["type"] for one in platform.exported())


def test_a_colleague_needs_nothing_but_the_repository_and_the_right_to_the_key(
    platform: Platform, tmp_path: Path
) -> None:
    file = platform.folder / "foundation" / f"Pulumi.{ENVIRONMENT}.yaml"
    assert yaml.safe_load(file.read_text("utf-8"))["secretsprovider"].startswith("awskms://")
    alone = {"FLIGHT_DELAYS_SECRETS_PROVIDER", "PULUMI_CONFIG_PASSPHRASE"}
    left = {name: one for name, one in platform.variables().items() if name not in alone}
    command = ("env", "-i", *(f"{name}={one}" for name, one in left.items()))
    same = (*platform.verb("preview"), "--", "--expect-no-changes")
    platform(*command, *same)
