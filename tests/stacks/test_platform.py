"""The platform of the flight example: what connects its parts, and what is refused."""

import json
from importlib import import_module, util
from pathlib import Path
from typing import Any

import pytest
import yaml

from ninefold_stacks.configuration import ConfigError
from ninefold_stacks.passwords import passwords
from ninefold_stacks.platform.component import modules
from ninefold_stacks.platform.form import Outputs

from deployed import SIZES, Part, world
from emitted import World
from rendering import CHECKOUT, Family, example, ninefold

PREFIX = "FLIGHT_DELAYS_"
ROLES = ("data-engineering", "training", "serving", "monitoring", "product")


def chosen(family: Family) -> dict[str, str]:
    file = family.repository("platform") / "platform" / "Pulumi.staging.yaml"
    found: dict[str, str] = yaml.safe_load(file.read_text("utf-8"))["config"][
        f"{family.name}-platform:technologies"
    ]
    return found


def stated(family: Family) -> dict[str, str]:
    """Where the pods of role repositories are told to find their secrets, by variable."""
    known = set(chosen(family).values())
    found: dict[str, str] = {}
    for role in ROLES:
        path = CHECKOUT / "templates" / "catalog" / f"{role}.yaml"
        for entry in yaml.safe_load(path.read_text("utf-8")):
            if entry["technology"] in known:
                found |= entry["secrets"]
    return found


def test_pods_look_for_secrets_where_they_are(family: Family) -> None:
    outputs = world(family, "small").outputs
    assert outputs["secrets"] == stated(family)


def test_every_component_answers_what_its_form_says(family: Family) -> None:
    wanted: set[str] = set()
    for slot, module in modules(chosen(family)):
        name = module.__name__.replace(".component", ".form")
        if util.find_spec(name):
            form = import_module(name)
            wanted |= {f"{slot.partition('.')[0]}.{one}" for one in form.Outputs.__annotations__}
    outputs = world(family, "small").outputs
    assert set(outputs["components"]) == wanted
    assert set(Outputs.__annotations__) <= set(outputs)


def test_every_secret_that_a_pod_names_is_made(family: Family) -> None:
    made = {
        f"{one.inputs['metadata']['name']}/{key}"
        for one in world(family, "small").objects
        if one.kind == "Secret"
        for key in {**one.inputs.get("stringData", {}), **one.inputs.get("data", {})}
    }
    assert set(stated(family).values()) <= made


def test_a_setting_that_the_platform_gives_is_one_that_a_role_reads(family: Family) -> None:
    given = world(family, "small").outputs["settings"]
    for name in (one for one in given if one.startswith(PREFIX)):
        key = name.removeprefix(PREFIX).lower()
        files = [family.repository(role) / "settings" / "staging.toml" for role in ROLES]
        assert any(f"\n{key} = " in one.read_text("utf-8") for one in files), key


def listening(judged: World, workload: str) -> int:
    """Where the pods of a workload listen."""
    (pod,) = (one for one in judged.pods if one.name == workload)
    (port,) = pod.containers[0]["ports"]
    return int(port["containerPort"])


def let_in(judged: World, workload: str) -> set[int]:
    """The ports at which policies let anybody reach it."""
    label = {"app.kubernetes.io/component": workload}
    specs = [one.inputs["spec"] for one in judged.of("NetworkPolicy")]
    rules = [
        one.get("ingress", []) for one in specs if one["podSelector"] == {"matchLabels": label}
    ]
    return {port["port"] for rule in rules for one in rule for port in one["ports"]}


def scraped(judged: World, workload: str) -> set[int]:
    """The ports at which its figures are asked for."""
    (settings,) = (one for one in judged.of("ConfigMap") if one.name == "metrics")
    jobs = json.loads(settings.inputs["data"]["prometheus.yml"])["scrape_configs"]
    found = [one for job in jobs for one in job.get("dns_sd_configs", [])]
    return {one["port"] for one in found if one["names"] == [f"{workload}-pods"]}


def test_the_service_listens_where_it_is_asked_whatever_the_port_of_a_laptop(
    tmp_path: Path,
) -> None:
    spec = example()
    spec["serving"]["port"] = 8123
    changed = tmp_path / "product.yaml"
    changed.write_text(yaml.safe_dump(spec, sort_keys=False), "utf-8")
    ninefold("new", changed, "--into", tmp_path / "family", "--only", "platform")
    judged = world(Family(tmp_path / "family", spec["product"]["name"]), "small")
    port = listening(judged, "serving")
    assert let_in(judged, "serving") == {port}
    assert scraped(judged, "serving") == {port}
    (settings,) = (one for one in judged.of("ConfigMap") if one.name == "settings")
    assert settings.inputs["data"][f"{PREFIX}PORT"] == str(port)


@pytest.mark.parametrize("size", SIZES)
def test_no_password_is_among_the_outputs(family: Family, size: str) -> None:
    found = world(family, size)
    text = yaml.safe_dump(found.outputs)
    assert found.passwords
    assert not [one for one in found.passwords if one in text]


def test_a_technology_that_fills_two_slots_is_provided_once(family: Family) -> None:
    found = [module.__name__ for _, module in modules(chosen(family))]
    assert len(found) == len(set(found))
    assert [slot for slot, _ in modules(chosen(family))][-1] == "cicd.delivery"


def test_passwords_follow_from_what_is_chosen(family: Family) -> None:
    found = set(passwords("platform", {"technologies": chosen(family)}))
    assert found > set(passwords("platform", {}))
    assert not found & set(passwords("foundation", {}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"images": {"training": "training:latest"}}, ["`images`", "--path images.training"]),
        ({"images": {}}, ["`images.", "name what its pipeline pushed"]),
        ({"state_storage": "lots"}, ["`state_storage`", "pulumi config set state_storage 50Gi"]),
        ({"state_mode": "ReadOnlyMany"}, ["`state_mode`", "ReadWriteMany, ReadWriteOnce"]),
        ({"outside": {"database": "here"}}, ["`outside`", "--path outside.database"]),
        ({"foundation": "staging"}, ["`foundation`", "organization/"]),
        ({"sise": "small"}, ["`sise`", "not known"]),
    ],
)
def test_a_wrong_value_is_refused_with_key_and_remedy(
    family: Family, changes: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        world(family, "small", parts=(Part("foundation"), Part("platform", changes)))
    for word in words:
        assert word in str(refused.value)
