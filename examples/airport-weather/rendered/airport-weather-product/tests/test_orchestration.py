"""The orchestrator keeps to the loop's order, tries again, and stops what depends on a failure."""

from datetime import UTC, datetime
from pathlib import Path

from airport_weather_product import orchestration
from airport_weather_product.pipeline import PIPELINE, LoopStep
from airport_weather_product.settings import Settings


def toy(name: str, *needs: str, retries: int = 0) -> LoopStep:
    return LoopStep(
        name=name, role="toy", repository="toy", needs=needs, retries=retries, summary=name
    )


def called(folder: Path, steps: tuple[LoopStep, ...], failures: dict[str, int]) -> list[str]:
    """The names of the steps as they were called; some fail that many times."""
    names: list[str] = []
    left = dict(failures)

    def command(step: LoopStep) -> bool:
        names.append(step.name)
        left[step.name] = left.get(step.name, 0) - 1
        return left[step.name] < 0

    clock = datetime(2026, 1, 1, tzinfo=UTC)
    orchestration.run(Settings("dev", "local", folder, clock, {}, {}), steps, command)
    return names


def test_the_loop_runs_in_its_order(tmp_path: Path) -> None:
    assert called(tmp_path, PIPELINE, {}) == [step.name for step in PIPELINE]


def test_a_failure_is_tried_again_and_stops_only_what_depends_on_it(tmp_path: Path) -> None:
    steps = (toy("a"), toy("b", "a", retries=1), toy("c", "b"), toy("d", "a"))
    assert called(tmp_path, steps, {"b": 1}).count("b") == 2
    names = called(tmp_path, steps, {"b": 2})
    assert names.count("b") == 2
    assert set(names) == {"a", "b", "d"}
