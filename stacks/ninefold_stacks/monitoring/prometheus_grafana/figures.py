"""What the loop's steps came to, told by the monitoring repository's own image from the records."""

from typing import Final

from pulumi_kubernetes.core.v1 import (
    ConfigMapEnvSourceArgs,
    EnvFromSourceArgs,
    PersistentVolumeClaimVolumeSourceArgs,
    VolumeArgs,
)

from ninefold_stacks.foundation.kubernetes import pieces
from ninefold_stacks.foundation.kubernetes.site import Site
from ninefold_stacks.foundation.kubernetes.workload import Amount, Part, pod

NAME: Final = "figures"
ROLE: Final = "monitoring"
# Where it listens; the rendered repository says so (`telling` in metrics.jinja).
PORT: Final = 9101
AMOUNT: Final = Amount("20m", "64Mi", cpu_limit="200m", memory_limit="128Mi")
HEALTH: Final = "/health"


def figures(site: Site, image: str) -> None:
    """The pod that reads the records in the volume that the steps share."""
    package = f"{site.product}-{ROLE}".replace("-", "_")
    part = Part(
        name="figures",
        image=image,
        amount=AMOUNT,
        command=("python", "-m", f"{package}.figures"),
        arguments=("--host=0.0.0.0", f"--port={PORT}"),
        settings={"HOME": "/tmp"},  # noqa: S108 - a volume of the pod's own
        ports={"metrics": PORT},
        mounts={"tmp": "/tmp", "state": f"/var/lib/{site.product}"},  # noqa: S108
        ready=pieces.answered(HEALTH, port="metrics", every=5),
        alive=pieces.answered(HEALTH, port="metrics", every=20),
    )
    claim = PersistentVolumeClaimVolumeSourceArgs(claim_name="state")
    volumes = [pieces.scratch("tmp"), VolumeArgs(name="state", persistent_volume_claim=claim)]
    pods = pod([part], volumes=volumes)
    (container,) = list(pods.containers)  # type: ignore[arg-type]
    container.env_from = [EnvFromSourceArgs(config_map_ref=ConfigMapEnvSourceArgs(name="settings"))]
    site.deployment(NAME, pods)
