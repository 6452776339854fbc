"""The three stores under mocks: every option, and every value that is refused."""

import json
from collections.abc import Mapping
from typing import Any

import jsonschema
import pulumi
import pytest
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from ninefold_stacks.capabilities import CONSUMERS, Database
from ninefold_stacks.configuration import ConfigError, read, schema_of
from ninefold_stacks.foundation.kubernetes import Foundation, FoundationArgs
from ninefold_stacks.foundation.kubernetes.sizes import SIZES
from ninefold_stacks.foundation.kubernetes.stores import PASSWORDS
from ninefold_stacks.foundation.kubernetes.stores.defaults import IMAGES, SHARES, share
from ninefold_stacks.foundation.kubernetes.stores.form import STORES
from ninefold_stacks.foundation.kubernetes.traffic import policies
from ninefold_stacks.provision import flow_to

from registration import Answers, Object, Outcome, Program, Registered

WORDS = {name: f"word-of-{name}" for name in PASSWORDS}
OUTSIDE = {"kind": "existing", "secret": "adopted"}
SERVER = {**OUTSIDE, "host": "server.example.org", "port": 6000}
ADOPTED: dict[str, dict[str, Any]] = {
    "object_store": {**OUTSIDE, "bucket": "flights", "region": "eu-central-1"},
    "database": SERVER,
    "key_value": SERVER,
}


def outcome(
    stores: Mapping[str, Mapping[str, Any]] | None = None,
    size: str = "small",
    passwords: Mapping[str, str] = WORDS,
    more: Mapping[str, Any] | None = None,
) -> Outcome:
    """What a program with a foundation registers; each store is told what stands for it."""

    def program() -> None:
        secret = pulumi.Config().require_secret_object("passwords")
        args: Any = {
            "product": "flight-delays",
            "environment": "staging",
            "size": size,
            "passwords": {name: secret[name] for name in passwords},
            **{store: read(form, pulumi.Config(store)) for store, form in STORES.items()},
            **(more or {}),
        }
        given: FoundationArgs = args
        for name, value in Foundation("foundation", given).outputs().items():
            pulumi.export(name, value)

    told = {
        f"{store}:{key}": one for store, keys in (stores or {}).items() for key, one in keys.items()
    }
    words = {"passwords": dict(passwords)}
    return Program(program, "flight-delays-foundation", "staging", told, words).run()


def found(run: Outcome, kind: str, name: str) -> Registered:
    (one,) = (
        one for one in run.objects if one.kind == kind and one.inputs["metadata"]["name"] == name
    )
    return one


def podspec(run: Outcome, kind: str, name: str) -> Object:
    spec: Object = found(run, kind, name).inputs["spec"]
    if kind == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    result: Object = spec["template"]["spec"]
    return result


def main(run: Outcome, name: str, kind: str = "StatefulSet") -> Object:
    (container,) = podspec(run, kind, name)["containers"]
    result: Object = container
    return result


def variables(container: Object) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container["env"] if "value" in one}


@pytest.fixture(scope="module")
def usual() -> Outcome:
    return outcome()


def test_each_offers_what_its_users_need(usual: Outcome) -> None:
    assert usual.outputs["object_store"] == {
        "endpoint": "http://object-store:7070",
        "region": "us-east-1",
        "bucket": "flight-delays",
        "secret": "object-store",
        "port": "7070",
    }
    assert usual.outputs["database"] == {"host": "database", "port": "5432", "secret": "database"}
    assert usual.outputs["key_value"] == {
        "host": "key-value", "port": "6379", "secret": "key-value", "tls": "",
    }  # fmt: skip
    assert not usual.secret & STORES.keys()


def test_each_has_a_name_a_volume_and_one_pod(usual: Outcome) -> None:
    for name in ("object-store", "database", "key-value"):
        pod = podspec(usual, "StatefulSet", name)
        claims = [one for one in pod["volumes"] if "persistentVolumeClaim" in one]
        assert [one["persistentVolumeClaim"]["claimName"] for one in claims] == [name]
        (port,) = found(usual, "Service", name).inputs["spec"]["ports"]
        (listening,) = main(usual, name)["ports"]
        assert port["targetPort"] == listening["name"]
        assert port["port"] == listening["containerPort"]
        for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
            assert main(usual, name)[probe]


