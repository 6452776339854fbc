"""Predictions beside what came of them: the traffic of the rounds and the labels known by now."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pandas as pd

from . import rounds
from .faults import Fault
from .plan import FEATURES, KEY, LABEL, WINDOW
from .settings import Settings

SAID: Final = ("prediction", "model_version")
KNOWN: Final = (LABEL, "label_known_at", "excluded")


@dataclass(frozen=True)
class Watched:
    """What is looked at in a round: its own time, or the window where the round is shorter."""

    start: datetime
    end: datetime


def watched(settings: Settings) -> Watched:
    """The time that this round looks at."""
    now = rounds.current(settings)
    return Watched(min(now.start, now.end - WINDOW), now.end)


def traffic_files(settings: Settings) -> list[Path]:
    """The tables of the traffic up to this round, oldest first."""
    part = rounds.current(settings).part
    found = sorted((settings.state / "rounds").glob("[0-9]*Z/traffic.parquet"))
    return [path for path in found if path.parent.name <= part]


def read_traffic(settings: Settings) -> pd.DataFrame:
    """What was asked in the time watched, with all features."""
    seen = watched(settings)
    frame = _read(settings, [*SAID, *FEATURES])
    inside = (frame["event_timestamp"] > seen.start) & (frame["event_timestamp"] <= seen.end)
    return frame[inside].reset_index(drop=True)


def versions_in_order(settings: Settings) -> list[str]:
    """The versions that have answered up to this round, in the order of their last answer."""
    frame = _read(settings, ["model_version"]).sort_values("event_timestamp", kind="stable")
    return [str(version) for version in frame["model_version"].drop_duplicates(keep="last")]


def read_labelled(settings: Settings) -> pd.DataFrame:
    """Predictions whose label has become known in the time watched, in the order of time.

    The label may belong to a prediction that is much older: what counts is when it became known,
    so that labels that take long are watched, too, and quick ones are not preferred. Of several
    predictions for one label the last before it was known counts.
    """
    seen = watched(settings)
    said = _read(settings, list(SAID))
    entities = read_entities(settings)
    by = [KEY] if entities[KEY].is_unique else [KEY, "event_timestamp"]
    columns = entities[[*by, *KNOWN]]
    found = said[said[KEY].notna()].merge(columns, on=by, how="inner")
    since, until = pd.Timestamp(seen.start), pd.Timestamp(seen.end)
    known = found["label_known_at"]
    found = found[
        found[LABEL].notna()
        & found["excluded"].isna()
        & (known > since)
        & (known <= until)
        & (found["event_timestamp"] < known)
    ]
    found = found.sort_values(["event_timestamp", KEY], kind="stable")
    return found.drop_duplicates(by, keep="last").reset_index(drop=True)


def read_entities(settings: Settings) -> pd.DataFrame:
    """Who is predicted, as of when, and what came of it, by the contract entities."""
    path = settings.state / "features" / "entities.parquet"
    try:
        return pd.read_parquet(path, columns=[KEY, "event_timestamp", *KNOWN])
    except (OSError, ValueError) as error:
        raise Fault(
            f"{path} cannot be read or breaks its contract ({error}); run the step that writes it"
        ) from None


def learnable(settings: Settings, since: datetime) -> int:
    """Rows with a label known by now that a model does not know which has learnt until `since`."""
    entities = read_entities(settings)
    fresh = entities["event_timestamp"] >= pd.Timestamp(since)
    known = entities["label_known_at"] <= pd.Timestamp(settings.clock)
    usable = entities[LABEL].notna() & entities["excluded"].isna()
    return int((fresh & known & usable).sum())


def _read(settings: Settings, columns: list[str]) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    for path in traffic_files(settings):
        try:
            part = pd.read_parquet(path, columns=["key", "as_of", *columns])
        except (OSError, ValueError) as error:
            raise Fault(f"{path} cannot be read ({error}); run `traffic` of its round") from None
        parts.append(part.rename(columns={"key": KEY, "as_of": "event_timestamp"}))
    if not parts:
        raise Fault("no round has a traffic.parquet yet; run `traffic` first")
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True)
