"""An account of AWS that only takes notes, and what must hold for all that is asked of it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pulumi
from pulumi.runtime import MockResourceArgs

from ninefold_stacks.foundation import targets

from registration import Answers, Object, Outcome, Program, Registered

ACCOUNT = "123456789012"
TOLD: Mapping[str, Any] = {
    "target": "aws",
    "product": "flight-delays",
    "environment": "prod",
    "size": "small",
    "account": ACCOUNT,
    "region": "eu-central-1",
    "owners": {"devops-engineer": "@team/devops"},
    "images": "training,serving",
}
WORDS = {
    f"passwords:{name}": f"word_of_{name}"
    for name in ("key_value", "database", "database_registry", "database_features")
}
# What the account knows of what it made, by kind.
KNOWN: Mapping[str, Object] = {
    "Cluster": {
        "endpoint": "https://cluster.example.org",
        "certificateAuthority": {"data": "QXV0aG9yaXR5"},
        "identities": [{"oidcs": [{"issuer": "https://issuer.example.org/id/1"}]}],
    },
    "Instance": {"address": "database.example.org"},
    "ReplicationGroup": {"primaryEndpointAddress": "keys.example.org"},
    "LaunchTemplate": {"latestVersion": 3},
    "Key": {"keyId": "some-key"},
}


class Cloud(Answers):
    """Agrees to everything, and gives each resource the ARN that it would have."""

    def made(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if not args.typ.startswith("aws:"):
            return super().made(args)
        kind = args.typ.rpartition(":")[2]
        known = {"arn": arn(kind, args.name, args.inputs), **KNOWN.get(kind, {})}
        if kind == "Cluster":
            known["vpcConfig"] = {**args.inputs["vpcConfig"], "clusterSecurityGroupId": "members"}
        if kind == "Repository":
            known["repositoryUrl"] = f"{ACCOUNT}.example.org/{args.inputs['name']}"
        return f"{args.name}-id", {**args.inputs, **known}


def arn(kind: str, name: str, inputs: Object) -> str:
    """As the service would name it."""
    if kind == "Bucket":
        return f"arn:aws:s3:::{inputs['bucket']}"
    services = {"Key": "kms", "Role": "iam", "FileSystem": "elasticfilesystem"}
    return f"arn:aws:{services.get(kind, 'any')}:eu-central-1:{ACCOUNT}:{kind.lower()}/{name}"


def made(told: Mapping[str, Any] | None = None, **words: str) -> Outcome:
    """What the foundation registers when it is told more; None takes a key away."""

    def program() -> None:
        for name, value in targets.provision().items():
            pulumi.export(name, value)

    config = {key: one for key, one in {**TOLD, **(told or {})}.items() if one is not None}
    project = "flight-delays-foundation"
    return Program(program, project, "prod", config, {**WORDS, **words}).run(Cloud())


def of(registered: Iterable[Registered], kind: str) -> list[Registered]:
    """Those of a kind that the account keeps."""
    return [one for one in registered if one.type.startswith("aws:") and one.kind == kind]


World = tuple[Registered, ...]
Rule = Callable[[World], Iterable[str]]
RULES: dict[str, Rule] = {}
HOLD_DATA = ("Bucket", "Instance", "ReplicationGroup", "FileSystem", "Repository", "Key", "Cluster")
# Policies that AWS keeps for its own add-ons and nodes; whatever else is attached is ours to write.
MANAGED = (
    "AmazonEKSClusterPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKS_CNI_Policy",
    "service-role/AmazonEBSCSIDriverPolicy",
    "service-role/AmazonEFSCSIDriverPolicy",
)


def rule(function: Rule) -> Rule:
    """Make it one of the rules, by its name as a sentence."""
    RULES[function.__name__.replace("_", " ")] = function
    return function


def broken(world: World) -> dict[str, list[str]]:
    """Of each broken rule the sentences."""
    found = {name: list(function(world)) for name, function in RULES.items()}
    return {name: sentences for name, sentences in found.items() if sentences}


@rule
def what_rests_is_encrypted_by_our_key(world: World) -> Iterator[str]:
    wanted = {
        "Instance": ("storageEncrypted", "kmsKeyId"),
        "ReplicationGroup": ("atRestEncryptionEnabled", "kmsKeyId"),
        "FileSystem": ("encrypted", "kmsKeyId"),
        "Cluster": ("encryptionConfig",),
        "Repository": ("encryptionConfigurations",),
    }
    for kind, keys in wanted.items():
        for one in of(world, kind):
            yield from (f"{one}: no {key}" for key in keys if not one.inputs.get(key))
    encrypted = of(world, "BucketServerSideEncryptionConfiguration")
    for one in of(world, "Bucket"):
        rules = [rule for each in encrypted for rule in each.inputs["rules"]]
        by = [rule.get("applyServerSideEncryptionByDefault", {}) for rule in rules]
        if not any(each.get("kmsMasterKeyId") for each in by):
            yield f"{one}: not encrypted by a key of ours"
    for one in of(world, "LaunchTemplate"):
        disks = one.inputs.get("blockDeviceMappings", [])
        if not disks or any(disk["ebs"].get("encrypted") != "true" for disk in disks):
            yield f"{one}: a disk in clear"
    for one in (each for each in world if each.kind == "StorageClass"):
        if one.inputs["provisioner"].startswith("ebs.") and (
            one.inputs["parameters"].get("encrypted") != "true"
        ):
            yield f"{one}: disks in clear"
    for one in of(world, "Key"):
        if not one.inputs.get("enableKeyRotation"):
            yield f"{one}: is never renewed"


@rule
def what_travels_is_encrypted(world: World) -> Iterator[str]:
    parameters = {
        each["name"]: each["value"]
        for one in of(world, "ParameterGroup")
        for each in one.inputs["parameters"]
    }
    if parameters.get("rds.force_ssl") != "1":
        yield "the database answers in clear"
    for one in of(world, "ReplicationGroup"):
        if not one.inputs.get("transitEncryptionEnabled") or not one.inputs.get("authToken"):
            yield f"{one}: answers in clear, or anybody"
    for kind in ("BucketPolicy", "FileSystemPolicy"):
        if not of(world, kind):
            yield f"no {kind}"
        for one in of(world, kind):
            refused = [each for each in statements(one, "policy") if each["Effect"] == "Deny"]
            secure = {"Bool": {"aws:SecureTransport": "false"}}
            if not any(each.get("Condition") == secure for each in refused):
                yield f"{one}: lets requests in clear through"


@rule
def nothing_is_public(world: World) -> Iterator[str]:
    blocks = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    for one in of(world, "Bucket"):
        closed = [
            each
            for each in of(world, "BucketPublicAccessBlock")
            if each.inputs["bucket"] == f"{one.name}-id"
        ]
        if not any(all(each.inputs.get(key) for key in blocks) for each in closed):
            yield f"{one}: can be made public"
    for one in of(world, "Instance"):
        if one.inputs.get("publiclyAccessible") is not False:
            yield f"{one}: public"
    for one in of(world, "Subnet"):
        if one.inputs.get("mapPublicIpOnLaunch") is not False:
            yield f"{one}: gives public addresses"
    for one in of(world, "Cluster"):
        network = one.inputs["vpcConfig"]
        ranges = network.get("publicAccessCidrs", [])
        if network.get("endpointPublicAccess") and (not ranges or _wide(ranges)):
            yield f"{one}: its API is open to everybody"
        if not network.get("endpointPrivateAccess"):
            yield f"{one}: its nodes leave the network to reach it"
    for one in of(world, "SecurityGroup"):
        for entry in one.inputs.get("ingress", []):
            if _wide(entry.get("cidrBlocks", [])):
                yield f"{one}: open to everybody"


def _wide(ranges: Iterable[str]) -> bool:
    return any(int(one.rpartition("/")[2]) < 8 for one in ranges)


@rule
def data_are_kept(world: World) -> Iterator[str]:
    for kind in HOLD_DATA:
        for one in of(world, kind):
            if not (one.protect and one.retain):
                yield f"{one}: goes with its stack"
    for kind in ("Instance", "Cluster"):
        for one in of(world, kind):
            if not one.inputs.get("deletionProtection"):
                yield f"{one}: can be deleted"
    for one in of(world, "Instance"):
        if not one.inputs.get("backupRetentionPeriod") or one.inputs.get("skipFinalSnapshot"):
            yield f"{one}: no backups"
    for one in of(world, "ReplicationGroup"):
        if not one.inputs.get("snapshotRetentionLimit"):
            yield f"{one}: no backups"
    if of(world, "Bucket") and not any(
        one.inputs["versioningConfiguration"]["status"] == "Enabled"
        for one in of(world, "BucketVersioning")
    ):
        yield "the bucket: what is overwritten is lost"
    for key, kind in (("forceDestroy", "Bucket"), ("forceDelete", "Repository")):
        yield from (f"{one}: {key}" for one in of(world, kind) if one.inputs.get(key))


@rule
def nobody_may_do_everything(world: World) -> Iterator[str]:
    for one in of(world, "RolePolicy"):
        for each in statements(one, "policy"):
            if any(action == "*" or action.endswith(":*") for action in _list(each["Action"])):
                yield f"{one}: every action"
            if each["Effect"] == "Allow" and "*" in _list(each["Resource"]):
                yield f"{one}: every resource"
    for one in of(world, "RolePolicyAttachment"):
        if not one.inputs["policyArn"].endswith(MANAGED):
            yield f"{one}: {one.inputs['policyArn']}"
    for one in of(world, "Role"):
        yield from _trusts(one)


def _trusts(role: Registered) -> Iterator[str]:
    for each in statements(role, "assumeRolePolicy"):
        who = each["Principal"]
        if who == "*" or "AWS" in who:
            yield f"{role}: anybody takes it on"
        if "Federated" in who:
            names = {key.rpartition(":")[2]: one for key, one in _equal(each).items()}
            subject = str(names.get("sub", "*"))
            if "*" in subject or names.get("aud") != "sts.amazonaws.com":
                yield f"{role}: any service account takes it on"


def _equal(statement: Object) -> Object:
    found: Object = statement.get("Condition", {}).get("StringEquals", {})
    return found


@rule
def images_stay_and_are_looked_through(world: World) -> Iterator[str]:
    for one in of(world, "Repository"):
        if one.inputs.get("imageTagMutability") != "IMMUTABLE":
            yield f"{one}: a tag can be moved"
        if not one.inputs.get("imageScanningConfiguration", {}).get("scanOnPush"):
            yield f"{one}: nobody looks through it"


@rule
def no_pod_becomes_its_node(world: World) -> Iterator[str]:
    for one in of(world, "LaunchTemplate"):
        options = one.inputs.get("metadataOptions", {})
        if options.get("httpTokens") != "required" or options.get("httpPutResponseHopLimit") != 1:
            yield f"{one}: a pod can ask for the node's credentials"


@rule
def everything_is_in_the_account_that_was_named(world: World) -> Iterator[str]:
    (provider,) = (one for one in world if one.type == "pulumi:providers:aws")
    if json.loads(provider.inputs["allowedAccountIds"]) != [ACCOUNT]:
        yield "another account would do"
    tags = json.loads(provider.inputs["defaultTags"])["tags"]
    missing = {"product", "environment", "owner"} - tags.keys()
    yield from (f"no tag {one}" for one in sorted(missing))
    for one in world:
        if one.type.startswith("aws:") and "::cloud::" not in one.provider:
            yield f"{one}: by whatever credentials are at hand"


@rule
def a_password_is_where_it_is_used(world: World) -> Iterator[str]:
    allowed = {"Instance": {("password",)}, "ReplicationGroup": {("authToken",)}}
    spelled = [form for word in WORDS.values() for form in (word, word.replace("_", "-"))]
    for one in world:
        hidden = one.hidden if one.kind != "Secret" else frozenset()
        if not hidden <= allowed.get(one.kind, set()):
            yield f"{one}: a secret at {sorted(hidden)}"
        if one.kind == "Secret":
            continue
        clear = {key: value for key, value in one.inputs.items() if (key,) not in one.hidden}
        if any(word in json.dumps(clear) for word in spelled):
            yield f"{one}: a password in clear"


def statements(one: Registered, key: str) -> list[Object]:
    """The statements of a policy document."""
    found: list[Object] = json.loads(one.inputs[key])["Statement"]
    return found


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
