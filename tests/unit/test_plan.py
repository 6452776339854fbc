"""What follows from a spec, and what is refused on the way."""

import json
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toys import CHECKOUT, line_of, scaffold, technology, toy_choice, toy_house, toy_spec, toy_text

from ninefold.catalog import Catalog, load
from ninefold.plan import Plan, PlanError, make, prepare
from ninefold.plan.contracts import holders
from ninefold.plan.show import as_mermaid, as_text
from ninefold.spec import SpecError, load_text
from ninefold.spec.technologies import SLOTS


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_house(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def catalog(house: Path) -> Catalog:
    return load(house)


def refused(changes: dict[str, Any], catalog: Catalog) -> list[str]:
    with pytest.raises(PlanError) as caught:
        make(toy_spec(changes), catalog)
    return str(caught.value).splitlines()


def test_a_plan_names_everything(catalog: Catalog) -> None:
    plan = make(toy_spec(), catalog)
    assert [each.name for each in plan.repositories] == [
        "flight-delays-product", "flight-delays-data-engineering", "flight-delays-training",
        "flight-delays-serving", "flight-delays-monitoring", "flight-delays-platform",
    ]  # fmt: skip
    training = plan.repositories[2]
    assert training.owners == {
        "data-scientist": "@flight-delays/data-science",
        "ml-engineer": "@flight-delays/ml-engineering",
    }
    assert "src/flight_delays_training/feature_store_port.py" in training.files
    assert "training-set" in training.contracts
    assert plan.environments[1].namespace == "flight-delays-staging"
    assert plan.prefix == "FLIGHT_DELAYS"
    assert plan.warnings == ()


def test_text_and_picture_show_every_repository(catalog: Catalog) -> None:
    plan = make(toy_spec(), catalog)
    for shown in (as_text(plan), as_mermaid(plan)):
        assert all(each.name in shown for each in plan.repositories)
    assert 'data_engineering -- "entities' in as_mermaid(plan)


def test_an_unknown_technology_is_refused_in_its_line(house: Path, tmp_path: Path) -> None:
    text = toy_text({"orchestration": "toy-orchestra"})
    spec = tmp_path / "product.yaml"
    spec.write_text(text)
    with pytest.raises(SpecError) as caught:
        prepare(spec, load(house))
    assert str(caught.value) == (
        f"{spec}:{line_of('orchestration:', text)}: orchestration: no technology toy-orchestra "
        "fills it; did you mean toy-orchestration?"
    )


def test_a_technology_of_another_slot_does_not_fill_this_one(catalog: Catalog) -> None:
    assert "orchestration: no technology toy-serving fills it" in refused(
        {"orchestration": "toy-serving"}, catalog
    )[0]  # fmt: skip


def test_every_unknown_technology_is_listed(catalog: Catalog) -> None:
    assert len(refused({"orchestration": "a-b", "feature_store": "c-d"}, catalog)) == 2


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return toy_house(tmp_path)


def test_a_target_that_a_technology_does_not_support(own: Path) -> None:
    spec = load_text(toy_text().replace("    layers:\n    - foundation\n", ""))
    with pytest.raises(PlanError) as caught:
        make(spec, load(own))
    said = str(caught.value).splitlines()
    assert len(said) == 15
    assert (
        "orchestration: toy-orchestration does not run on kubernetes, the target of environment "
        "staging; provision only `layers: [foundation]` in staging"
    ) in said
    technology(own, "orchestration", "far-loop", targets=["kubernetes"])
    with pytest.raises(PlanError, match="choose far-loop for kubernetes"):
        make(spec, load(own))


def test_a_product_that_runs_on_no_laptop(house: Path, tmp_path: Path) -> None:
    document = yaml.safe_load(toy_text())
    del document["environments"]["dev"]
    text = yaml.safe_dump(document, sort_keys=False)
    spec = tmp_path / "product.yaml"
    spec.write_text(text)
    with pytest.raises(SpecError) as caught:
        prepare(spec, load(house))
    line = line_of("environments:", text)
    assert f"{spec}:{line}: environments: none has the target local" in str(caught.value)


def test_a_slot_that_names_no_technology_for_a_target(own: Path) -> None:
    said = refused({"orchestration": {"kubernetes": "toy-orchestration"}}, load(own))
    assert said == [
        "orchestration: names no technology for local, which environment dev needs; add one for "
        "local, or provision only `layers: [foundation]` there"
    ]


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ("one", "one"),
        ({"local": "one", "kubernetes": "two"}, "two"),
        ({"kubernetes": "two", "aws": "three"}, "three"),
        ({"kubernetes": "two", "aws": "none"}, ""),
        ({"local": "one"}, ""),
        ("none", ""),
    ],
)
def test_an_account_stands_on_a_cluster(choice: Any, wanted: str) -> None:
    (slot,) = (one for one in SLOTS if one.path == "source_repository")
    spec = toy_spec()
    technologies = spec.technologies.model_copy(update={"source_repository": choice})
    assert technologies.chosen_for(slot, "aws") == wanted


