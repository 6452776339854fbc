"""The training compute: search and final fit on Ray.

Without the setting `compute_address` Ray is started on this machine for as long as needed: it
listens on the loopback interface, asks for a token, and keeps its files in a temporary folder. A
guard process ends all of it together with this process, even after kill -9.

With an address (`auto`, `ray://host:10001`) the work goes to that cluster, which ends what a
process asked of it when that process is gone. The token is in RAY_AUTH_TOKEN.
"""

import math
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from . import environment
from .faults import Fault
from .settings import Settings
from .trials import Range, SearchResult, Trial, best_of

MARK: Final = "COMPUTE_SESSION"  # the guard knows by it what belongs to this session
GUARD: Final = Path(__file__).with_name("compute_guard.py")
OBJECT_STORE: Final = 128 * 2**20  # bytes; trials read their data from files
ATTEMPTS: Final = 3  # a machine that is busy for a moment may start Ray too slowly
ANSWER: Final = 10.0  # seconds for a cluster to take a connection; Ray itself asks for ten minutes
LONGEST_FOLDER: Final = 20  # characters, so that the paths of Ray's sockets stay below 104

Result = TypeVar("Result")


def search(
    settings: Settings,
    space: Mapping[str, Range],
    objective: Callable[[Mapping[str, Any]], float],
    *,
    trials: int,
    seed: int,
    on_trial: Callable[[Trial], None] | None = None,
) -> SearchResult:
    """Maximise the objective over random points of the space; the seed fixes the points.

    A trial that fails never wins; `Fault` when all fail. Ctrl-C ends the search without a result.
    """
    with session(settings):
        from ray import tune
        from ray.tune.search.basic_variant import BasicVariantGenerator

        tuner = tune.Tuner(
            tune.with_resources(_trainable(objective), {"cpu": 1}),
            param_space={name: _domain(limits) for name, limits in space.items()},
            tune_config=tune.TuneConfig(
                metric="value",
                mode="max",
                num_samples=trials,
                search_alg=BasicVariantGenerator(random_state=seed),
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="search",
                storage_path=f"{os.environ[MARK]}/results",
                verbose=0,
                callbacks=[_reporter(on_trial)] if on_trial and not _is_remote(settings) else [],
                # A worker that was killed gets a second chance.
                failure_config=tune.FailureConfig(max_failures=1),
            ),
        )
        found = [_trial(number, result) for number, result in enumerate(tuner.fit())]
    if on_trial and _is_remote(settings):  # what happens there is told when it is over
        for trial in found:
            on_trial(trial)
    return best_of(found)


def fit(settings: Settings, function: Callable[..., Result], *arguments: object) -> Result:
    """Call the function on the compute and return its result; what it raises is raised here."""
    with session(settings):
        import ray
        from ray.exceptions import RayError, RayTaskError

        task = ray.remote(num_cpus=_cpus(settings))(function)
        try:
            result: Result = ray.get(task.remote(*arguments))
        except RayTaskError as error:
            raise error.cause from None
        except RayError as error:
            raise Fault(
                f"the training worker was lost ({type(error).__name__}); "
                "see whether it had enough memory, then train again"
            ) from None
    return result


@contextmanager
def session(settings: Settings) -> Iterator[None]:
    """Keep the compute running for several calls; without it each call starts its own."""
    environment.apply(settings)
    import ray

    if ray.is_initialized():
        yield
        return
    with _joined(ray, settings) if settings.extra["compute_address"] else _started(ray, settings):
        yield


@contextmanager
def _joined(ray: Any, settings: Settings) -> Iterator[None]:
    """The cluster at the address; what trials report lies on the state folder, which it shares."""
    address = settings.extra["compute_address"]
    parent = settings.state / "compute"
    parent.mkdir(parents=True, exist_ok=True)
    os.environ[MARK] = tempfile.mkdtemp(prefix="search-", dir=parent)
    terminate = signal.getsignal(signal.SIGTERM)
    quiet: dict[str, Any] = {} if _is_remote(settings) else {"log_to_driver": False}
    try:
        _join(ray, address, quiet)
        signal.signal(signal.SIGTERM, terminate)  # as in `_start`
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(os.environ.pop(MARK), ignore_errors=True)


