"""What the foundation asks of AWS, put to a stand-in of its interfaces through their own client.

The stand-in takes the same documents and evaluates who may do what, but for their conditions.
"""

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from servers import free_port, listens, running, tool, wait_for

from account import ACCOUNT, made, of
from registration import Object, Outcome

REGION = "eu-central-1"
BUCKET = f"flight-delays-prod-{ACCOUNT}"


@dataclass(frozen=True)
class Service:
    """The stand-in; whoever has no other credentials may do everything until `guard`."""

    address: str

    def client(self, name: str, credentials: Object | None = None) -> Any:
        given = credentials or {"AccessKeyId": "anybody", "SecretAccessKey": "anything"}
        return boto3.client(
            name,
            region_name=REGION,
            endpoint_url=self.address,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def guard(self, after: int) -> None:
        """From now on rights are looked at, after some more requests."""
        url, body = f"{self.address}/moto-api/reset-auth", str(after).encode()
        asked = urllib.request.Request(url, body, {"Content-Type": "text/plain"}, method="POST")
        urllib.request.urlopen(asked, timeout=30).close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder, port = tmp_path_factory.mktemp("services"), free_port()
    command = tool("moto", "moto[s3,server]", "moto_server", "-p", str(port))
    with running(command, folder, {"MOTO_ACCOUNT_ID": ACCOUNT}):
        wait_for(lambda: listens(port), folder)
        yield Service(f"http://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def asked() -> Outcome:
    return made()


def inputs(outcome: Outcome, kind: str, name: str = "") -> Object:
    (found,) = (one.inputs for one in of(outcome.registered, kind) if not name or one.name == name)
    return found


@pytest.fixture(scope="module")
def bucket(service: Service, asked: Outcome) -> str:
    """Made as it is asked for."""
    s3 = service.client("s3")
    name: str = inputs(asked, "Bucket")["bucket"]
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    block = inputs(asked, "BucketPublicAccessBlock")
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": block["blockPublicAcls"],
            "IgnorePublicAcls": block["ignorePublicAcls"],
            "BlockPublicPolicy": block["blockPublicPolicy"],
            "RestrictPublicBuckets": block["restrictPublicBuckets"],
        },
    )
    (rule,) = inputs(asked, "BucketServerSideEncryptionConfiguration")["rules"]
    by = rule["applyServerSideEncryptionByDefault"]
    encryption = {"SSEAlgorithm": by["sseAlgorithm"], "KMSMasterKeyID": by["kmsMasterKeyId"]}
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": encryption}]
        },
    )
    versions = inputs(asked, "BucketVersioning")["versioningConfiguration"]["status"]
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versions})
    return name


def test_the_bucket_takes_objects_and_keeps_what_is_overwritten(
    service: Service, bucket: str
) -> None:
    s3 = service.client("s3")
    for text in (b"first", b"second"):
        put = s3.put_object(Bucket=bucket, Key="features/current", Body=text)
        assert put["ServerSideEncryption"] == "aws:kms"
    versions = s3.list_object_versions(Bucket=bucket, Prefix="features/current")["Versions"]
    assert len(versions) == 2


def test_the_policy_of_the_bucket_is_accepted_and_refuses_in_clear(
    service: Service, asked: Outcome, bucket: str
) -> None:
    s3 = service.client("s3")
    document = inputs(asked, "BucketPolicy")["policy"]
    s3.put_bucket_policy(Bucket=bucket, Policy=document)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(document)
    s3.delete_bucket_policy(Bucket=bucket)


