"""Which alias of the model registry this deployment serves."""

from typing import Final

from .settings import Settings

CHAMPION: Final = "champion"


def served_alias(settings: Settings) -> str:
    """The champion, unless `serving_alias` says otherwise: a second one may follow a challenger."""
    return settings.extra.get("serving_alias") or CHAMPION
