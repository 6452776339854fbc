"""What every technology of the slots online and batch must do."""

import threading
from typing import Any

import numpy as np
import pytest
from conftest import Place, ask, features, row, status, wait_for

KEYS = [f"key-{number}" for number in range(6)]


@pytest.fixture
def filled(place: Place) -> Place:
    """A place where both stores agree and a model is champion."""
    rows = {key: row(number) for number, key in enumerate(KEYS)}
    place.fill("online", rows)
    place.fill("offline", rows)
    place.due(KEYS)
    place.train("1")
    return place


def predictions(reply: Any) -> list[float]:
    assert reply.status == 200, reply.text
    return [entry["prediction"] for entry in reply.document["predictions"]]


def test_online_equals_batch_on_the_same_rows(filled: Place) -> None:
    scores = filled.score()
    scores = scores.set_index(scores.columns[0]).loc[KEYS]
    assert scores["prediction"].nunique() > 1
    rows = [row(number) for number in range(len(KEYS))]
    backwards = [dict(reversed(list(one.items()))) for one in rows]
    with filled.service() as port:
        wait_for(lambda: status(port, "/readyz") == 200)
        for question in ({"keys": KEYS}, {"rows": rows}, {"rows": backwards}):
            online = predictions(ask(port, question))
            np.testing.assert_allclose(online, scores["prediction"], rtol=1e-9)


def test_a_bad_row_is_refused_with_the_reason(filled: Place) -> None:
    name, type_ = next(iter(features().items()))
    missing = {key: value for key, value in row(0).items() if key != name}
    wrong = {**row(0), name: "many" if type_ == "number" else 1}
    with filled.service() as port:
        wait_for(lambda: status(port, "/readyz") == 200)
        for bad in (missing, wrong):
            reply = ask(port, {"rows": [row(1), bad]})
            assert 400 <= reply.status < 500, reply.text
            assert name in reply.text
        reply = ask(port, {"keys": ["unheard-of"]})
        assert 400 <= reply.status < 500, reply.text
        assert "unheard-of" in reply.text
        assert 400 <= ask(port, b"{").status < 500
    assert "Traceback" not in (filled.root / "log.txt").read_text()


def test_ready_only_with_model_and_features(place: Place) -> None:
    (place.state / "online.json").unlink()
    with place.service() as port:
        assert status(port, "/readyz") == 503
        place.fill("online", {KEYS[0]: row(0)})
        assert status(port, "/readyz") == 503
        place.train("1")
        assert wait_for(lambda: status(port, "/readyz") == 200, 30)
        (place.state / "online.json").unlink()
        assert wait_for(lambda: status(port, "/readyz") == 503, 30)


def test_the_model_changes_without_a_failed_request(filled: Place) -> None:
    filled.train("2", seed=2)
    filled.promote("1")
    seen: list[tuple[int, str]] = []
    done = threading.Event()

    def hammer(port: int) -> None:
        while not done.is_set():
            reply = ask(port, {"rows": [row(0)]})
            version = (
                reply.document["predictions"][0]["model_version"] if reply.status == 200 else ""
            )
            seen.append((reply.status, version))

    with filled.service() as port:
        wait_for(lambda: status(port, "/readyz") == 200)
        clients = [threading.Thread(target=hammer, args=(port,)) for _ in range(2)]
        for client in clients:
            client.start()
        for version in ("2", "1", "2"):
            filled.promote(version)
            assert wait_for(lambda: seen and seen[-1][1] == version, 30)  # noqa: B023
        done.set()
        for client in clients:
            client.join()
    assert {answered for answered, _ in seen} == {200}
    assert {version for _, version in seen} == {"1", "2"}


def test_batch_reads_the_offline_store_and_online_the_online_one(filled: Place) -> None:
    filled.fill("online", {key: row(7) for key in KEYS})
    scored = filled.score()["prediction"].tolist()
    assert filled.asked() == {"offline"}
    (filled.state / "asked.txt").unlink()
    with filled.service() as port:
        wait_for(lambda: status(port, "/readyz") == 200)
        online = predictions(ask(port, {"keys": KEYS}))
    assert filled.asked() == {"online"}
    assert len(set(online)) == 1
    assert len(set(scored)) > 1