@pytest.fixture(scope="module")
def lent(service: Service, asked: Outcome, bucket: str) -> dict[str, Object]:
    """Credentials of each workload, from roles that were made of the documents."""
    iam, sts, s3 = (service.client(name) for name in ("iam", "sts", "s3"))
    for key in ("features/a", "registry/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"something")
    found = {}
    for name in asked.outputs["identities"]:
        role = inputs(asked, "Role", name)
        made_role = iam.create_role(
            RoleName=role["name"], AssumeRolePolicyDocument=role["assumeRolePolicy"]
        )
        document = inputs(asked, "RolePolicy", name)["policy"]
        iam.put_role_policy(RoleName=role["name"], PolicyName=name, PolicyDocument=document)
        found[name] = sts.assume_role_with_web_identity(
            RoleArn=made_role["Role"]["Arn"], RoleSessionName=name, WebIdentityToken="some"
        )["Credentials"]
    return found


@pytest.mark.parametrize(
    ("who", "may", "may_not"),
    [
        ("serving", ["get features/a"], ["put features/b", "get registry/a", "delete features/a"]),
        ("steps", ["get features/a", "put features/b"], ["get registry/a", "put registry/b"]),
        ("model-registry", ["get registry/a", "put registry/b"], ["get features/a"]),
    ],
)
def test_a_workload_may_do_what_it_needs_and_nothing_else(
    service: Service,
    bucket: str,
    lent: dict[str, Object],
    who: str,
    may: list[str],
    may_not: list[str],
) -> None:
    s3 = service.client("s3", lent[who])

    def does(what: str) -> None:
        verb, _, key = what.partition(" ")
        more = {"Body": b"else"} if verb == "put" else {}
        getattr(s3, f"{verb}_object")(Bucket=bucket, Key=key, **more)

    service.guard(0)
    try:
        for what in may:
            does(what)
        for what in may_not:
            with pytest.raises(ClientError, match="AccessDenied"):
                does(what)
    finally:
        service.guard(10**6)


def test_images_have_repositories_whose_tags_stay(service: Service, asked: Outcome) -> None:
    ecr = service.client("ecr")
    wanted = inputs(asked, "Repository", "training")
    (encryption,) = wanted["encryptionConfigurations"]
    name = wanted["name"]
    found = ecr.create_repository(
        repositoryName=name,
        imageTagMutability=wanted["imageTagMutability"],
        imageScanningConfiguration={
            "scanOnPush": wanted["imageScanningConfiguration"]["scanOnPush"]
        },
        encryptionConfiguration={
            "encryptionType": encryption["encryptionType"],
            "kmsKey": encryption["kmsKey"],
        },
    )["repository"]
    assert found["imageTagMutability"] == "IMMUTABLE"
    policy = inputs(asked, "LifecyclePolicy", "training")["policy"]
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=policy)
    for manifest, refused in (("one", False), ("two", True)):
        push = {"repositoryName": name, "imageTag": "1.0", "imageManifest": image(manifest)}
        if refused:
            with pytest.raises(ClientError, match="AlreadyExists"):
                ecr.put_image(**push)
        else:
            ecr.put_image(**push)


def image(what: str) -> str:
    """A manifest of an image with one layer."""
    kind = "application/vnd.docker"
    digest = f"sha256:{what.encode().hex():0>64}"
    config = {"mediaType": f"{kind}.container.image.v1+json", "size": 1, "digest": digest}
    layer = {"mediaType": f"{kind}.image.rootfs.diff.tar.gzip", "size": 1, "digest": digest}
    manifest = {"mediaType": f"{kind}.distribution.manifest.v2+json", "schemaVersion": 2}
    return json.dumps({**manifest, "config": config, "layers": [layer]})


def test_the_key_is_renewed(service: Service, asked: Outcome) -> None:
    kms = service.client("kms")
    wanted = inputs(asked, "Key")
    key = kms.create_key(Description=wanted["description"])["KeyMetadata"]["KeyId"]
    assert wanted["enableKeyRotation"]
    kms.enable_key_rotation(KeyId=key)
    kms.create_alias(AliasName=inputs(asked, "Alias")["name"], TargetKeyId=key)
    days = wanted["deletionWindowInDays"]
    gone = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days)["DeletionDate"]
    assert gone.timestamp() - time.time() > (days - 1) * 86400
