"""The object store as a pod: a gateway in front of a folder, where each bucket is a folder."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from ninefold_stacks.capabilities import ObjectStore
from ninefold_stacks.foundation.kubernetes import pieces
from ninefold_stacks.foundation.kubernetes.site import Site
from ninefold_stacks.foundation.kubernetes.stores.defaults import Share, image, share
from ninefold_stacks.foundation.kubernetes.workload import Amount, Part, SecretKey, pod

NAME = "object-store"
PORT = 7070
REGION = "us-east-1"
DATA = "/data/objects"
HEALTH = "/health"


def object_store(
    site: Site, config: Mapping[str, Any], password: pulumi.Output[str]
) -> ObjectStore:
    """Make it, with the product's bucket."""
    bucket = config.get("bucket", site.product)
    region = config.get("region", REGION)
    amounts = share("object_store", site.size, config)
    secret = site.secret(
        NAME, {"AWS_ACCESS_KEY_ID": site.product, "AWS_SECRET_ACCESS_KEY": password}
    )
    data = site.volume(NAME, amounts.storage)
    named = image("object_store", config)
    site.stateful(
        NAME,
        pod(
            [_server(named, amounts, region, secret)],
            before=[_bucket(named, bucket)],
            volumes=[pieces.kept("data", data), pieces.scratch("tmp")],
        ),
    )
    site.service(NAME, {"http": PORT})
    return ObjectStore(
        peer=NAME,
        endpoint=f"http://{NAME}:{PORT}",
        region=region,
        bucket=bucket,
        secret=NAME,
        port=str(PORT),
    )


def _bucket(named: str, bucket: str) -> Part:
    """A folder is a bucket; that of the product is there before anyone can ask for it."""
    return Part(
        name="bucket",
        image=named,
        amount=Amount("50m", "32Mi"),
        command=["mkdir", "-p", f"{DATA}/{bucket}"],
        mounts={"data": "/data"},
    )


def _server(named: str, amounts: Share, region: str, secret: Secret) -> Part:
    return Part(
        name="server",
        image=named,
        amount=amounts.amount(),
        arguments=["posix", DATA],
        settings={"VGW_PORT": f":{PORT}", "VGW_REGION": region, "VGW_HEALTH": HEALTH},
        secrets={
            "ROOT_ACCESS_KEY_ID": SecretKey(secret.metadata.name, "AWS_ACCESS_KEY_ID"),
            "ROOT_SECRET_ACCESS_KEY": SecretKey(secret.metadata.name, "AWS_SECRET_ACCESS_KEY"),
        },
        ports={"http": PORT},
        mounts={"data": "/data", "tmp": "/tmp"},  # noqa: S108, its own
        ready=pieces.answered(HEALTH, port=PORT),
        alive=pieces.answered(HEALTH, port=PORT, failures=6),
        started=pieces.answered(HEALTH, port=PORT, every=2, failures=60),
    )
