"""Is ready as soon as it runs."""

from collections.abc import Sequence

from .settings import Settings
from .toy import Toy, run


class Hasty(Toy):
    """Nobody looks for the model or the features."""

    def missing(self) -> str:
        return ""


def serve(settings: Settings, arguments: Sequence[str]) -> int:
    return run(Hasty(settings), arguments)
