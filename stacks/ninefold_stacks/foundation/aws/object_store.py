"""The object store: one bucket that only encrypted requests of the account may reach."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_aws as aws
from pulumi_aws.s3 import (
    BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs as Abandoned,
)
from pulumi_aws.s3 import (
    BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs as Expiration,
)
from pulumi_aws.s3 import (
    BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs as ByDefault,
)

from ninefold_stacks.capabilities import ObjectStore
from ninefold_stacks.foundation.aws.documents import document, without_tls
from ninefold_stacks.foundation.aws.land import Land
from ninefold_stacks.foundation.aws.network import HTTPS

TYPE: Final = "ninefold:aws:ObjectStore"
VERSIONS_DAYS: Final = 30


class Objects(pulumi.ComponentResource):
    """The product's bucket in an environment."""

    def __init__(self, config: Mapping[str, Any], land: Land, key: aws.kms.Key) -> None:
        super().__init__(TYPE, "objects", {}, pulumi.ResourceOptions(parent=land.parent))
        self.land = land.below(self)
        # Names of buckets are the whole world's.
        bucket = aws.s3.Bucket(
            "objects",
            bucket=f"{land.name}-{land.account}",
            force_destroy=False,
            opts=self.land.inside(data=True),
        )
        self.name = bucket.bucket
        self.arn = bucket.arn
        self._private(bucket)
        self._kept(bucket, key, config.get("versions_days", VERSIONS_DAYS))
        self.register_outputs({"bucket": self.name})

    def offered(self) -> ObjectStore:
        """As every foundation offers it; no Secret: the workload's identity opens the bucket."""
        return ObjectStore(
            endpoint="", region=self.land.region, bucket=self.name, secret="", port=str(HTTPS)
        )

    def _private(self, bucket: aws.s3.Bucket) -> None:
        block = aws.s3.BucketPublicAccessBlock(
            "objects",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.land.inside(),
        )
        aws.s3.BucketOwnershipControls(
            "objects",
            bucket=bucket.id,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=self.land.inside(),
        )
        everything = [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")]
        aws.s3.BucketPolicy(
            "objects",
            bucket=bucket.id,
            policy=document(without_tls("s3:*", everything)),
            # Two changes at once to what is public are refused.
            opts=self.land.inside(block),
        )

    def _kept(self, bucket: aws.s3.Bucket, key: aws.kms.Key, days: int) -> None:
        by_key = ByDefault(sse_algorithm="aws:kms", kms_master_key_id=key.arn)
        aws.s3.BucketServerSideEncryptionConfiguration(
            "objects",
            bucket=bucket.id,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=by_key, bucket_key_enabled=True
                )
            ],
            opts=self.land.inside(),
        )
        versions = aws.s3.BucketVersioning(
            "objects",
            bucket=bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
                status="Enabled"
            ),
            opts=self.land.inside(),
        )
        rule = aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="what-was-overwritten",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            noncurrent_version_expiration=Expiration(noncurrent_days=days),
            abort_incomplete_multipart_upload=Abandoned(days_after_initiation=7),
        )
        aws.s3.BucketLifecycleConfiguration(
            "objects", bucket=bucket.id, rules=[rule], opts=self.land.inside(versions)
        )
