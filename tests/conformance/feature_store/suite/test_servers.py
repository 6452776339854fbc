"""What a feature store on servers does: nobody reads half of it, and what is away is told."""

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from conftest import KEY, NOON, VIEWS, State, features, is_category, key_values, names_of, offline


def fill(state: State, word: str, number: float) -> None:
    """Rows for every key, all with the same values."""
    for view in VIEWS:
        values = {name: word if is_category(view, name) else number for name in names_of(view)}
        state.rows[view.name] = [
            {**dict(zip(view.keys, keys, strict=True)), "event_timestamp": NOON, **values}
            for keys in product(*map(key_values, view.keys))
        ]
    state.write()


def test_a_reader_sees_the_store_before_or_the_new_one(state: State) -> None:
    fill(state, "old", 1.0)
    state.materialise(NOON)
    seen: set[Any] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            frame = features.online(state.settings, key_values(KEY), NOON)
            for view in VIEWS:
                seen.update(frame[names_of(view)].to_numpy().ravel().tolist())

    reader = threading.Thread(target=read)
    reader.start()
    for word, number in (("new", 2.0), ("old", 1.0), ("new", 2.0)):
        fill(state, word, number)
        state.materialise(NOON)
    done.set()
    reader.join()
    assert {1.0, 2.0} <= seen <= {1.0, 2.0, "old", "new"}


def test_keys_that_are_gone_are_removed(state: State) -> None:
    state.materialise(NOON)
    state.keys = state.keys[:-1]
    state.write()
    state.materialise(NOON)
    features.online(state.settings, key_values(KEY)[:-1], NOON)
    with pytest.raises(features.UnknownEntity):
        features.online(state.settings, key_values(KEY)[-1:], NOON)


def test_an_empty_online_store_is_told(state: State) -> None:
    with pytest.raises(features.Fault, match="run the step `materialise` first"):
        features.online(state.settings, key_values(KEY)[:1], NOON)


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("feature_store_online", lambda settings: features.online(settings, ["a"], NOON)),
        ("feature_store_offline", lambda settings: offline.publish(settings, settings.state)),
    ],
)
def test_a_server_that_is_away_is_one_line(
    name: str, ask: Callable[[Any], Any], state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    place = {"feature_store_online": "127.0.0.1:9", "feature_store_offline": "s3://nowhere/x"}
    extra = {**state.settings.extra, name: place[name]}
    with pytest.raises(features.Fault, match=r"^[^\n]*; see that [^\n]*\Z"):
        ask(replace(state.settings, extra=extra))
