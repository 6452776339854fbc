"""The model in service: loaded once, replaced between two predictions when the alias moves."""

import logging
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from . import registry
from .alias import served_alias
from .faults import Fault
from .model import Model
from .scoring import Scorer
from .settings import Settings

POLL_SECONDS: Final = 2.0

logger = logging.getLogger("flight_delays_serving")


def load_scorer(settings: Settings) -> Scorer:
    """Load what has the alias; `Fault` when nothing has it or it was changed since training."""
    with tempfile.TemporaryDirectory(prefix="flight-delays-serving-") as scratch:
        folder = Path(scratch) / "model"
        version = registry.load(settings, served_alias(settings), folder)
        return Scorer(Model.load(folder), version.version)


class Champion:
    """Holds the scorer of the version that has the alias.

    A registry that fails later or an alias that is taken away does not stop the service: it goes
    on with the version that it has.
    """

    def __init__(self, settings: Settings, loaded: Callable[[str], None]) -> None:
        self.scorer: Scorer | None = None
        self.problem = "no model is loaded yet"
        self._settings = settings
        self._loaded = loaded
        self._stopped = threading.Event()

    def refresh(self) -> None:
        """Load the champion if the alias names another version than the one in service."""
        try:
            alias = served_alias(self._settings)
            version = registry.current(self._settings, alias)
            if version is None and self.scorer is None:
                self._report(f"no model has the alias {alias}; register one that is accepted")
            if version is None or (self.scorer is not None and version == self.scorer.version):
                return
            scorer = load_scorer(self._settings)
        except Fault as fault:
            self._report(str(fault))
        except Exception as error:  # whatever the registry raises, the service goes on
            self._report(f"the registry does not answer: {type(error).__name__}: {error}")
        else:
            self.scorer, self.problem = scorer, ""
            self._loaded(scorer.version)
            logger.info("model version %s is in service", scorer.version)

    def follow(self) -> None:
        """Refresh in the background until `stop`."""
        threading.Thread(target=self._poll, name="champion", daemon=True).start()

    def stop(self) -> None:
        """End the background refresh."""
        self._stopped.set()

    def _poll(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            self.refresh()

    def _report(self, problem: str) -> None:
        if problem != self.problem:
            logger.warning("%s", problem)
        self.problem = problem
