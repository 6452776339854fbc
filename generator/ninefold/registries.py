"""Registries of images, asked without an account for the digest that a tag stands for."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPMessage
from typing import Final

from ninefold.errors import NinefoldError

SECONDS: Final = 30
# The name by which images are called is not that of the machine that has them.
MACHINES: Final = {"docker.io": "https://registry-1.docker.io"}
# The index of all platforms first: a digest of one platform fits no other.
KINDS: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def digest(image: str, tag: str, mirrors: Mapping[str, str]) -> str:
    """What a tag stands for at the registry of the image, or at the mirror named for it."""
    host, _, name = image.partition("/")
    base = mirrors.get(host) or MACHINES.get(host) or f"https://{host}"
    address = f"{base}/v2/{name}/manifests/{tag}"
    try:
        headers = _head(address, name)
    except urllib.error.HTTPError as error:
        raise NinefoldError(f"{address} answers {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:
        raise NinefoldError(f"{base} does not answer for {image}: {error}") from error
    found = str(headers.get("Docker-Content-Digest", ""))
    if not DIGEST.fullmatch(found):
        raise NinefoldError(f"{address} answers without a digest")
    return found


def _head(address: str, name: str) -> HTTPMessage:
    try:
        return _answered(address, {})
    except urllib.error.HTTPError as error:
        challenge = str(error.headers.get("WWW-Authenticate", ""))
        if error.code != 401 or not challenge.lower().startswith("bearer "):
            raise
    return _answered(address, {"Authorization": f"Bearer {_token(challenge, name)}"})


def _answered(address: str, more: Mapping[str, str]) -> HTTPMessage:
    asked = urllib.request.Request(  # noqa: S310 - http only where somebody names such a mirror
        address, method="HEAD", headers={"Accept": ", ".join(KINDS), **more}
    )
    with urllib.request.urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310
        headers: HTTPMessage = answer.headers
        return headers


def _token(challenge: str, name: str) -> str:
    """A token that anybody gets, which may read this one image."""
    said = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    asked = {"service": said.get("service", ""), "scope": f"repository:{name}:pull"}
    address = f"{said.get('realm', '')}?{urllib.parse.urlencode(asked)}"
    with urllib.request.urlopen(address, timeout=SECONDS) as answer:  # noqa: S310
        found = json.load(answer)
    return str(found.get("token") or found.get("access_token") or "")
