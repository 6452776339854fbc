"""The file with which a client reaches the cluster and says who it is."""

import base64
from pathlib import Path

import yaml

from .authority import Authority, Pair


def write(path: Path, server: str, authority: Authority, user: Pair, name: str) -> None:
    """Write it with all certificates inside, readable by its owner only."""
    cluster = {
        "server": server,
        "certificate-authority-data": _encoded(authority.own.certificate),
    }
    identity = {
        "client-certificate-data": _encoded(user.certificate),
        "client-key-data": _encoded(user.key),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": user.certificate.stem, "user": identity}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": user.certificate.stem}},
        ],
        "current-context": name,
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
