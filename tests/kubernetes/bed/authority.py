"""A certificate authority for one cluster, and what it signs."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .faults import Fault

DAYS = "3650"
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """The cluster's own authority: nobody else's certificate is trusted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.own = self._pair("authority")

    def create(self) -> None:
        """Make the authority and the key that signs the tokens of service accounts."""
        self.folder.mkdir(mode=0o700)
        name = ("-subj", "/CN=ninefold-test-bed", "-days", DAYS)
        out = ("-keyout", str(self.own.key), "-out", str(self.own.certificate))
        _openssl("req", "-x509", *CURVE, *name, *out)
        _openssl("genrsa", "-out", str(self.tokens), "2048")

    @property
    def tokens(self) -> Path:
        """The key that signs the tokens of service accounts."""
        return self.folder / "tokens.key"

    def sign(self, user: str, group: str = "", names: Iterable[str] = ()) -> Pair:
        """A certificate for a user, or with names for a server."""
        pair = self._pair(user.replace(":", "-"))
        subject = (f"/O={group}" if group else "") + f"/CN={user}"
        alternative = ",".join(names)
        more = ("-addext", f"subjectAltName={alternative}") if alternative else ()
        usage = ("-addext", "extendedKeyUsage=clientAuth,serverAuth")
        signer = ("-CA", str(self.own.certificate), "-CAkey", str(self.own.key))
        out = ("-keyout", str(pair.key), "-out", str(pair.certificate), "-days", DAYS)
        plain = ("-addext", "basicConstraints=critical,CA:FALSE")
        _openssl("req", "-x509", *CURVE, "-subj", subject, *more, *usage, *plain, *signer, *out)
        return pair

    def _pair(self, name: str) -> Pair:
        return Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")


def _openssl(*arguments: str) -> None:
    done = subprocess.run(("openssl", *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fault(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