def test_what_runs_in_a_cluster_runs_in_an_account(own: Path) -> None:
    technology(own, "orchestration", "far-loop", targets=["kubernetes"])
    technology(own, "orchestration", "near-loop", targets=["local"])
    technology(own, "orchestration", "sky-loop", targets=["aws"])
    found = {
        one.name: one.description for one in load(own).filling("orchestration", "orchestration")
    }
    assert found["far-loop"].runs_on("aws")
    assert not found["near-loop"].runs_on("aws")
    assert found["sky-loop"].runs_on("aws")
    assert not found["sky-loop"].runs_on("kubernetes")


def test_a_file_of_environments_comes_to_those_that_have_the_technology() -> None:
    text = (CHECKOUT / "examples/flight-delays/product.yaml").read_text("utf-8")
    document = yaml.safe_load(text)
    document["technologies"]["cicd"]["delivery"] = {"kubernetes": "argo-cd", "aws": "pulumi"}
    cluster = document["environments"]["staging"]
    document["environments"] |= {
        "prod": dict(cluster),
        "account": {**cluster, "target": "aws"},
        "bare": {**cluster, "layers": ["foundation"]},
    }
    plan = make(load_text(yaml.safe_dump(document, sort_keys=False)), load(CHECKOUT))
    found = [path for path in plan.repositories[-1].files if "/applications/" in path]
    assert {path.split("/")[1] for path in found} == {"staging", "prod"}
    assert len(found) == 2 * len({Path(path).name for path in found}) > 2


def test_a_technology_per_target(own: Path) -> None:
    folder = technology(own, "orchestration", "far-loop", targets=["kubernetes"])
    scaffold(folder, "product", "workflow.yaml.jinja")
    both = {"orchestration": {"local": "toy-orchestration", "kubernetes": "far-loop"}}
    plan = make(toy_spec(both), load(own))
    chosen = {each.name: each.targets for each in plan.technologies}
    assert chosen["toy-orchestration"] == ("local",)
    assert chosen["far-loop"] == ("kubernetes",)
    assert plan.repositories[0].files == ("workflow.yaml",)
    # The union of both may bring no file twice.
    scaffold(folder, "training", "src/__package__/orchestration_port.py.jinja")
    assert "both bring src/{@ package @}/orchestration_port.py to training" in refused(
        both, load(own)
    )[0]  # fmt: skip


def test_needs_are_met_by_offers_of_anyone(own: Path) -> None:
    technology(own, "feature_store", "toy-feature-store", needs=["sql-database"])
    said = refused({}, load(own))
    assert len(said) == 1
    assert (
        "toy-feature-store needs sql-database, which nothing offers in environment dev" in said[0]
    )
    technology(own, "metadata_store", "toy-metadata-store", offers=["sql-database"])
    make(toy_spec(), load(own))


