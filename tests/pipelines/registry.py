"""An image registry on loopback that asks for a password, and an engine that knows it."""

import base64
import json
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import programs
import servers

from bed import builder
from bed.authority import Authority
from bed.places import IMAGES
from rendering import surroundings

PROGRAM = "github.com/distribution/distribution/v3/cmd/registry@v3.0.0"
USER, PASSWORD = "robot", "not-for-the-log-7f3a"
# The password as the registry keeps it, made with `htpasswd -nbB`.
HASHED = "$2b$05$abcdefghijklmnopqrstuukskXQdg4kwy2x32jqrRR9gBrZnk0rja"
BUNDLE = "ca-certificates.crt"
# The engine, with the base image that the machine has in place of the published one.
ENGINE = """\
#!/bin/sh
case $1 in build) shift; exec {program} build --build-arg={base} "$@" ;; esac
exec {program} "$@"
"""
KINDS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass(frozen=True)
class Registry:
    """Where it listens, and its folder."""

    port: int
    folder: Path

    @property
    def host(self) -> str:
        """What the name of an image begins with."""
        return f"127.0.0.1:{self.port}"

    @property
    def authority(self) -> Authority:
        """Who signed its certificate."""
        return Authority(self.folder / "authority")

    def digest(self, image: str, tag: str) -> str | None:
        """The digest of a manifest that was pushed, or None."""
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        asked = urllib.request.Request(
            f"https://{self.host}/v2/{image}/manifests/{tag}",
            headers={"Authorization": f"Basic {basic}", "Accept": ", ".join(KINDS)},
        )
        try:
            context = ssl.create_default_context(cafile=str(self.authority.own.certificate))
            with urllib.request.urlopen(asked, timeout=30, context=context) as response:
                assert json.load(response)["layers"]
                return str(response.headers["Docker-Content-Digest"])
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def settings(self) -> Mapping[str, str]:
        """Variables with which a runner's engine builds here, and pushes to it."""
        files = {
            "storage.conf": "[storage]\n"
            'driver = "overlay"\n'
            f'graphroot = "{IMAGES / "storage"}"\nrunroot = "{IMAGES / "running"}"\n',
            # What a build needs to reach the package indexes is lent to it.
            "containers.conf": f"[containers]\nvolumes = {json.dumps(builder.lent(self.folder))}\n",
            "auth.json": "{}",
            "registries.conf": "",
            # A company's runner trusts the company's own authority beside what all trust.
            "trusted.pem": "".join(
                one.read_text(encoding="utf-8")
                for one in (builder.CERTIFICATES / BUNDLE, self.authority.own.certificate)
            ),
        }
        for name, content in files.items():
            (self.folder / name).write_text(content, encoding="utf-8")
        engine = self.folder / "buildah"
        program = shutil.which("buildah")
        engine.write_text(ENGINE.format(program=program, base=builder.BASE), "utf-8")
        engine.chmod(0o755)
        return {
            "CONTAINER": str(engine),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
            "REGISTRY_AUTH_FILE": str(self.folder / "auth.json"),
            "SSL_CERT_FILE": str(self.folder / "trusted.pem"),
            "BUILDAH_ISOLATION": "chroot",
            "BUILDAH_LAYERS": "true",
        }

    def start_once(self, name: str, *command: str) -> str:
        """Pull an image and run a command in it; what it says."""
        known = {**surroundings(), **self.settings()}

        def buildah(*words: str) -> str:
            done = subprocess.run(
                ["buildah", *words], env=known, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()

        credentials = f"--creds={USER}:{PASSWORD}"
        container = buildah("from", "--quiet", "--pull-always", credentials, name)
        try:
            return buildah("run", container, *command)
        finally:
            buildah("rm", container)

    def forget(self) -> None:
        """Take the names of what was pushed away; what was built makes the next run quick."""
        known = {**surroundings(), **self.settings()}
        done = subprocess.run(
            ["buildah", "images", "--json"], env=known, capture_output=True, text=True, check=True
        )
        for one in json.loads(done.stdout) or ():
            for name in one.get("names") or ():
                if name.startswith(f"{self.host}/"):
                    subprocess.run(
                        ["buildah", "rmi", name], env=known, capture_output=True, check=False
                    )


@contextmanager
def running(folder: Path) -> Iterator[Registry]:
    """A registry without images."""
    program = programs.go(PROGRAM)
    assert program, "the registry is built with Go; install it, then try again"
    registry = Registry(servers.free_port(), folder)
    (folder / "passwords").write_text(f"{USER}:{HASHED}\n", encoding="utf-8")
    registry.authority.create()
    pair = registry.authority.sign("registry", names=["IP:127.0.0.1"])
    document = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "blobs")}},
        "http": {
            "addr": registry.host,
            "tls": {"certificate": str(pair.certificate), "key": str(pair.key)},
        },
        "auth": {"htpasswd": {"realm": "images", "path": str(folder / "passwords")}},
    }
    (folder / "registry.yml").write_text(json.dumps(document), encoding="utf-8")
    with servers.running([str(program), "serve", "registry.yml"], folder, {}):
        servers.wait_for(lambda: servers.listens(registry.port), folder)
        try:
            yield registry
        finally:
            registry.forget()