def test_secrets_hold_the_passwords_and_are_marked(usual: Outcome) -> None:
    def held(name: str) -> Any:
        one = found(usual, "Secret", name)
        assert ("stringData",) in one.hidden or {
            ("stringData", key) for key in one.inputs["stringData"]
        } <= one.hidden
        return one.inputs["stringData"]

    assert held("object-store") == {
        "AWS_ACCESS_KEY_ID": "flight-delays",
        "AWS_SECRET_ACCESS_KEY": "word-of-object_store",
    }
    assert held("key-value") == {"password": "word-of-key_value"}
    assert held("database") == {
        "postgres": "word-of-database",
        **{name: f"word-of-database_{name}" for name in CONSUMERS},
    }


def test_no_password_stands_anywhere_else(usual: Outcome) -> None:
    for one in usual.registered:
        if one.kind != "Secret":
            assert "word-of-" not in json.dumps(one.inputs), one
            assert not one.hidden
    assert "word-of-" not in json.dumps(usual.outputs)


@pytest.mark.parametrize("wanted", [True, False])
def test_what_holds_data_is_protected_and_outlives_its_stack(wanted: bool) -> None:
    run = outcome(more={"protect": wanted})
    kept = {str(one) for one in run.objects if one.protect}
    names = ("object-store", "database", "key-value", "backup")
    wished = {f"PersistentVolumeClaim {name}" for name in names}
    assert kept >= wished if wanted else not kept
    assert {str(one) for one in run.objects if one.retain} >= (wished if wanted else set())
    assert not any(one.protect for one in run.objects if one.kind in ("Secret", "ConfigMap"))


def test_only_backups_ask_a_store_of_their_own_accord(usual: Outcome) -> None:
    rules = {one["metadata"]["name"]: one["spec"] for one in usual.of("NetworkPolicy")}
    assert set(rules) == {
        "deny-by-default", "allow-dns", "foundation-backup", "foundation-database",
    }  # fmt: skip
    (asked,) = rules["foundation-database"]["ingress"]
    assert asked["ports"] == [{"port": 5432, "protocol": "TCP"}]
    (peer,) = asked["from"]
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/component": "backup"}
    assert "egress" not in rules["foundation-database"]
    for name in ("backup", "restore"):
        job = found(usual, "CronJob", name).inputs["spec"]["jobTemplate"]["spec"]
        labels = job["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/component"] == "backup"


@pytest.mark.parametrize("size", SIZES)
def test_a_larger_environment_gives_each_more(size: str) -> None:
    run = outcome(size=size)
    for store in STORES:
        name, gets = store.replace("_", "-"), SHARES[store][size]
        asked = main(run, name)["resources"]
        assert asked["requests"] == {"cpu": gets.cpu, "memory": gets.memory}
        assert asked["limits"]["memory"] == gets.memory
        claim = found(run, "PersistentVolumeClaim", name).inputs["spec"]
        assert claim["resources"]["requests"]["storage"] == gets.storage


@pytest.mark.parametrize(("size", "most"), [("small", 4), ("medium", 4), ("large", 4)])
def test_the_stores_leave_the_most_of_the_quota_to_the_platform(size: str, most: int) -> None:
    def gibibytes(amount: str) -> float:
        return int(amount[:-2]) / (1024 if amount.endswith("Mi") else 1)

    def processors(amount: str) -> float:
        return int(amount[:-1]) / 1000 if amount.endswith("m") else int(amount)

    quota, shares = SIZES[size], [share(store, size, {}) for store in STORES]
    assert sum(processors(one.cpu) for one in shares) * most <= processors(quota.cpu)
    assert sum(gibibytes(one.memory) for one in shares) * most <= gibibytes(quota.memory)
    stored = [one.storage for one in shares] + [shares[1].backup_storage]
    assert sum(map(gibibytes, stored)) * 2 <= gibibytes(quota.storage)
    for one in shares:
        # The pod that replaces another is let in beside it.
        assert processors(one.cpu) * 2 <= processors(quota.container_cpu)
        assert gibibytes(one.memory) <= gibibytes(quota.container_memory)


