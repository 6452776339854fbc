"""The service as one would write it with FastAPI alone."""

from common import Answer, Model, Question
from fastapi import FastAPI

app = FastAPI()
model = Model()


@app.post("/predict")
async def predict(question: Question) -> Answer:
    """Score rows."""
    return model.predict(question.rows or [])


@app.post("/predict_keys")
def predict_keys(question: Question) -> Answer:
    """Look the features up, then score."""
    return model.predict(model.look_up(question.keys or []))
