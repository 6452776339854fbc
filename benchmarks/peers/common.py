"""What both peers share: the model of the family, and its features as Feast alone reads them."""

from typing import Any

import pydantic
from feast import FeatureStore
from flight_delays_serving import features
from flight_delays_serving.champion import load_scorer
from flight_delays_serving.definitions import (
    FEATURES,
    JOIN_KEYS,
    KEY,
    KEY_VIEW,
)
from flight_delays_serving.scoring import FEATURES as TYPES
from flight_delays_serving.settings import load_settings

_FIELDS: dict[str, Any] = {
    name: ((str if type_ == "category" else float) | None, ...) for name, type_ in TYPES.items()
}
Row = pydantic.create_model("Row", __config__={"extra": "forbid"}, **_FIELDS)


class Question(pydantic.BaseModel):
    """Rows or keys."""

    rows: list[Row] | None = None
    keys: list[str] | None = None


class Prediction(pydantic.BaseModel):
    """One answer."""

    prediction: float
    model_version: str


class Answer(pydantic.BaseModel):
    """All answers: BentoML answers a model much faster than a list of them."""

    predictions: list[Prediction]


class Model:
    """The champion, and Feast's online store."""

    def __init__(self) -> None:
        settings = load_settings()
        self.scorer = load_scorer(settings)
        database = features.Path(settings.extra["feature_store"]) / "online.db"
        self.store: FeatureStore = features._store(settings.state / "features", database, "")
        self.references = [f"{view}:{name}" for name, view in FEATURES.items()]
        self.key_references = [f"{KEY_VIEW}:{name}" for name in JOIN_KEYS]

    def predict(self, rows: list[Row]) -> Answer:
        """Score full rows."""
        predicted = self.scorer.predict([dict(row) for row in rows])
        version = self.scorer.version
        predictions = [Prediction(prediction=one, model_version=version) for one in predicted]
        return Answer(predictions=predictions)

    def look_up(self, keys: list[str]) -> list[Row]:
        """The features of each key: first its join keys, then what lies under them."""
        asked = [{KEY: key} for key in keys]
        known = self.store.get_online_features(self.key_references, asked).to_dict()
        rows = [
            {KEY: key, **{name: known[name][at] or "" for name in JOIN_KEYS}}
            for at, key in enumerate(keys)
        ]
        found = self.store.get_online_features(self.references, rows).to_dict()
        return [Row(**{name: found[name][at] for name in TYPES}) for at in range(len(keys))]
