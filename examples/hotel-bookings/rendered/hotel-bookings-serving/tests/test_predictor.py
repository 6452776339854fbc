"""Requests are answered as a whole or refused as a whole, and what was answered is logged."""

import json
import time
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import jsonschema
import numpy as np
import pytest
from conftest import (
    KEYS,
    NOW,
    Registry,
    Store,
    contract,
    row,
)

from hotel_bookings_serving import champion
from hotel_bookings_serving.messages import LARGEST_BODY
from hotel_bookings_serving.prediction_log import (
    entries,
    replayed,
    replayed_between,
)
from hotel_bookings_serving.predictor import Predictor, Question
from hotel_bookings_serving.scoring import FEATURES
from hotel_bookings_serving.settings import Settings

NUMBER: Final = next(name for name, type_ in FEATURES.items() if type_ == "number")


@pytest.fixture
def predictor(settings: Settings, models: Registry, store: Store) -> Predictor:
    models.add("1")
    made = Predictor(settings)
    made.champion.refresh()
    return made


def ask(predictor: Predictor, question: object) -> tuple[int, dict[str, Any]]:
    body = question if isinstance(question, bytes) else json.dumps(question).encode()
    answer = predictor.answer(body)
    return answer.status, json.loads(json.dumps(answer.document, allow_nan=False))


def test_by_key_and_by_full_row_agree(predictor: Predictor) -> None:
    status, by_key = ask(predictor, {"keys": list(KEYS), "features": True})
    assert status == 200
    assert [entry["key"] for entry in by_key["predictions"]] == list(KEYS)
    assert [entry["features"] for entry in by_key["predictions"]] == [row(0), row(1)]
    status, by_row = ask(predictor, {"rows": [row(0), row(1)]})
    assert status == 200
    assert "features" not in by_row["predictions"][0]
    predictions = [
        [entry["prediction"] for entry in answer["predictions"]] for answer in (by_key, by_row)
    ]
    np.testing.assert_allclose(predictions[0], predictions[1], rtol=1e-9)


@pytest.mark.parametrize(
    ("question", "status", "named"),
    [
        (b"{", 400, "JSON"),
        (b'{"rows": [{"a": NaN}]}', 400, "NaN"),
        (b"\xff", 400, "JSON"),
        (b"[" * 100_000, 400, "JSON"),
        ([], 400, "object"),
        ({}, 400, "keys"),
        ({"keys": []}, 400, "keys"),
        ({"keys": None}, 400, "keys"),
        ({"keys": ["known-1"], "rows": []}, 400, "rows"),
        ({"keys": list(KEYS), "rows": [row(0)]}, 400, "same length"),
        ({"keys": list(KEYS), "as_of": ["2026-01-01T00:00:00Z"]}, 400, "as_of"),
        ({"rows": [row(0)], "as_of": []}, 400, "as_of"),
        ({"rows": [row(0)], "as_of": ["noon"]}, 422, "as_of"),
        ({"rows": [row(0)], "as_of": ["2026-01-01T00:00:00"]}, 422, "time zone"),
        ({"rows": [row(0)], "check": 1}, 400, "check"),
        ({"keys": ["known-1"], "verbose": 1}, 400, "verbose"),
        ({"keys": ["known-1"], "features": 1}, 400, "features"),
        ({"keys": ["known-1"] * 1001}, 400, "1000"),
        ({"keys": [7]}, 422, "key"),
        ({"keys": ["\ud800"]}, 422, "key"),
        ({"keys": ["known-1", "unheard-of"]}, 404, "unheard-of"),
        ({"rows": [{}]}, 422, NUMBER),
        ({"rows": [{**row(0), NUMBER: "many"}]}, 422, NUMBER),
        (b" " * (LARGEST_BODY + 1), 413, "larger"),
    ],
)
def test_bad_input_is_refused_with_the_reason(
    predictor: Predictor,
    settings: Settings,
    question: object,
    status: int,
    named: str,
) -> None:
    answered, document = ask(predictor, question)
    assert answered == status
    assert named in document["error"]["message"]
    assert not (settings.state / "serving" / "predictions.jsonl").exists()


def test_what_waits_together_is_answered_as_if_alone(
    predictor: Predictor,
    settings: Settings,
) -> None:
    questions: list[object] = [
        {"keys": [KEYS[1]], "features": True},
        {"rows": [row(0), row(1)]},
        {"rows": [{}]},
        {"keys": list(KEYS)},
        {"rows": [row(1)], "check": True},
    ]

    def together(*asked: object) -> list[tuple[int, Any, list[Any]]]:
        answers = predictor.answer_all([Question(json.dumps(one).encode()) for one in asked])
        return [
            (
                answer.status,
                answer.document.get("error"),
                [
                    {name: entry[name] for name in entry if name != "prediction_id"}
                    for entry in answer.document.get("predictions", ())
                ],
            )
            for answer in answers
        ]

    alone = [answer for question in questions for answer in together(question)]
    log = settings.state / "serving" / "predictions.jsonl"
    logged = len(log.read_text("utf-8").splitlines())
    assert together(*questions) == alone
    assert len(log.read_text("utf-8").splitlines()) == 2 * logged
    # Nobody is refused because another one asked about a key that nobody knows.
    *others, unknown = together(*questions, {"keys": ["unheard-of"]})
    assert others == alone
    assert unknown[0] == 404


