"""Typed settings: the same code runs everywhere, only `settings/<environment>.toml` differs."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from .faults import Fault
from .rounds import Round

PREFIX: Final = "AIRPORT_WEATHER"
DEFAULT_ENVIRONMENT: Final = "dev"


@dataclass(frozen=True)
class Replay:
    """How history goes on after the clock: one round each `every`, the last ends at `until`."""

    until: datetime
    every: timedelta


@dataclass(frozen=True)
class Settings:
    """What differs between environments.

    `state` holds data, models and records; `sources` are raw data by name; `extra` belongs to
    the technologies in use.
    """

    environment: str
    target: str
    state: Path
    replayed: datetime | None
    sources: Mapping[str, str]
    extra: Mapping[str, str]
    replay: Replay | None = None
    round: Round | None = None

    @property
    def clock(self) -> datetime:
        """Now, in UTC: the end of the round, or the replayed instant where there is one."""
        if self.round is not None:
            return self.round.end
        return self.replayed or datetime.now(UTC)


def load_settings() -> Settings:
    """Read the settings of the environment named by `AIRPORT_WEATHER_ENVIRONMENT`.

    Raises `Fault` when there is no such environment or a value is wrong.
    """
    environment = os.environ.get(f"{PREFIX}_ENVIRONMENT", DEFAULT_ENVIRONMENT)
    path = Path("settings") / f"{environment}.toml"
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(file.stem for file in Path("settings").glob("*.toml")))
        raise Fault(
            f"no {path} in {Path.cwd()}; start from the repository's folder and set "
            f"{PREFIX}_ENVIRONMENT to one of: {known or 'none here'}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Fault(f"{path}: {error}; mend the file") from None
    return _settings(environment, path, document)


def _settings(environment: str, path: Path, document: Mapping[str, Any]) -> Settings:
    state = Path(os.environ.get(f"{PREFIX}_STATE") or _text(document, "state", path)).resolve()
    clock = os.environ.get(f"{PREFIX}_CLOCK") or str(document.get("clock", ""))
    technology = document.get("technology", {})
    sources = {
        name: os.environ.get(f"{PREFIX}_SOURCE_{name.upper()}", str(location))
        for name, location in document.get("sources", {}).items()
    }
    return Settings(
        environment=environment,
        target=_text(document, "target", path),
        state=state,
        replayed=_instant(clock, path) if clock else None,
        sources=sources,
        extra={
            name: (os.environ.get(f"{PREFIX}_{name.upper()}") or str(value)).format(state=state)
            for name, value in technology.items()
        },
        replay=_replay(document, path),
    )


def _replay(document: Mapping[str, Any], path: Path) -> Replay | None:
    replay = document.get("replay")
    if replay is None:
        return None
    every = re.fullmatch(r"([1-9][0-9]*)([mhd])", str(replay.get("every")))
    if every is None:
        raise Fault(f"{path}: replay.every is no duration; write 30m, 12h or 31d")
    units = {"m": "minutes", "h": "hours", "d": "days"}
    return Replay(
        until=_instant(str(replay.get("until")), path),
        every=timedelta(**{units[every[2]]: int(every[1])}),
    )


def _text(document: Mapping[str, Any], key: str, path: Path) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise Fault(f'{path}: `{key}` is missing; add a line {key} = "..."')
    return value


def _instant(text: str, path: Path) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Fault(f'{path}: "{text}" is no instant; write 2026-01-31T12:00:00Z') from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
