"""The foundation in AWS under mocks: every option, every rule, and every value that is refused."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from ninefold_stacks.capabilities import CONSUMERS
from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.foundation import targets
from ninefold_stacks.foundation.aws.access import kubeconfig
from ninefold_stacks.foundation.aws.form import Outputs
from ninefold_stacks.foundation.aws.sizes import SIZES
from ninefold_stacks.foundation.kubernetes.form import Outputs as Usual
from ninefold_stacks.foundation.kubernetes.stores import PASSWORDS
from ninefold_stacks.passwords import passwords

from account import ACCOUNT, RULES, TOLD, WORDS, broken, made, of, statements
from registration import Object, Outcome, Registered


@pytest.fixture(scope="module")
def usual() -> Outcome:
    return made()


def one(outcome: Outcome, kind: str, name: str = "") -> Registered:
    found = [each for each in of(outcome.registered, kind) if not name or each.name == name]
    assert len(found) == 1, [each.name for each in found]
    return found[0]


def test_it_offers_what_every_foundation_offers(usual: Outcome) -> None:
    assert set(usual.outputs) == set(Outputs.__annotations__) > set(Usual.__annotations__)
    assert usual.outputs["object_store"] == {
        "endpoint": "",
        "region": "eu-central-1",
        "bucket": f"flight-delays-prod-{ACCOUNT}",
        "secret": "",
        "port": "443",
    }
    assert usual.outputs["database"] == {
        "host": "database.example.org",
        "port": "5432",
        "secret": "database",
    }
    assert usual.outputs["key_value"] == {
        "host": "keys.example.org",
        "port": "6379",
        "secret": "key-value",
        "tls": "true",
    }
    assert usual.outputs["images"].keys() == {"training", "serving"}
    assert not usual.secret


@pytest.mark.parametrize("size", SIZES)
def test_no_rule_is_broken(size: str) -> None:
    found = broken(made({"size": size}).registered)
    assert not found, found


def test_namespace_quota_and_policies_are_those_of_every_cluster(usual: Outcome) -> None:
    (namespace,) = usual.of("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert usual.of("ResourceQuota")
    assert usual.of("LimitRange")
    names = {each["metadata"]["name"] for each in usual.of("NetworkPolicy")}
    assert names == {"deny-by-default", "allow-dns", "foundation-database-roles"}
    assert not usual.of("StatefulSet")
    assert all("::cluster::" in each.provider for each in usual.objects)


def test_the_cluster_is_asked_with_credentials_of_the_moment(usual: Outcome) -> None:
    (provider,) = (one for one in usual.registered if one.type == "pulumi:providers:kubernetes")
    config = json.loads(provider.inputs["kubeconfig"])
    assert config == json.loads(kubeconfig(usual.outputs["cluster"]))
    (user,) = config["users"]
    assert user["user"].keys() == {"exec"}
    assert user["user"]["exec"]["command"] == "aws"
    wanted = ["eks", "get-token", "--cluster-name", "flight-delays-prod", "--region"]
    assert user["user"]["exec"]["args"][:5] == wanted
    # Jobs are awaited: nodes and their network come before.
    assert any("::nodes" in urn for urn in provider.after)


def test_each_consumer_gets_a_role_and_a_database(usual: Outcome) -> None:
    (job,) = usual.of("Job")
    pod = job["spec"]["template"]["spec"]
    (part,) = pod["containers"]
    variables = {each["name"]: each for each in part["env"]}
    assert variables["CONSUMERS"]["value"].split() == list(CONSUMERS)
    assert variables["PGHOST"]["value"] == "database.example.org"
    assert variables["PGSSLMODE"]["value"] == "require"
    assert variables["PGPASSWORD"]["valueFrom"]["secretKeyRef"]["key"] == "postgres"
    (secret,) = (each for each in usual.of("Secret") if each["metadata"]["name"] == "database")
    assert secret["stringData"].keys() == {"postgres", *CONSUMERS}
    again = made({}, **{"passwords:database_registry": "another"}).of("Job")[0]
    assert again["spec"]["template"] != job["spec"]["template"]


def test_the_store_and_the_cluster_know_the_same_password(usual: Outcome) -> None:
    (secret,) = (each for each in usual.of("Secret") if each["metadata"]["name"] == "key-value")
    token = one(usual, "ReplicationGroup").inputs["authToken"]
    assert secret["stringData"] == {"password": token}
    assert token == WORDS["passwords:key_value"].replace("_", "-")


def test_who_opens_the_bucket_is_who_the_service_account_says(usual: Outcome) -> None:
    assert usual.outputs["identities"].keys() == {"model-registry", "steps", "serving"}
    for name in usual.outputs["identities"]:
        (trust,) = statements(one(usual, "Role", name), "assumeRolePolicy")
        assert trust["Condition"]["StringEquals"] == {
            "issuer.example.org/id/1:aud": "sts.amazonaws.com",
            "issuer.example.org/id/1:sub": f"system:serviceaccount:flight-delays-prod:{name}",
        }
    (objects, *_) = statements(one(usual, "RolePolicy", "serving"), "policy")
    assert objects["Action"] == ["s3:GetObject"]
    assert objects["Resource"] == [f"arn:aws:s3:::flight-delays-prod-{ACCOUNT}/features/*"]


def test_stores_let_in_the_nodes_alone(usual: Outcome) -> None:
    for name, port in (("database", 5432), ("key-value", 6379), ("files", 2049)):
        group = one(usual, "SecurityGroup", name).inputs
        (entry,) = group["ingress"]
        assert entry["securityGroups"] == ["members"]
        assert (entry["fromPort"], entry["toPort"]) == (port, port)
        assert not group["egress"]
    routed = {each.name for each in of(usual.registered, "RouteTableAssociation")}
    assert not [name for name in routed if name.startswith("stores")]


OPTIONS: list[tuple[dict[str, Any], str, str, Callable[[Object], Any], Any]] = [
    ({"cluster:version": "1.36"}, "Cluster", "", lambda it: it["version"], "1.36"),
    (
        {"cluster:access": {"office": "203.0.113.0/24"}},
        "Cluster",
        "",
        lambda it: (it["vpcConfig"]["publicAccessCidrs"], it["vpcConfig"]["endpointPublicAccess"]),
        (["203.0.113.0/24"], True),
    ),
    (
        {"cluster:administrators": {"ops": f"arn:aws:iam::{ACCOUNT}:role/ops"}},
        "AccessEntry",
        "ops",
        lambda it: it["principalArn"],
        f"arn:aws:iam::{ACCOUNT}:role/ops",
    ),
    (
        {"cluster:readers": {"preview": f"arn:aws:iam::{ACCOUNT}:role/preview"}},
        "AccessPolicyAssociation",
        "preview-reads",
        lambda it: (it["principalArn"], it["policyArn"].rpartition("/")[2]),
        (f"arn:aws:iam::{ACCOUNT}:role/preview", "AmazonEKSAdminViewPolicy"),
    ),
    (
        {"cluster:instance": "m7i.large"},
        "NodeGroup",
        "",
        lambda it: it["instanceTypes"],
        ["m7i.large"],
    ),
    (
        {"cluster:minimum": 5, "cluster:maximum": 9},
        "NodeGroup",
        "",
        lambda it: it["scalingConfig"],
        {"minSize": 5, "maxSize": 9, "desiredSize": 5},
    ),
    (
        {"cluster:groups": {"compute": "g5.xlarge 0-4 spot gpu"}},
        "NodeGroup",
        "compute",
        lambda it: {key: it[key] for key in ("amiType", "capacityType", "labels", "taints")},
        {
            "amiType": "AL2023_x86_64_NVIDIA",
            "capacityType": "SPOT",
            "labels": {"pool": "compute"},
            "taints": [{"key": "pool", "value": "compute", "effect": "NO_SCHEDULE"}],
        },
    ),
    (
        {"cluster:groups": {"batch": "m6i.4xlarge 1-8"}},
        "NodeGroup",
        "batch",
        lambda it: (it["instanceTypes"], it["scalingConfig"], it["capacityType"]),
        (["m6i.4xlarge"], {"minSize": 1, "maxSize": 8, "desiredSize": 1}, "ON_DEMAND"),
    ),
    ({"network:range": "198.18.0.0/16"}, "Vpc", "", lambda it: it["cidrBlock"], "198.18.0.0/16"),
    (
        {"network:zones": "a,b,c"},
        "Subnet",
        "stores-c",
        lambda it: it["availabilityZone"],
        "eu-central-1c",
    ),
    (
        {"object_store:versions_days": 3},
        "BucketLifecycleConfiguration",
        "",
        lambda it: it["rules"][0]["noncurrentVersionExpiration"]["noncurrentDays"],
        3,
    ),
    ({"database:version": "16"}, "Instance", "", lambda it: it["engineVersion"], "16"),
    (
        {"database:instance": "db.m6g.large"},
        "Instance",
        "",
        lambda it: it["instanceClass"],
        "db.m6g.large",
    ),
    (
        {"database:storage": 40},
        "Instance",
        "",
        lambda it: (it["allocatedStorage"], it["maxAllocatedStorage"]),
        (40, 200),
    ),
    ({"database:backup_days": 3}, "Instance", "", lambda it: it["backupRetentionPeriod"], 3),
    ({"size": "medium"}, "Instance", "", lambda it: it["multiAz"], True),
    (
        {"key_value:version": "7.2"},
        "ParameterGroup",
        "key-value",
        lambda it: it["family"],
        "valkey7",
    ),
    ({"key_value:servers": 3}, "ReplicationGroup", "", lambda it: it["multiAzEnabled"], True),
    (
        {"key_value:instance": "cache.r7g.large"},
        "ReplicationGroup",
        "",
        lambda it: it["nodeType"],
        "cache.r7g.large",
    ),
    (
        {"key_value:backup_days": 2},
        "ReplicationGroup",
        "",
        lambda it: it["snapshotRetentionLimit"],
        2,
    ),
    ({"protect": False}, "Instance", "", lambda it: it["deletionProtection"], False),
]


@pytest.mark.parametrize(("told", "kind", "name", "seen", "wanted"), OPTIONS)
def test_an_option_reaches_the_account(
    told: dict[str, Any], kind: str, name: str, seen: Callable[[Object], Any], wanted: Any
) -> None:
    assert seen(one(made(told), kind, name).inputs) == wanted


def test_the_image_of_the_client_can_be_ones_own() -> None:
    (job,) = made({"database:image": "registry.example/client:16"}).of("Job")
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/client:16"


def test_the_usual_nodes_take_every_pod() -> None:
    told = {"cluster:groups": {"compute": "g5.xlarge 0-4 spot gpu"}}
    usual = one(made(told), "NodeGroup", "nodes").inputs
    assert not usual.get("taints") and not usual.get("labels")
    assert usual["capacityType"] == "ON_DEMAND"


def test_larger_environments_survive_a_zone() -> None:
    registered = made({"size": "large"}).registered
    assert len(of(registered, "NatGateway")) == 2
    assert len(of(made().registered, "NatGateway")) == 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"account": None}, ["`account`", "missing", "config set account 123456789012"]),
        ({"account": "mine"}, ["`account`", "`mine`"]),
        ({"region": None}, ["`region`", "config set region eu-central-1"]),
        ({"region": "moon"}, ["`region`", "`moon`"]),
        ({"size": "huge"}, ["`size`", "small, medium, large"]),
        ({"target": "moon"}, ["`target`", "aws, kubernetes"]),
        ({"context": "mine"}, ["`context`", "not known"]),
        ({"images": "Training"}, ["`images`", "config set images"]),
        ({"network:range": "203.0.113.0/24"}, ["`network:range`", "100.64.0.0/16"]),
        ({"network:zones": "a"}, ["`network:zones`", "config set network:zones a,b"]),
        ({"cluster:access": {"all": "0.0.0.0/0"}}, ["`cluster:access`", "203.0.113.0/24"]),
        ({"cluster:administrators": {"me": "root"}}, ["`cluster:administrators`"]),
        ({"cluster:readers": {"me": "*"}}, ["`cluster:readers`"]),
        ({"cluster:minimum": 6, "cluster:maximum": 3}, ["`cluster:maximum`", "maximum 6"]),
        ({"cluster:groups": {"a": "g5.xlarge"}}, ["`cluster:groups`", "g5.xlarge 0-4 spot gpu"]),
        ({"cluster:groups": {"a": "g5.xlarge 0-0"}}, ["no room", "groups.a 'g5.xlarge 0-1'"]),
        ({"cluster:groups": {"nodes": "m6i.large 1-2"}}, ["usual group", "set cluster:instance"]),
        ({"cluster:minimum": 0}, ["`cluster:minimum`", "less than 1"]),
        ({"cluster:version": "latest"}, ["`cluster:version`", "1.35"]),
        ({"database:instance": "large"}, ["`database:instance`", "db.r6g.xlarge"]),
        ({"database:backup_days": 0}, ["`database:backup_days`", "less than 1"]),
        ({"database:storage": "lots"}, ["`database:storage`", "whole number"]),
        ({"database:kind": "pod"}, ["`database:kind`", "not known"]),
        ({"key_value:servers": 9}, ["`key_value:servers`", "more than 6"]),
        ({"object_store:versions_days": 0}, ["`object_store:versions_days`"]),
    ],
)
def test_a_wrong_value_is_refused_with_key_and_remedy(
    told: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        made(told)
    for word in words:
        assert word in str(refused.value)


def test_a_password_that_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(WORDS, "passwords:database")
    with pytest.raises(ConfigError, match="config set --secret passwords:database"):
        made()


def test_it_has_no_password_that_nothing_asks_for() -> None:
    used = {name.partition(":")[2] for name in WORDS}
    assert set(passwords("foundation", {"target": "aws"})) == used
    assert set(PASSWORDS) - used == {"object_store"}


def test_a_target_is_a_folder() -> None:
    assert targets.target_of({}).IDENTITY == ""
    assert targets.target_of(TOLD).outside({"cluster": {"stores": "some"}}) == {
        "object-store": "some",
        "database": "some",
        "key-value": "some",
    }


def put(*path: str, to: Any) -> Callable[[Registered], Registered]:
    """The resource with another value; None takes it away."""

    def change(it: Registered) -> Registered:
        inputs = deepcopy(it.inputs)
        there = inputs
        for key in path[:-1]:
            there = there[int(key)] if isinstance(there, list) else there[key]
        if to is None:
            there.pop(path[-1])
        else:
            there[path[-1]] = to
        return replace(it, inputs=inputs)

    return change


def stated(key: str, change: Callable[[list[Object]], Any]) -> Callable[[Registered], Registered]:
    """The resource with another policy document."""

    def spoil(it: Registered) -> Registered:
        document = json.loads(it.inputs[key])
        change(document["Statement"])
        return replace(it, inputs={**it.inputs, key: json.dumps(document)})

    return spoil


REST, TRAVEL = "what rests is encrypted by our key", "what travels is encrypted"
PUBLIC, KEPT = "nothing is public", "data are kept"
RIGHTS, IMAGES = "nobody may do everything", "images stay and are looked through"
BROKEN: list[tuple[str, str, str, Callable[[Registered], Registered]]] = [
    (REST, "Instance", "", put("storageEncrypted", to=False)),
    (REST, "Instance", "", put("kmsKeyId", to=None)),
    (REST, "ReplicationGroup", "", put("atRestEncryptionEnabled", to=False)),
    (REST, "FileSystem", "", put("encrypted", to=False)),
    (REST, "Cluster", "", put("encryptionConfig", to=None)),
    (REST, "Repository", "training", put("encryptionConfigurations", to=None)),
    (REST, "BucketServerSideEncryptionConfiguration", "", put("rules", to=[])),
    (REST, "LaunchTemplate", "", put("blockDeviceMappings", "0", "ebs", "encrypted", to="false")),
    (REST, "Key", "", put("enableKeyRotation", to=False)),
    (TRAVEL, "ParameterGroup", "database", put("parameters", to=[])),
    (TRAVEL, "ReplicationGroup", "", put("transitEncryptionEnabled", to=False)),
    (TRAVEL, "ReplicationGroup", "", put("authToken", to=None)),
    (TRAVEL, "BucketPolicy", "", stated("policy", list.clear)),
    (TRAVEL, "FileSystemPolicy", "", stated("policy", list.pop)),
    (PUBLIC, "BucketPublicAccessBlock", "", put("blockPublicPolicy", to=False)),
    (PUBLIC, "Instance", "", put("publiclyAccessible", to=True)),
    (PUBLIC, "Subnet", "doors-a", put("mapPublicIpOnLaunch", to=True)),
    (PUBLIC, "Cluster", "", put("vpcConfig", "endpointPublicAccess", to=True)),
    (PUBLIC, "Cluster", "", put("vpcConfig", "endpointPrivateAccess", to=False)),
    (PUBLIC, "SecurityGroup", "endpoints", put("ingress", "0", "cidrBlocks", to=["0.0.0.0/0"])),
    (KEPT, "Bucket", "", lambda it: replace(it, protect=False)),
    (KEPT, "FileSystem", "", lambda it: replace(it, retain=False)),
    (KEPT, "Instance", "", put("deletionProtection", to=False)),
    (KEPT, "Instance", "", put("backupRetentionPeriod", to=0)),
    (KEPT, "Instance", "", put("skipFinalSnapshot", to=True)),
    (KEPT, "ReplicationGroup", "", put("snapshotRetentionLimit", to=0)),
    (KEPT, "BucketVersioning", "", put("versioningConfiguration", "status", to="Suspended")),
    (KEPT, "Bucket", "", put("forceDestroy", to=True)),
    (KEPT, "Repository", "training", put("forceDelete", to=True)),
    (RIGHTS, "RolePolicy", "steps", stated("policy", lambda all_: all_[0].update(Action="s3:*"))),
    (RIGHTS, "RolePolicy", "steps", stated("policy", lambda all_: all_[0].update(Action=["*"]))),
    (RIGHTS, "RolePolicy", "steps", stated("policy", lambda all_: all_[0].update(Resource="*"))),
    (
        RIGHTS,
        "RolePolicyAttachment",
        "vpc-cni",
        put("policyArn", to="arn:aws:iam::aws:policy/AdministratorAccess"),
    ),
    (
        RIGHTS,
        "Role",
        "nodes",
        stated("assumeRolePolicy", lambda all_: all_[0].update(Principal="*")),
    ),
    (RIGHTS, "Role", "steps", stated("assumeRolePolicy", lambda all_: all_[0].pop("Condition"))),
    (IMAGES, "Repository", "training", put("imageTagMutability", to="MUTABLE")),
    (IMAGES, "Repository", "training", put("imageScanningConfiguration", to=None)),
    ("no pod becomes its node", "LaunchTemplate", "", put("metadataOptions", to=None)),
    (
        "everything is in the account that was named",
        "Bucket",
        "",
        lambda it: replace(it, provider="urn:default"),
    ),
    (
        "a password is where it is used",
        "Instance",
        "",
        put("dbName", to=WORDS["passwords:database"]),
    ),
    (
        "a password is where it is used",
        "Bucket",
        "",
        lambda it: replace(it, hidden=frozenset({("bucket",)})),
    ),
]


@pytest.mark.parametrize(("name", "kind", "which", "change"), BROKEN)
def test_what_a_rule_forbids_is_found(
    usual: Outcome, name: str, kind: str, which: str, change: Callable[[Registered], Registered]
) -> None:
    old = one(usual, kind, which)
    spoilt = tuple(change(each) if each is old else each for each in usual.registered)
    assert list(broken(spoilt)) == [name]


def test_every_rule_is_shown_to_be_broken() -> None:
    assert {name for name, *_ in BROKEN} == set(RULES)