def test_ready_only_with_model_and_features(
    settings: Settings,
    models: Registry,
    store: Store,
) -> None:
    predictor = Predictor(settings)
    predictor.champion.refresh()
    assert "champion" in predictor.missing()
    assert ask(predictor, {"keys": list(KEYS)})[0] == 503
    models.add("1")
    predictor.champion.refresh()
    assert predictor.missing() == ""
    store.broken = True
    assert "disk on fire" in predictor.missing()


def test_every_prediction_is_logged_by_the_contract(
    predictor: Predictor,
    settings: Settings,
) -> None:
    ask(predictor, {"keys": list(KEYS)})
    ask(predictor, {"rows": [row(0)]})
    text = (settings.state / "serving" / "predictions.jsonl").read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        jsonschema.validate(line, contract("prediction-log"))
    assert len({line["prediction_id"] for line in lines}) == 3
    assert len({line["request_id"] for line in lines}) == 2
    assert [line["key"] for line in lines] == [*KEYS, None]
    assert {line["as_of"] for line in lines} == {NOW.isoformat()}


def test_what_is_replayed_is_logged_apart_by_its_day(
    predictor: Predictor,
    settings: Settings,
) -> None:
    instants = ["2026-01-05T23:30:00+00:00", "2026-01-07T00:30:00+01:00"]
    question = {"keys": list(KEYS), "rows": [row(0), row(1)], "as_of": instants}
    assert ask(predictor, question)[0] == 200
    assert not (settings.state / "serving" / "predictions.jsonl").exists()
    for day, key in zip(("2026-01-05", "2026-01-06"), KEYS, strict=True):
        (line,) = entries(replayed(settings.state, day))
        jsonschema.validate(line, contract("prediction-log"))
        assert (line["key"], line["as_of"][:10]) == (key, day)
    start, end = (datetime.fromisoformat(instant) for instant in instants)
    assert len(replayed_between(settings.state, start, end)) == 2


def test_only_replayed_history_has_instants_of_its_own(
    settings: Settings,
    models: Registry,
    store: Store,
) -> None:
    models.add("1")
    predictor = Predictor(replace(settings, replayed=None))
    predictor.champion.refresh()
    question = {"rows": [row(0)], "as_of": [NOW.isoformat()]}
    status, document = ask(predictor, question)
    assert status == 422
    assert "replays nothing" in document["error"]["message"]


def test_a_check_is_answered_and_not_logged(predictor: Predictor, settings: Settings) -> None:
    status, document = ask(predictor, {"keys": list(KEYS), "check": True})
    assert status == 200
    assert len(document["predictions"]) == len(KEYS)
    assert not (settings.state / "serving" / "predictions.jsonl").exists()


def test_a_log_that_cannot_be_written_fails_no_request(
    predictor: Predictor,
    settings: Settings,
) -> None:
    (settings.state / "serving").mkdir(parents=True)
    (settings.state / "serving" / "predictions.jsonl").mkdir()
    assert ask(predictor, {"keys": list(KEYS)})[0] == 200


def test_the_request_id_of_the_caller_is_kept_when_it_is_one(predictor: Predictor) -> None:
    body = json.dumps({"keys": list(KEYS)}).encode()
    assert predictor.answer(body, "caller-1").document["request_id"] == "caller-1"
    assert predictor.answer(body, "two\nlines").document["request_id"] != "two\nlines"


def test_the_model_changes_between_two_requests(
    predictor: Predictor,
    models: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(champion, "POLL_SECONDS", 0.02)
    predictor.champion.follow()
    seen = set()
    models.add("2", rounds=9)
    deadline = time.monotonic() + 10
    while "2" not in seen and time.monotonic() < deadline:
        status, document = ask(predictor, {"rows": [row(0)]})
        assert status == 200
        seen.add(document["predictions"][0]["model_version"])
    predictor.champion.stop()
    assert "2" in seen


def test_a_deployment_follows_the_alias_of_its_setting(
    settings: Settings,
    models: Registry,
) -> None:
    models.add("1")
    models.alias = "challenger"
    second = Predictor(replace(settings, extra={"serving_alias": "challenger"}))
    second.champion.refresh()
    assert second.champion.scorer is not None
    assert second.champion.scorer.version == "1"
    first = Predictor(settings)
    first.champion.refresh()
    assert first.champion.scorer is None
    assert "champion" in first.champion.problem


@pytest.mark.parametrize("damage", ["gone", "damaged"])
def test_a_broken_registry_leaves_the_model_in_service(
    predictor: Predictor,
    models: Registry,
    damage: str,
) -> None:
    if damage == "gone":
        models.champion = None
    else:
        models.add("2")
        (models.root / "2" / "model.ubj").write_bytes(b"changed")
    predictor.champion.refresh()
    status, document = ask(predictor, {"rows": [row(0)]})
    assert (status, document["predictions"][0]["model_version"]) == (200, "1")