@pytest.mark.parametrize("store", STORES)
def test_image_and_amounts_can_be_told(store: str) -> None:
    told = {
        "kind": "pod", "image": "registry.example:5000/mirror/it:1.2", "cpu": "1",
        "memory": "3Gi", "storage": "77Gi",
    }  # fmt: skip
    run = outcome({store: told})
    name = store.replace("_", "-")
    container = main(run, name)
    assert container["image"] == told["image"]
    assert container["resources"] == {
        "requests": {"cpu": "1", "memory": "3Gi"},
        "limits": {"cpu": "2", "memory": "3Gi"},
    }
    claim = found(run, "PersistentVolumeClaim", name).inputs["spec"]
    assert claim["resources"]["requests"]["storage"] == "77Gi"
    if store == "database":
        assert "shared_buffers=768MB" in container["args"]
        assert main(run, "backup", "CronJob")["image"] == told["image"]
    if store == "key_value":
        text = found(run, "ConfigMap", "key-value").inputs["data"]["server.conf"]
        assert "maxmemory 1843mb" in text
        assert variables(container)["SETTINGS"] != variables(main(outcome(), name))["SETTINGS"]


def test_the_bucket_can_be_named() -> None:
    run = outcome({"object_store": {"bucket": "flights", "region": "eu-central-1"}})
    (before,) = podspec(run, "StatefulSet", "object-store")["initContainers"]
    assert before["command"] == ["mkdir", "-p", "/data/objects/flights"]
    assert run.outputs["object_store"]["bucket"] == "flights"
    assert variables(main(run, "object-store"))["VGW_REGION"] == "eu-central-1"


def test_backups_can_be_planned() -> None:
    run = outcome(
        {"database": {"backup_schedule": "0 * * * *", "backup_keep": 3, "backup_storage": "9Gi"}}
    )
    jobs = found(run, "CronJob", "backup").inputs["spec"]
    assert (jobs["schedule"], jobs["timeZone"], jobs["suspend"]) == ("0 * * * *", "Etc/UTC", False)
    assert jobs["concurrencyPolicy"] == "Forbid"
    assert variables(main(run, "backup", "CronJob"))["KEEP"] == "3"
    claim = found(run, "PersistentVolumeClaim", "backup").inputs["spec"]
    assert claim["resources"]["requests"]["storage"] == "9Gi"
    assert found(run, "CronJob", "restore").inputs["spec"]["suspend"] is True


def test_the_class_of_the_volumes_can_be_told() -> None:
    run = outcome(more={"storage_class": "fast"})
    claims = run.of("PersistentVolumeClaim")
    assert {one["spec"]["storageClassName"] for one in claims} == {"fast"}


def test_what_exists_is_adopted_and_nothing_is_made() -> None:
    run = outcome(ADOPTED, passwords={})
    assert not run.of("StatefulSet")
    assert not run.of("Secret")
    assert not run.of("PersistentVolumeClaim")
    assert not run.of("CronJob")
    assert run.outputs["object_store"] == {
        "endpoint": "",
        "region": "eu-central-1",
        "bucket": "flights",
        "secret": "adopted",
        "port": "443",
    }
    server = {"host": "server.example.org", "port": "6000", "secret": "adopted"}
    assert run.outputs["database"] == server
    assert run.outputs["key_value"] == {**server, "tls": ""}
    assert {one["metadata"]["name"] for one in run.of("NetworkPolicy")} == {
        "deny-by-default", "allow-dns",
    }  # fmt: skip


def test_policies_follow_the_port_that_another_stack_tells() -> None:
    """Of an adopted server the port is known to the foundation's stack alone."""

    def program() -> None:
        offered = Database.of(pulumi.Output.from_input({**SERVER, "port": "6000"}))
        (spec,) = (
            spec for name, spec in policies([flow_to(offered, "training")]) if name == "training"
        )
        NetworkPolicy("training", spec=spec)

    (rules,) = Program(program, "flight-delays-platform", "staging", {}).run().of("NetworkPolicy")
    (rule,) = rules["spec"]["egress"]
    assert rule["ports"] == [{"port": 6000, "protocol": "TCP"}]


