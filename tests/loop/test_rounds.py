"""The loop goes round: what is planted in the data is noticed, and what is decided follows from it.

Late flights are planted, so that the right decision is known: through the one command that people
use, on real schedules, with a service that is asked all the time.
"""

import fcntl
import json
from typing import Any

import pytest
from conftest import Ended, Loop

from sliced import cut_flights

CHANGE = (2, 17)  # month and day: after the first model
ROUNDS = ("20130302T1200Z", "20130316T1200Z")


def in_the_evening(flight: dict[str, str]) -> bool:
    """What the first model learns."""
    return int(flight["sched_dep_time"]) >= 1500


def then_from_laguardia(flight: dict[str, str]) -> bool:
    """Once the model is in service, something else makes flights late."""
    if (int(flight["month"]), int(flight["day"])) < CHANGE:
        return in_the_evening(flight)
    return flight["origin"] == "LGA"


@pytest.fixture(scope="module")
def changed(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """The world changes after the first model."""
    folder = tmp_path_factory.mktemp("changed")
    cut_flights(loop.family, folder / "flights.csv", then_from_laguardia)
    return loop.on(folder / "flights.csv", folder / "state")


@pytest.fixture(scope="module")
def steady(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """The world stays as it is."""
    folder = tmp_path_factory.mktemp("steady")
    cut_flights(loop.family, folder / "flights.csv", in_the_evening)
    return loop.on(folder / "flights.csv", folder / "state")


@pytest.fixture(scope="module")
def changed_run(changed: Loop) -> Ended:
    """The loop where the world changes."""
    return changed.run()


@pytest.fixture(scope="module")
def steady_run(steady: Loop) -> Ended:
    """The loop where it does not."""
    return steady.run()


def documents(loop: Loop, name: str) -> list[dict[str, Any]]:
    """A document of each round."""
    return [loop.read(f"rounds/{part}/{name}.json") for part in ROUNDS]


def test_a_changed_world_is_noticed_and_learnt(changed: Loop, changed_run: Ended) -> None:
    assert changed_run.code == 0, changed_run.output
    assert all(one["quality"]["alert"] for one in documents(changed, "watch")[:1])
    promoted = [one for one in documents(changed, "comparison") if one["decision"] == "promoted"]
    assert promoted, changed_run.output
    for one in promoted:
        assert one["challenger"]["version"] != one["champion"]["version"]
        assert one["difference"] > 0.01
    assert "promoted" in changed_run.output
    assert 'class="absent"' not in (changed.state / "report.html").read_text()


def test_the_service_follows_without_a_failed_request(changed: Loop, changed_run: Ended) -> None:
    assert changed_run.code == 0, changed_run.output
    followed = [one for one in documents(changed, "follow") if one["needed"]]
    assert followed
    for one in documents(changed, "follow"):
        assert one["failed"] == 0 < one["requests"]
        assert one["same_process"]
    lines = (changed.state / "serving" / "heartbeat.jsonl").read_text().splitlines()
    versions = [json.loads(line).get("version") for line in lines]
    assert versions[0] == "1"
    assert versions[-1] == followed[-1]["version"] != "1"
    changed.wait_until_none_is_left()


def test_what_was_decided_stays_decided(changed: Loop, changed_run: Ended) -> None:
    before = changed.records()
    again = changed.run()
    assert again.code == 0, again.output
    assert set(again.steps.values()) == {"nothing changed"}
    assert changed.records() == before


def test_a_round_that_is_replayed_again_has_its_champion_back(
    changed: Loop, changed_run: Ended
) -> None:
    before = [one["decision"] for one in documents(changed, "comparison")]
    again = changed.run(
        ("uv", "run", "--frozen", "flight-delays-product", "loop", "--from", "traffic@1")
    )
    assert again.code == 0, again.output
    assert again.steps["register"] == "nothing changed"
    assert again.steps["compare@2"] == "ran"
    assert [one["decision"] for one in documents(changed, "comparison")] == before
    assert documents(changed, "traffic")[0]["versions"].keys() == {"1"}


def test_a_promotion_that_is_judged_anew_meets_the_champion_before_it(
    changed: Loop, changed_run: Ended
) -> None:
    before = documents(changed, "comparison")
    number, judged = next(
        (number, one) for number, one in enumerate(before, 1) if one["decision"] == "promoted"
    )
    again = changed.run(
        ("uv", "run", "--frozen", "flight-delays-product", "loop", "--from", f"watch@{number}")
    )
    assert again.code == 0, again.output
    assert again.steps[f"traffic@{number}"] == "nothing changed"
    anew = documents(changed, "comparison")
    assert [one["decision"] for one in anew] == [one["decision"] for one in before]
    assert anew[number - 1]["champion"]["version"] == judged["champion"]["version"]
    promoted = [one["challenger"]["version"] for one in anew if one["decision"] == "promoted"]
    assert documents(changed, "follow")[-1]["version"] == promoted[-1]
    assert set(changed.run().steps.values()) == {"nothing changed"}


def test_a_steady_world_needs_no_retraining(steady: Loop, steady_run: Ended) -> None:
    assert steady_run.code == 0, steady_run.output
    for one in documents(steady, "watch"):
        assert not one["quality"]["alert"]
        assert not one["retrain"]
    assert {one["decision"] for one in documents(steady, "comparison")} == {"not needed"}


def test_a_challenger_asked_for_by_hand_is_refused_if_no_better(
    steady: Loop, steady_run: Ended
) -> None:
    words = ("loop", "--retrain", "somebody wants to know")
    ended = steady.run(("uv", "run", "--frozen", "flight-delays-product", *words))
    assert ended.code == 0, ended.output
    first, last = documents(steady, "comparison")
    assert first["decision"] == "not needed"
    assert last["decision"] == "refused", last
    assert last["reasons"]
    assert ended.steps["traffic@2"] == "nothing changed"
    assert ended.steps["retrain@2"] == "ran"
    again = steady.run()
    assert set(again.steps.values()) == {"nothing changed"}, again.output


def test_a_round_that_fails_stops_the_later_ones(steady: Loop, steady_run: Ended) -> None:
    lock = steady.state / "runs" / "watch" / ROUNDS[0] / ".lock"
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ended = steady.run(
            ("uv", "run", "--frozen", "flight-delays-product", "loop", "--from", "watch@1")
        )
    assert ended.code != 0
    assert ended.steps["watch@1"] == "failed"
    assert {ended.steps[step] for step in ("compare@1", "traffic@2", "report@2")} == {"not run"}
    steady.wait_until_none_is_left()
