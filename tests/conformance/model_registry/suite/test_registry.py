"""What every model registry does: versions, aliases with a history, packages that are checked."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy
import pytest
import xgboost
from conftest import PACKAGE, faults, model, registry

ALIAS = "champion"


@pytest.fixture
def package(tmp_path: Path) -> Callable[[int], Path]:
    """Model packages that differ by their number."""

    def make(number: int) -> Path:
        folder = tmp_path / "packages" / str(number)
        if not folder.exists():
            model.write_package(folder, booster(number), signature())
        return folder

    return make


def booster(number: int) -> bytes:
    data = numpy.random.default_rng(number).normal(size=(50, 1))
    rows = xgboost.DMatrix(data, label=data[:, 0] > 0, feature_names=["a"], feature_types=["q"])
    return bytes(xgboost.train({"nthread": 1}, rows, num_boost_round=2).save_raw("ubj"))


def signature() -> dict[str, Any]:
    features = [{"name": "a", "type": "number"}]
    return {"problem": "binary-classification", "label": "late", "features": features}


def add(settings: Any, package: Path, record: str = "run-1") -> Any:
    return registry.register(settings, package, metrics={"score": 0.7}, record_id=record)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_package_comes_back_byte_for_byte(settings: Any, package: Any, tmp_path: Path) -> None:
    version = add(settings, package(1))
    assert version.digest == model.package_digest(package(1))
    registry.promote(settings, version.version, ALIAS, "first")
    assert registry.current(settings, ALIAS) == version.version
    assert registry.load(settings, ALIAS, tmp_path / "loaded") == version
    assert contents(tmp_path / "loaded") == contents(package(1))


def test_nothing_has_the_alias_at_first(settings: Any, package: Any, tmp_path: Path) -> None:
    assert registry.current(settings, ALIAS) is None
    assert registry.history(settings) == []
    add(settings, package(1))
    assert registry.current(settings, ALIAS) is None
    with pytest.raises(faults.Fault, match=ALIAS):
        registry.load(settings, ALIAS, tmp_path / "loaded")
    assert not (tmp_path / "loaded").exists()


def test_same_package_of_the_same_run_is_one_version(settings: Any, package: Any) -> None:
    first, again = add(settings, package(1)), add(settings, package(1))
    assert first == again
    assert add(settings, package(1), "run-2").version != first.version
    assert add(settings, package(2)).version != first.version


def test_promotion_can_be_taken_back_and_both_are_told(
    settings: Any, package: Any, tmp_path: Path
) -> None:
    one, two = (add(settings, package(number)).version for number in (1, 2))
    for version, reason in ((one, "first"), (two, "better"), (one, "taken back")):
        registry.promote(settings, version, ALIAS, reason)
    told = registry.history(settings)
    assert [entry.version for entry in told] == [one, two, one]
    assert [entry.reason for entry in told] == ["first", "better", "taken back"]
    assert [entry.previous for entry in told] == [None, one, two]
    registry.load(settings, ALIAS, tmp_path / "loaded")
    assert contents(tmp_path / "loaded") == contents(package(1))


def test_a_version_can_be_meant_itself(settings: Any, package: Any, tmp_path: Path) -> None:
    """A release names a model by its number: no alias that moves changes what is served then."""
    one, two = (add(settings, package(number)) for number in (1, 2))
    registry.promote(settings, two.version, ALIAS, "better")
    assert registry.current(settings, f"v{one.version}") == one.version
    assert registry.load(settings, f"v{one.version}", tmp_path / "loaded") == one
    assert contents(tmp_path / "loaded") == contents(package(1))
    assert registry.current(settings, "v77") is None
    with pytest.raises(faults.Fault, match="v77"):
        registry.load(settings, "v77", tmp_path / "other")
    with pytest.raises(faults.Fault, match=f"v{two.version}"):
        registry.promote(settings, one.version, f"v{two.version}", "by mistake")


def test_unknown_version_is_refused(settings: Any, package: Any) -> None:
    add(settings, package(1))
    with pytest.raises(faults.Fault, match="77"):
        registry.promote(settings, "77", ALIAS, "by mistake")
    assert registry.history(settings) == []
    assert registry.current(settings, ALIAS) is None


def test_two_promotions_at_once_leave_one_winner_and_both_in_the_history(
    settings: Any, package: Any
) -> None:
    versions = [add(settings, package(number)).version for number in (1, 2)]
    code = textwrap.dedent("""
        import importlib, sys
        package, version = sys.argv[1:]
        registry, settings, environment = (
            importlib.import_module(f"{package}.{name}")
            for name in ("registry", "settings", "environment")
        )
        loaded = settings.load_settings()
        environment.apply(loaded)
        registry.current(loaded, "champion")
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(5):
            registry.promote(loaded, version, "champion", f"{version}/{number}")
    """)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, PACKAGE, version],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for version in versions
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    told = registry.history(settings)
    expected = {f"{version}/{number}" for version in versions for number in range(5)}
    assert {entry.reason for entry in told} == expected
    assert len(told) == len(expected)
    assert registry.current(settings, ALIAS) == told[-1].version
    assert [entry.previous for entry in told[1:]] == [entry.version for entry in told[:-1]]


def test_damaged_artifact_is_refused(
    settings: Any, stored: Any, package: Any, tmp_path: Path
) -> None:
    promoted(settings, package(1))
    for name in models(stored):
        stored[name] = stored[name][:-1] + b"x"
    refused(settings, tmp_path)


def test_artifact_with_a_manifest_of_its_own_is_refused(
    settings: Any, stored: Any, package: Any, tmp_path: Path
) -> None:
    promoted(settings, package(1))
    for place in models(stored):
        for name in (*model.FILES, model.MANIFEST):
            stored[str(PurePosixPath(place).parent / name)] = (package(2) / name).read_bytes()
    refused(settings, tmp_path)


def test_missing_artifact_is_refused(
    settings: Any, stored: Any, package: Any, tmp_path: Path
) -> None:
    promoted(settings, package(1))
    for name in models(stored):
        del stored[name]
    refused(settings, tmp_path)


def models(stored: Any) -> list[str]:
    found = [name for name in stored if PurePosixPath(name).name == model.MODEL]
    assert found, "the suite does not see what the registry keeps"
    return found


def test_nothing_stored_is_a_pickle(settings: Any, stored: Any, package: Any) -> None:
    promoted(settings, package(1))
    assert models(stored)
    for name, content in stored.items():
        assert PurePosixPath(name).suffix not in {".pkl", ".pickle", ".joblib"}
        assert not content.startswith((b"\x80\x03", b"\x80\x04", b"\x80\x05"))
        if PurePosixPath(name).name == "MLmodel":
            assert b"cloudpickle" not in content


def test_loading_replaces_what_was_there(settings: Any, package: Any, tmp_path: Path) -> None:
    promoted(settings, package(1))
    (tmp_path / "loaded").mkdir()
    (tmp_path / "loaded" / "old").touch()
    registry.load(settings, ALIAS, tmp_path / "loaded")
    assert contents(tmp_path / "loaded") == contents(package(1))


def test_state_folder_may_be_moved(
    settings: Any, settings_of: Any, package: Any, tmp_path: Path
) -> None:
    first = promoted(settings, package(1))
    moved = settings_of(settings.state.parent / "moved")
    settings.state.mkdir(parents=True, exist_ok=True)  # a registry may keep nothing in it
    settings.state.rename(moved.state)
    assert registry.load(moved, ALIAS, tmp_path / "one") == first
    second = promoted(moved, package(2))
    assert registry.load(moved, ALIAS, tmp_path / "two") == second
    assert not settings.state.exists()


def promoted(settings: Any, package: Path) -> Any:
    version = add(settings, package)
    registry.promote(settings, version.version, ALIAS, "good")
    return version


def refused(settings: Any, folder: Path) -> None:
    with pytest.raises(faults.Fault):
        registry.load(settings, ALIAS, folder / "loaded")
    assert not (folder / "loaded").exists()
