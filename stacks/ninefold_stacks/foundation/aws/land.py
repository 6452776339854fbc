"""Where resources are made in AWS, and for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from ninefold_stacks.foundation.aws.sizes import SIZES, Size

# Regions whose names start so are apart from the others.
PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True)
class Land:
    """An account and a region; `parent` is the component whose resources are made.

    `protect` keeps what holds data from being deleted.
    """

    product: str
    environment: str
    size: Size
    account: str
    region: str
    parent: pulumi.Resource
    protect: bool

    @property
    def name(self) -> str:
        """The start of every name; at most 39 characters."""
        return f"{self.product}-{self.environment}"

    @property
    def partition(self) -> str:
        """The first part of every ARN after `arn`."""
        found = [name for start, name in PARTITIONS.items() if self.region.startswith(start)]
        return found[0] if found else "aws"

    def managed(self, policy: str) -> str:
        """The ARN of a policy that AWS keeps."""
        return f"arn:{self.partition}:iam::aws:policy/{policy}"

    def below(self, parent: pulumi.Resource) -> "Land":
        """The same place for the resources of another component."""
        return replace(self, parent=parent)

    def inside(self, *after: pulumi.Resource, data: bool = False) -> pulumi.ResourceOptions:
        """Options of a resource in here; what holds data outlives its stack and is protected."""
        kept = self.protect if data else None
        return pulumi.ResourceOptions(
            parent=self.parent, depends_on=list(after) or None, protect=kept, retain_on_delete=kept
        )


def land(config: Mapping[str, Any], parent: pulumi.Resource) -> Land:
    """The place that a checked configuration names; data are protected unless it says no."""
    return Land(
        product=config["product"],
        environment=config["environment"],
        size=SIZES[config["size"]],
        account=config["account"],
        region=config["region"],
        parent=parent,
        protect=config.get("protect", True),
    )


def provider(config: Mapping[str, Any]) -> aws.Provider:
    """The account that the configuration names, never the one whose credentials are at hand."""
    return aws.Provider(
        "cloud",
        region=config["region"],
        allowed_account_ids=[config["account"]],
        default_tags=aws.ProviderDefaultTagsArgs(tags=tags(config)),
    )


def tags(config: Mapping[str, Any]) -> dict[str, str]:
    """What stands on everything."""
    owners = config.get("owners", {})
    return {
        "product": config["product"],
        "environment": config["environment"],
        "owner": owners.get("devops-engineer", config["product"]),
        "managed-by": "pulumi",
    }