def _join(ray: Any, address: str, quiet: Mapping[str, Any]) -> None:
    """Connect; a process that the cluster starts for us may fail where it is busy for a moment."""
    for attempt in range(ATTEMPTS):
        try:
            _reach(address)
            ray.init(address=address, logging_level="ERROR", **quiet)
            break
        except Exception as error:  # Ray raises no narrower class
            ray.shutdown()
            if attempt + 1 == ATTEMPTS:
                raise Fault(
                    f"the cluster at {address} cannot be used ({_why(error)}); see that it runs "
                    f"with Ray {ray.__version__}, and that RAY_AUTH_TOKEN holds its token"
                ) from None


def _why(error: Exception) -> str:
    """One line; where the first only announces what the cluster says, the last has it."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    return lines[-1 if lines[0].endswith(":") else 0]


def _reach(address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host:  # `auto` has none
        socket.create_connection((host, int(port)), ANSWER).close()


@contextmanager
def _started(ray: Any, settings: Settings) -> Iterator[None]:
    """Ray on this machine."""
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    with ExitStack() as running:
        for attempt in range(ATTEMPTS):
            folder = running.enter_context(_guarded(ray))
            try:
                _start(ray, settings, folder)
                break
            # Ray waits thirty seconds for its own processes, and raises no narrower class.
            except Exception as error:
                running.close()  # what did start would slow the next attempt down
                if attempt + 1 == ATTEMPTS:
                    raise Fault(
                        f"Ray did not start: {str(error).strip().splitlines()[0]} "
                        "See whether the machine has free memory and a free core, then train again"
                    ) from None
        yield


@contextmanager
def _guarded(ray: Any) -> Iterator[str]:
    """A folder for Ray; what works in it ends with it."""
    parent = tempfile.gettempdir()
    short = parent if len(parent) <= LONGEST_FOLDER else "/tmp"  # noqa: S108
    folder = tempfile.mkdtemp(prefix="ray-", dir=short)
    guard = subprocess.Popen(
        [sys.executable, "-I", str(GUARD), folder], stdin=subprocess.PIPE, start_new_session=True
    )
    os.environ[MARK] = folder
    try:
        yield folder
    finally:
        ray.shutdown()
        del os.environ[MARK]
        guard.communicate()


def _start(ray: Any, settings: Settings, folder: str) -> None:
    terminate = signal.getsignal(signal.SIGTERM)
    ray.init(
        address="local",
        num_cpus=_cpus(settings),
        object_store_memory=OBJECT_STORE,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        _temp_dir=folder,
    )
    # Ray sets a handler of its own that ends the process in the middle of a step.
    signal.signal(signal.SIGTERM, terminate)


def _trainable(objective: Callable[[Mapping[str, Any]], float]) -> Callable[[dict[str, Any]], None]:
    def trial(parameters: dict[str, Any]) -> None:
        from ray import tune

        value = float(objective(parameters))
        if not math.isfinite(value):
            raise ValueError(f"the objective is {value}")
        tune.report({"value": value})

    return trial


def _domain(limits: Range) -> Any:
    from ray import tune

    if limits.integer:
        lowest, highest = int(limits.minimum), int(limits.maximum)
        return (tune.lograndint if limits.log else tune.randint)(lowest, highest + 1)
    return (tune.loguniform if limits.log else tune.uniform)(limits.minimum, limits.maximum)


def _trial(number: int, result: Any) -> Trial:
    value = None if result.error else (result.metrics or {}).get("value")
    error = None if value is not None else str(result.error or "no result").splitlines()[-1]
    seconds = float((result.metrics or {}).get("time_total_s", 0.0))
    return Trial(number, dict(result.config or {}), value, error, seconds)


def _reporter(on_trial: Callable[[Trial], None]) -> Any:
    from ray import tune

    class Reporter(tune.Callback):  # type: ignore[misc]
        """Tells about each trial as it ends."""

        def on_trial_complete(
            self, iteration: int, trials: list[Any], trial: Any, **_: Any
        ) -> None:
            last = trial.last_result
            on_trial(
                Trial(
                    trials.index(trial),
                    dict(trial.config),
                    float(last["value"]),
                    None,
                    float(last["time_total_s"]),
                )
            )

        def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
            on_trial(Trial(trials.index(trial), dict(trial.config), None, "failed", 0.0))

    return Reporter()


def _is_remote(settings: Settings) -> bool:
    """Whether the work is done by another process in our place, as Ray's clients have it."""
    return settings.extra["compute_address"].startswith("ray://")


def _cpus(settings: Settings) -> int:
    wanted = int(settings.extra["compute_cpus"])
    here = wanted if settings.extra["compute_address"] else os.cpu_count() or 1
    return max(1, min(here, wanted))
