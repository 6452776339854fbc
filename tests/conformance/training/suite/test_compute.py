"""What every training compute does: search, final fit, failures.

Objectives are local functions, so that a compute ships them to its workers whole.
"""

import os
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import compute, faults, trials

SPACE = {
    "x": trials.Range(0.0, 1.0),
    "rate": trials.Range(0.01, 1.0, log=True),
    "depth": trials.Range(2, 5, integer=True),
}


def plain() -> Callable[[Mapping[str, Any]], float]:
    """Highest where x is highest."""

    def objective(parameters: Mapping[str, Any]) -> float:
        return float(parameters["x"])

    return objective


def search(settings: Any, objective: Any, seed: int = 1, number: int = 6, **more: Any) -> Any:
    return compute.search(settings, SPACE, objective, trials=number, seed=seed, **more)


@pytest.fixture(scope="module")
def told() -> list[Any]:
    """What the shared search told of its trials."""
    return []


@pytest.fixture(scope="module")
def found(session: Any, told: list[Any]) -> Any:
    """One search that several tests look at."""
    return search(session, plain(), on_trial=told.append)


def test_highest_value_wins(found: Any) -> None:
    values = [trial.value for trial in found.trials]
    assert len(values) == len(set(values)) == 6
    assert found.value == max(values) == found.parameters["x"]


def test_points_lie_in_the_space(found: Any) -> None:
    for trial in found.trials:
        for name, limits in SPACE.items():
            assert limits.minimum <= trial.parameters[name] <= limits.maximum
        assert isinstance(trial.parameters["depth"], int)


def test_each_trial_is_told_once(found: Any, told: list[Any]) -> None:
    assert sorted(trial.number for trial in told) == list(range(6))
    assert {trial.value for trial in told} == {trial.value for trial in found.trials}


def test_same_seed_same_result_and_another_seed_other_points(session: Any, found: Any) -> None:
    again = search(session, plain())
    assert [trial.parameters for trial in again.trials] == [t.parameters for t in found.trials]
    assert [trial.value for trial in again.trials] == [trial.value for trial in found.trials]
    assert again.parameters == found.parameters
    other = search(session, plain(), seed=2, number=2)
    assert other.trials[0].parameters != found.trials[0].parameters


def test_failing_trial_never_wins(session: Any, found: Any) -> None:
    best, second, third, fourth, *_ = sorted((t.value for t in found.trials), reverse=True)

    def objective(parameters: Mapping[str, Any]) -> float:
        if parameters["x"] == best:
            raise ValueError("too good to be true")
        nonsense = {second: float("nan"), third: float("inf")}
        return float(nonsense.get(parameters["x"], parameters["x"]))

    judged = search(session, objective)
    failed = [trial for trial in judged.trials if trial.value is None]
    assert {trial.parameters["x"] for trial in failed} == {best, second, third}
    assert all(trial.error for trial in failed)
    assert judged.value == fourth


def test_all_failing_is_a_fault(session: Any) -> None:
    def objective(parameters: Mapping[str, Any]) -> float:
        raise ValueError("never works")

    with pytest.raises(faults.Fault, match="all 1 trials"):
        search(session, objective, number=1)


def test_killed_worker_is_survived(session: Any, tmp_path: Path) -> None:
    mark, own = tmp_path / "killed", os.getpid()

    def objective(parameters: Mapping[str, Any]) -> float:
        if os.getpid() != own and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return float(parameters["x"])

    survived = search(session, objective, number=2)
    assert mark.exists()
    assert all(trial.value is not None for trial in survived.trials)


def test_fit_returns_what_the_function_returns(session: Any) -> None:
    def power(base: int, exponent: int) -> int:
        return int(base**exponent)

    assert compute.fit(session, power, 2, 10) == 1024


def test_fit_raises_what_the_function_raises(session: Any) -> None:
    fault = faults.Fault

    def refuse() -> None:
        raise fault("mend this")

    with pytest.raises(faults.Fault, match=r"^mend this$"):
        compute.fit(session, refuse)


def test_same_seed_same_model(session: Any) -> None:
    def train(seed: int) -> bytes:
        import numpy
        import xgboost

        generator = numpy.random.default_rng(0)
        data = generator.normal(size=(500, 4))
        rows = xgboost.DMatrix(data, label=data[:, 0] > 0, nthread=2)
        chosen = {"seed": seed, "subsample": 0.5, "nthread": 2, "objective": "binary:logistic"}
        return bytes(xgboost.train(chosen, rows, num_boost_round=5).save_raw("ubj"))

    first, again, other = (compute.fit(session, train, seed) for seed in (3, 3, 4))
    assert first == again != other


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc")
def test_nothing_listens_beyond_this_machine(session: Any) -> None:
    sockets = {
        str(link.readlink())
        for process in _descendants(os.getpid())
        for link in _links(Path(f"/proc/{process}/fd"))
    }
    listening = [
        address
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        for address, state, inode in [(line.split()[1], line.split()[3], line.split()[9])]
        if state == "0A" and f"socket:[{inode}]" in sockets
    ]
    assert all(_is_loopback(address.partition(":")[0]) for address in listening), listening


def _descendants(process: int) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _links(folder: Path) -> list[Path]:
    """What can still be read of a process's open files."""
    found = []
    try:
        for link in folder.iterdir():
            if link.is_symlink():
                link.readlink()
                found.append(link)
    except OSError:
        pass
    return found


def _is_loopback(address: str) -> bool:
    raw = bytes.fromhex(address)
    if len(raw) == 4:
        return socket.inet_ntoa(raw[::-1]).startswith("127.")
    words = [raw[start : start + 4][::-1] for start in range(0, 16, 4)]
    whole = socket.inet_ntop(socket.AF_INET6, b"".join(words))
    return whole == "::1" or whole.startswith("::ffff:127.")
