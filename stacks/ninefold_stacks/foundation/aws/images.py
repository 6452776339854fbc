"""Repositories of the product's images: a tag never moves, and every image is looked through."""

import json
from typing import Final

import pulumi
import pulumi_aws as aws

from ninefold_stacks.foundation.aws.land import Land

TYPE: Final = "ninefold:aws:Images"
UNTAGGED_DAYS: Final = 14


class Images(pulumi.ComponentResource):
    """One repository for each name."""

    def __init__(self, names: str, land: Land, key: aws.kms.Key) -> None:
        super().__init__(TYPE, "images", {}, pulumi.ResourceOptions(parent=land.parent))
        self.land = land.below(self)
        self.key = key
        self.addresses = {
            name: self._repository(name) for name in dict.fromkeys(filter(None, names.split(",")))
        }
        self.register_outputs(dict(self.addresses))

    def _repository(self, name: str) -> pulumi.Output[str]:
        made = aws.ecr.Repository(
            name,
            name=f"{self.land.name}/{name}",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(
                scan_on_push=True
            ),
            encryption_configurations=[
                aws.ecr.RepositoryEncryptionConfigurationArgs(
                    encryption_type="KMS", kms_key=self.key.arn
                )
            ],
            force_delete=False,
            opts=self.land.inside(data=True),
        )
        aws.ecr.LifecyclePolicy(
            name, repository=made.name, policy=json.dumps(UNTAGGED), opts=self.land.inside()
        )
        return made.repository_url


# What has a tag is kept: a release that names it may be taken back at any time.
UNTAGGED: Final = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "layers that no tag names",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            },
            "action": {"type": "expire"},
        }
    ]
}