def test_a_need_that_another_choice_would_meet_names_it(own: Path) -> None:
    technology(own, "feature_store", "toy-feature-store", needs=["sql-database"])
    technology(own, "source_repository", "toy-source-repository")
    technology(own, "source_repository", "other-host", offers=["sql-database"])
    (said,) = refused({}, load(own))
    assert said.endswith(
        "choose other-host as source_repository, which offers it, or another feature_store"
    )


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ({"status": "closed"}, "is closed; choose one that is maintained"),
        ({"status": "retired", "replaced_by": "New"}, "is retired; it was replaced by New"),
    ],
)
def test_closed_and_retired_are_warned_of(own: Path, status: dict[str, str], says: str) -> None:
    technology(own, "orchestration", "toy-orchestration", **status)
    plan = make(toy_spec(), load(own))
    assert plan.warnings == (f"orchestration: toy-orchestration {says}",)


def test_versions_are_those_that_were_tested(own: Path) -> None:
    contributes = {"training": {"dependencies": ["Toy_Box[all]>=1.2"]}}
    technology(own, "orchestration", "toy-orchestration", contributes=contributes)
    pins = own / "templates" / "pins.yaml"
    pins.write_text("- toy-box==1.4 ; sys_platform == 'linux'\n- other==2\n")
    asked = make(toy_spec(), load(own)).repositories[2].requirements
    assert [(each.name, each.asked, each.version) for each in asked] == [
        ("toy-box", "Toy_Box[all]>=1.2", "1.4")
    ]
    pins.write_text("- toy-box==1.1\n")
    assert refused({}, load(own)) == [
        "orchestration: toy-orchestration asks for Toy_Box[all]>=1.2, which was not tested; "
        "renew templates/pins.yaml: `make pins`"
    ]


CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "source_repository": st.sampled_from(["none", "toy-source-repository"]),
        "cicd": st.fixed_dictionaries(
            {}, optional={slot: st.sampled_from(["none", "toy-cicd"])
                          for slot in ("pipelines", "delivery")},
        ),
        "orchestration": st.sampled_from(
            ["toy-orchestration", {"local": "toy-orchestration"},
             {"kubernetes": "toy-orchestration", "local": "toy-orchestration"}]
        ),
    },
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=CHOICES)
def test_a_plan_is_deterministic_and_survives_json(
    catalog: Catalog, changes: dict[str, Any]
) -> None:
    plan = make(toy_spec(changes), catalog)
    again = make(toy_spec(changes), Catalog(tuple(catalog.technologies), catalog.pins))
    assert plan == again
    assert plan.text() == again.text()
    assert Plan.model_validate_json(plan.text()) == plan
    assert json.loads(plan.text())["product"] == "flight-delays"


def test_a_plan_cannot_be_changed(catalog: Catalog) -> None:
    plan = make(toy_spec(), catalog)
    with pytest.raises(ValueError, match="frozen"):
        plan.product = "other"


def test_the_templates_give_each_role_the_same_contracts() -> None:
    spec = toy_spec()
    text = (CHECKOUT / "templates/shared/contracts.jinja").read_text()
    settings = next(yaml.safe_load_all((CHECKOUT / "copier.yml").read_text().split("---")[0]))
    options = {**settings["_envops"], "undefined": jinja2.StrictUndefined}
    environment = jinja2.Environment(
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"], **options
    )
    for role in ("product", "data-engineering", "training", "serving", "monitoring", "platform"):
        context = {"role": role, "features": list(spec.features)}
        module: Any = environment.from_string(text).make_module(context)
        rendered = [each["name"] for each in json.loads(module.contract_items())]
        assert rendered == [name for name, roles in holders(spec) if role in roles]


def test_toys_fill_every_slot() -> None:
    assert toy_choice()["serving"] == {"online": "toy-serving", "batch": "toy-serving"}