@pytest.mark.parametrize(
    ("endpoint", "port"),
    [("https://o.example.org", "443"), ("http://o.example.org", "80"), ("http://o:9000", "9000")],
)
def test_the_port_of_an_adopted_object_store_is_that_of_its_url(endpoint: str, port: str) -> None:
    told = {**ADOPTED["object_store"], "endpoint": endpoint}
    assert outcome({"object_store": told}).outputs["object_store"]["port"] == port


def without(store: str, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in ADOPTED[store].items() if key not in keys}


REFUSED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("database", {"kind": "managed"}, ["`managed`", "pod, existing", "set database:kind"]),
    ("database", {"image": "postgres:latest"}, ["`database:image`", "does not match"]),
    ("key_value", {"image": "host:5000/keys"}, ["`key_value:image`", "set key_value:image"]),
    ("key_value", {"memory": "1024"}, ["`key_value:memory`", "set key_value:memory 4Gi"]),
    ("object_store", {"storage": "50GB"}, ["`object_store:storage`", "50Gi"]),
    ("object_store", {"cpu": "0.5"}, ["`object_store:cpu`", "500m"]),
    ("object_store", {"bucket": "Flights"}, ["`object_store:bucket`", "flight-delays"]),
    ("database", {"backup_schedule": "daily"}, ["`database:backup_schedule`", '"15 2 * * *"']),
    ("database", {"backup_keep": 0}, ["`0` is less than 1", "database:backup_keep 14"]),
    ("database", {"backup_keeps": 3}, ["`database:backup_keeps` is not known"]),
    ("database", {"host": "x"}, ["`database:host`", "config rm database:host", "kind existing"]),
    ("database", {**SERVER, "storage": "5Gi"}, ["`database:storage`", "database:kind pod"]),
    ("database", without("database", "host"), ["`database:host` is missing", "set database:host"]),
    ("key_value", without("key_value", "port"), ["`key_value:port` is missing"]),
    ("key_value", without("key_value", "secret"), ["set key_value:secret adopted"]),
    ("object_store", without("object_store", "bucket"), ["`object_store:bucket` is missing"]),
    ("object_store", without("object_store", "region"), ["set object_store:region"]),
    (
        "object_store",
        {**ADOPTED["object_store"], "endpoint": "objects.example.org"},
        ["`object_store:endpoint`", "https://objects.example.org"],
    ),
]


@pytest.mark.parametrize(("store", "told", "words"), REFUSED)
def test_a_wrong_value_is_refused_with_key_and_remedy(
    store: str, told: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        outcome({store: told})
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("store", STORES)
def test_callers_in_code_are_refused_likewise(store: str) -> None:
    notes = Answers()
    args: Any = {
        "product": "flight-delays", "environment": "staging", "size": "small",
        "passwords": dict.fromkeys(PASSWORDS, pulumi.Output.secret("word")),
        store: {"image": "it:latest"},
    }  # fmt: skip
    with pytest.raises(ConfigError, match=f"`{store}:image`"):
        Program(lambda: Foundation("foundation", args), "toy", "staging", {}).run(notes)
    assert not notes.resources


@pytest.mark.parametrize("name", PASSWORDS)
def test_a_password_that_was_not_generated_is_asked_for(name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        outcome(passwords={one: word for one, word in WORDS.items() if one != name})
    assert f"`passwords:{name}` is missing" in str(refused.value)
    assert f"pulumi config set --secret passwords:{name}" in str(refused.value)


@pytest.mark.parametrize("store", STORES)
def test_legal_values_keep_to_the_schema(store: str) -> None:
    schema = schema_of(STORES[store], store)
    jsonschema.validate(ADOPTED[store], schema)
    jsonschema.validate({"image": IMAGES[store], "cpu": "500m", "memory": "1Gi"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"image": "it"}, schema)
