"""The service as one would write it with BentoML alone."""

import bentoml
from common import Answer, Model, Row


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Bare:
    """One worker with its model."""

    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api
    def predict(self, rows: list[Row]) -> Answer:
        """Score rows."""
        return self.model.predict(rows)

    @bentoml.api
    def predict_keys(self, keys: list[str]) -> Answer:
        """Look the features up, then score."""
        return self.model.predict(self.model.look_up(keys))
