"""Lets go of the old model before it has the new one."""

import time
from collections.abc import Sequence

from . import registry
from .champion import ALIAS
from .messages import Answer
from .settings import Settings
from .toy import Toy, run


class Abrupt(Toy):
    """Loads when a request finds that the alias moved, with nothing to answer meanwhile."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.predictor.champion.stop()

    def answer(self, body: bytes) -> Answer:
        champion = self.predictor.champion
        scorer = champion.scorer
        if scorer is not None and registry.current(self.settings, ALIAS) != scorer.version:
            champion.scorer = None
            answer = self.predictor.answer(body)
            time.sleep(0.2)
            champion.refresh()
            return answer
        return self.predictor.answer(body)


def serve(settings: Settings, arguments: Sequence[str]) -> int:
    return run(Abrupt(settings), arguments)
