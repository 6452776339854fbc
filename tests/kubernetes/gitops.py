"""A Git server and a delivery controller, for as long as a test needs them.

The controller is the real one, beside the cluster and not in it: it speaks to the API server, and
to a bare repository over HTTPS, whose certificate the cluster's own authority signed.
"""

import base64
import os
import secrets
import ssl
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import servers

from bed import build, pins
from bed.access import Access
from bed.api import Api
from registration import Object

NAMESPACE = "argocd"
GROUP = "argoproj.io/v1alpha1"
MANAGED = {"app.kubernetes.io/part-of": "argocd"}
ANSWER = 1 << 16  # bytes at a time
AUTHOR = ("-c", "user.name=A developer", "-c", "user.email=developer@example.org")


@dataclass(frozen=True)
class Checkout:
    """Somebody's copy of the repository; what is committed is pushed."""

    folder: Path

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ("git", *AUTHOR, *words), cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def push(self, message: str) -> str:
        """Commit all that changed; the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def revert(self, commits: int = 1) -> str:
        """Take the last commits back."""
        self.git("revert", "--no-edit", f"HEAD~{commits}..HEAD")
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def served(bare: Path, access: Access) -> Iterator[str]:
    """The address under which a bare repository can be fetched."""
    assert access.state
    pair = Api(access.state).authority.sign("git", names=["IP:127.0.0.1"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(str(pair.certificate), str(pair.key))

    def answer(environ: Any, start: Any) -> Iterable[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        known = {key: str(environ[key]) for key in environ if key.isupper() and key[0] in "CHPQRS"}
        told = {"GIT_PROJECT_ROOT": str(bare.parent), "GIT_HTTP_EXPORT_ALL": "1"}
        done = subprocess.run(
            ("git", "http-backend"),
            env={**os.environ, **known, **told},
            input=environ["wsgi.input"].read(size),
            capture_output=True,
            check=True,
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().splitlines()]
        said = {name: value for name, _, value in lines}
        status = said.pop("Status", "200 OK")
        start(status, list(said.items()))
        return [body]

    with make_server("127.0.0.1", 0, answer, handler_class=Quiet) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/{bare.name}"
        server.shutdown()
        thread.join()


def settings() -> list[Object]:
    """What the controller reads of itself."""
    kept = base64.b64encode(secrets.token_bytes(32)).decode()
    empty = ("argocd-rbac-cm", "argocd-gpg-keys-cm", "argocd-tls-certs-cm",
             "argocd-ssh-known-hosts-cm")  # fmt: skip
    maps: Object = {name: {} for name in empty} | {"argocd-cm": {"timeout.reconciliation": "10s"}}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        project("default"),
        *(_part("ConfigMap", name, data=data) for name, data in maps.items()),
        _part("Secret", "argocd-secret", data={"server.secretkey": kept}),
    ]


def _part(kind: str, name: str, **more: Any) -> Object:
    head = {"name": name, "namespace": NAMESPACE, "labels": MANAGED}
    return {"apiVersion": "v1", "kind": kind, "metadata": head, **more}


def project(name: str, *namespaces: str) -> Object:
    """A project that permits everything, as an installation's own does; to applications there."""
    every = [{"group": "*", "kind": "*"}]
    spec = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": every,
        "namespaceResourceWhitelist": every,
        "sourceNamespaces": list(namespaces),
    }
    return _part("AppProject", name, spec=spec) | {"apiVersion": GROUP}


def define(access: Access, kinds: Mapping[str, tuple[str, str]]) -> None:
    """Let the cluster know a controller's kinds."""
    for path in build.definitions(kinds).iterdir():
        # Kinds that nobody here makes take the server seconds.
        if path.stem.rpartition("-")[0] != "applicationset":
            access.kubectl("apply", "--server-side", f"--filename={path}")
    access.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")


@contextmanager
def controller(access: Access, folder: Path, namespaces: Iterable[str]) -> Iterator[None]:
    """It delivers, for the time of the block, also what applications in these namespaces ask for;
    what it says is below the folder.
    """
    build.provide([pins.DELIVERY])
    with ExitStack() as running:
        told = running.enter_context(servers.key_value(_folder(folder / "store"), folder))
        variables = _variables(access, folder, told["FEATURE_STORE_ONLINE_PASSWORD"])
        port, store = servers.free_port(), f"--redis={told['feature_store_online']}"
        parts = {
            "repo-server": _fetches(port),
            "application-controller": _applies(port, namespaces),
        }
        for name, options in parts.items():
            place = _folder(folder / name)
            command = (str(pins.DELIVERY.program("argocd")), store, "--loglevel=warn", *options)
            named = {**variables, "ARGOCD_BINARY_NAME": f"argocd-{name}"}
            running.enter_context(servers.running(command, place, named))
            if name == "repo-server":
                servers.wait_for(lambda: servers.listens(port), place)
        yield


def _fetches(port: int) -> tuple[str, ...]:
    """Options of what reads the repository."""
    return (
        f"--port={port}",
        f"--metrics-port={servers.free_port()}",
        "--address=127.0.0.1",
        "--metrics-address=127.0.0.1",
        "--disable-tls",
        "--client-ca-path=",
        "--revision-cache-expiration=3s",
    )


def _applies(port: int, namespaces: Iterable[str]) -> tuple[str, ...]:
    """Options of what applies it; it looks often, as a test waits for it."""
    return (
        f"--repo-server=127.0.0.1:{port}",
        f"--metrics-port={servers.free_port()}",
        f"--namespace={NAMESPACE}",
        f"--application-namespaces={','.join(namespaces)}",
        "--repo-server-plaintext",
        "--app-resync=5",
        "--app-resync-jitter=0",
        "--self-heal-timeout-seconds=1",
        "--repo-error-grace-period-seconds=1",  # what cannot be read is said at once
        "--status-processors=2",
        "--operation-processors=2",
        # Of each object, and not of all together: without metrics no autoscaler is healthy.
        "--persist-resource-health",
    )


def _variables(access: Access, folder: Path, password: str) -> dict[str, str]:
    assert access.state
    trusted = str(Api(access.state).authority.own.certificate)
    return {
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "ARGOCD_GPG_ENABLED": "false",
        "KUBECONFIG": str(access.kubeconfig),
        "REDIS_PASSWORD": password,
        "SSL_CERT_FILE": trusted,
        "GIT_SSL_CAINFO": trusted,
        "PATH": f"{_tools(folder)}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "TMPDIR": str(_folder(folder / "tmp")),
        **{
            f"ARGOCD_{name}_DATA_PATH": str(_folder(folder / name.lower()))
            for name in ("TLS", "SSH", "GPG")
        },
    }


def _tools(folder: Path) -> Path:
    """What it looks for on its path: the tree's reader, and a wrapper that it calls in any case."""
    place = _folder(folder / "tools")
    (place / "kustomize").symlink_to(pins.DELIVERY.program("kustomize"))
    wrapper = place / "git-verify-wrapper.sh"
    wrapper.write_text("#!/bin/sh\nexit 0\n", "utf-8")  # no commit is signed here
    wrapper.chmod(0o755)
    return place


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
