"""Technologies are folders: what is accepted, what is refused, what is written."""

from pathlib import Path

import pytest
import yaml
from toys import scaffold, technology, toy_house

from ninefold.catalog import CatalogError, load, stale, write
from ninefold.names import ROLES
from ninefold.spec.technologies import COMPONENTS, SLOTS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return toy_house(tmp_path)


def faults(root: Path) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        load(root)
    return str(caught.value).splitlines()


def test_components_and_slots_are_the_nine() -> None:
    assert len(COMPONENTS) == 9
    assert [slot.path for slot in SLOTS if slot.component == "monitoring"] == [
        "monitoring.metrics", "monitoring.logs", "monitoring.drift", "monitoring.training_curves",
    ]  # fmt: skip


def test_every_folder_is_found(root: Path) -> None:
    catalog = load(root)
    assert {each.component for each in catalog} == set(COMPONENTS)
    assert catalog.find("feature_store", "toy-feature-store")
    assert catalog.find("feature_store", "toy-serving") is None
    assert [each.name for each in catalog.filling("serving", "online")] == ["toy-serving"]


def test_further_roots_add_their_own(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    technology(other, "orchestration", "own-loop")
    names = [each.name for each in load(root, [other]).filling("orchestration", "orchestration")]
    assert names == ["own-loop", "toy-orchestration"]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("name: toy-serving", "name: other", None, "call the folder"),
        ("status: maintained", "status: maintaned", 5, "did you mean maintained?"),
        ("status: maintained", "status: retired", 1, "add replaced_by"),
        ("licence: MIT", "license: MIT", 4, "did you mean licence?"),
        ("homepage: https://", "homepage: http://", 3, "homepage"),
        ("- local", "- locl", 10, "did you mean local?"),
        ("  online: {}", "  onlin: {}", None, "serving has no slot onlin; did you mean online?"),
    ],
)
def test_a_description_is_checked(
    root: Path, old: str, new: str, line: int | None, says: str
) -> None:
    path = root / "stacks/ninefold_stacks/serving/toy_serving/technology.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    found = faults(root)
    start = f"{path}:{line}: " if line else f"{path.parent}: "
    assert [each.startswith(start) for each in found if says in each] == [True], found


def test_a_component_must_be_known(root: Path) -> None:
    technology(root, "servng", "toy-x", slots={"online": {}})
    assert "servng is no component; did you mean serving?" in faults(root)[0]


def test_scaffold_files_are_templates_of_known_roles(root: Path) -> None:
    folder = root / "stacks/ninefold_stacks/serving/toy_serving"
    plain = scaffold(folder, "serving", "plain.py")
    wrong = scaffold(folder, "servign", "a.py.jinja")
    binary = scaffold(folder, "serving", "b.jinja")
    binary.write_bytes(b"\xff\xfe")
    said = faults(root)
    assert f"{plain}: would not be rendered; add .jinja to its name" in said
    assert f"{wrong}: servign is no role; did you mean serving?" in said
    assert any(each.startswith(f"{binary}: is no UTF-8 text") for each in said)


def test_a_pattern_must_match(root: Path) -> None:
    slots = {"online": {"files": ["src/*/none.py"]}, "batch": {}}
    technology(root, "serving", "toy-serving", slots=slots)
    assert "slots.online.files names src/*/none.py, but no scaffold file matches" in faults(root)[0]


def test_two_that_can_be_chosen_together_bring_no_file_twice(root: Path) -> None:
    base = root / "stacks/ninefold_stacks"
    scaffold(base / "serving/toy_serving", "training", "src/__package__/same.py.jinja")
    scaffold(base / "orchestration/toy_orchestration", "training", "src/__package__/same.py.jinja")
    said = faults(root)
    assert len(said) == 1, said
    assert "brings src/{@ package @}/same.py to training, and so does" in said[0]


def test_two_of_one_slot_may_bring_the_same_file(root: Path) -> None:
    folder = technology(root, "orchestration", "other-orchestration")
    scaffold(folder, "training", "src/__package__/orchestration_port.py.jinja")
    load(root)


def test_two_slots_of_a_component_may_not(root: Path) -> None:
    for name, slot in (("one", "metrics"), ("two", "drift")):
        folder = technology(root, "monitoring", name, slots={slot: {}})
        scaffold(folder, "serving", "src/__package__/same.py.jinja")
    assert "brings src/{@ package @}/same.py to serving" in faults(root)[0]


def test_the_catalog_says_what_each_slot_brings(root: Path) -> None:
    folder = technology(
        root,
        "serving",
        "toy-serving",
        slots={"online": {"files": ["src/*/service.py"]}, "batch": {"files": ["src/*/batch.py"]}},
        contributes={"serving": {"dependencies": ["toy>=1"], "environment": {"TOY": "off"}}},
    )
    for name in ("service", "batch", "common"):
        scaffold(folder, "serving", f"src/__package__/{name}.py.jinja")
    written = write(load(root), root / "templates" / "catalog")
    assert sorted(path.stem for path in written) == sorted(ROLES)
    entries = yaml.safe_load((root / "templates/catalog/serving.yaml").read_text())
    brought = {each["slot"]: [file["path"] for file in each["files"]] for each in entries}
    assert brought == {
        "online": ["src/{@ package @}/common.py", "src/{@ package @}/service.py"],
        "batch": ["src/{@ package @}/batch.py", "src/{@ package @}/common.py"],
    }
    base = "stacks/ninefold_stacks/serving/toy_serving/scaffold/serving/src/__package__"
    assert entries[0] == {
        "component": "serving",
        "slot": "online",
        "technology": "toy-serving",
        "files": [
            {"path": f"src/{{@ package @}}/{name}.py", "source": f"{base}/{name}.py.jinja"}
            for name in ("common", "service")
        ],
        "dependencies": ["toy>=1"],
        "development": [],
        "settings": {},
        "environment": {"TOY": "off"},
        "ignore": [],
        "packages": [],
        "untyped": [],
        "make": [],
        "image": [],
        "excluded": {},
        "release": [],
        "pods": {},
        "images": [],
        "stated": {},
        "production": {},
        "secrets": {},
        "setup": [],
        "job": None,
    }
    assert (root / "templates/catalog/platform.yaml").read_text() == "[]\n"


def test_writing_again_changes_nothing_and_a_change_is_seen(root: Path) -> None:
    folder = root / "templates" / "catalog"
    write(load(root), folder)
    assert write(load(root), folder) == []
    toy = root / "stacks/ninefold_stacks/serving/toy_serving"
    scaffold(toy, "serving", "new.txt.jinja")
    assert stale(load(root), folder) == [folder / "serving.yaml"]
