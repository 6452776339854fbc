"""What every feature store does: nothing from the future, nothing stale, online as offline."""

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from conftest import (
    JOIN_KEYS,
    KEY,
    NOON,
    VIEWS,
    Row,
    State,
    features,
    is_category,
    key_values,
    names_of,
    random_entity,
    settings_at,
)

NAMES = [name for view in VIEWS for name in names_of(view)]
MICROSECOND = timedelta(microseconds=1)


def plain(frame: pd.DataFrame) -> list[Row]:
    """Rows of a frame with None for whatever is missing."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def only(row: Row) -> Row:
    return {name: row[name] for name in NAMES}


def entity_of(state: State, key: str, now: datetime) -> Row:
    (row,) = (row for row in state.keys if row[KEY] == key)
    return {KEY: key, **{name: row[name] for name in JOIN_KEYS}, "event_timestamp": now}


@pytest.mark.parametrize("seed", range(6))
def test_point_in_time_equals_brute_force(seed: int, make_state: Callable[[int], State]) -> None:
    state = make_state(seed)
    chance = random.Random(seed + 1000)
    asked = [random_entity(chance, state) for _ in range(150)]
    asked += asked[:5]  # the same entity twice
    found = plain(state.historical(asked))
    assert [only(row) for row in found] == [state.expected(row) for row in asked]
    assert any(value is not None for row in found for value in only(row).values())


def test_rows_keep_their_order_index_and_columns(state: State) -> None:
    chance = random.Random(3)
    asked = pd.DataFrame([random_entity(chance, state) for _ in range(60)])
    asked["event_timestamp"] = pd.to_datetime(asked["event_timestamp"], utc=True)
    asked["label"] = range(60)
    asked.index = pd.Index(chance.sample(range(1000), 60))
    before = asked.copy()
    found = features.historical(state.settings, asked)
    pd.testing.assert_frame_equal(asked, before)
    pd.testing.assert_frame_equal(found[list(asked.columns)], asked, check_dtype=False)
    assert list(found.columns) == [*asked.columns, *NAMES]


def test_numbers_are_floats_and_categories_are_words(state: State) -> None:
    state.materialise(NOON)
    frames = [
        state.historical([entity_of(state, key_values(KEY)[0], NOON)]),
        features.online(state.settings, key_values(KEY)[:1], NOON),
    ]
    for frame in frames:
        for view in VIEWS:
            for name in names_of(view):
                expected = "object" if is_category(view, name) else "float64"
                assert str(frame[name].dtype) == expected, name


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_row_counts_from_its_instant_to_just_before_its_end(view: Any, state: State) -> None:
    entity = entity_of(state, key_values(KEY)[0], NOON)
    name = names_of(view)[0]
    value = "word" if is_category(view, name) else 7.0
    keys = {key: entity[key] for key in view.keys}
    rest = dict.fromkeys(names_of(view), None)
    state.rows[view.name] = [{**rest, **keys, "event_timestamp": NOON, name: value}]
    state.write()
    instants = [NOON - MICROSECOND, NOON, NOON + view.ttl - MICROSECOND, NOON + view.ttl]
    found = plain(state.historical([{**entity, "event_timestamp": at} for at in instants]))
    assert [row[name] for row in found] == [None, value, value, None]


def test_the_future_changes_nothing(state: State) -> None:
    """A leak is found: whatever is known only later is changed, and no feature may notice."""
    asked = [entity_of(state, key, NOON) for key in key_values(KEY)]
    before = plain(state.historical(asked))
    for view in VIEWS:
        for row in state.rows[view.name]:
            if row["event_timestamp"] > NOON:
                row |= {name: "leak" if is_category(view, name) else 1e6 for name in names_of(view)}
    state.write()
    assert plain(state.historical(asked)) == before
    state.materialise(NOON)
    online = plain(features.online(state.settings, key_values(KEY), NOON))
    assert [only(row) for row in online] == [only(row) for row in before]


def test_late_rows_count_once_they_are_there(state: State) -> None:
    view = VIEWS[-1]
    entity = entity_of(state, key_values(KEY)[1], NOON)
    keys = {key: entity[key] for key in view.keys}
    state.materialise(NOON)
    newest = max(
        (row["event_timestamp"] for row in state.rows[view.name] if row["event_timestamp"] <= NOON),
    )
    late = newest + (NOON - newest) / 2 if newest < NOON else NOON - MICROSECOND
    state.rows[view.name] = [
        row for row in state.rows[view.name] if not late < row["event_timestamp"] <= NOON
    ]
    values = {name: "late" if is_category(view, name) else 5.5 for name in names_of(view)}
    state.rows[view.name].append({**keys, "event_timestamp": late, **values})
    state.write()
    asked = [entity, {**entity, "event_timestamp": late - MICROSECOND}]
    offline = [only(row) for row in plain(state.historical(asked))]
    assert {name: offline[0][name] for name in values} == values
    assert offline == [state.expected(row) for row in asked]
    state.materialise(NOON)
    (online,) = plain(features.online(state.settings, [entity[KEY]], NOON))
    assert only(online) == offline[0]


@pytest.mark.parametrize("seed", range(4))
def test_online_equals_offline_at_the_same_instant(
    seed: int, make_state: Callable[[int], State]
) -> None:
    state = make_state(seed)
    state.materialise(NOON)
    keys = random.Random(seed).choices(key_values(KEY), k=10)
    online = features.online(state.settings, keys, NOON)
    asked = [entity_of(state, key, NOON) for key in keys]
    assert list(online.columns) == [KEY, *JOIN_KEYS, *NAMES]
    assert list(online[KEY]) == keys
    for name in JOIN_KEYS:
        assert list(online[name]) == [row[name] for row in asked]
    offline = [only(row) for row in plain(state.historical(asked))]
    assert [only(row) for row in plain(online)] == offline
    assert offline == [state.expected(row) for row in asked]


def test_what_became_stale_since_is_null_online(state: State) -> None:
    """As the clock goes on, each value vanishes online at the instant at which it does offline."""
    state.rows = {
        view.name: [row for row in state.rows[view.name] if row["event_timestamp"] <= NOON]
        for view in VIEWS
    }
    state.write()
    state.materialise(NOON)
    keys = key_values(KEY)
    ends = sorted({NOON + view.ttl for view in VIEWS if view.ttl < timedelta(days=7)})
    known = [row["event_timestamp"] + view.ttl for view in VIEWS for row in state.rows[view.name]]
    ends += sorted(at for at in known if NOON < at < NOON + timedelta(days=6))[:10]
    for end in ends:
        for now in (end - MICROSECOND, end):
            online = plain(features.online(state.settings, keys, now))
            asked = [entity_of(state, key, now) for key in keys]
            assert [only(row) for row in online] == [state.expected(row) for row in asked], now


@pytest.fixture
def elsewhere() -> Iterator[None]:
    """A machine whose clock jumps by an hour on the morning of the test data."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_the_time_zone_of_the_machine_does_not_matter(state: State) -> None:
    gap = datetime.fromisoformat("2020-03-08T02:30:00+00:00")  # no such hour in New York
    view = min(VIEWS, key=lambda view: view.ttl)
    shift = gap - NOON + timedelta(microseconds=123457)
    for row in [*state.keys, *(row for rows in state.rows.values() for row in rows)]:
        row["event_timestamp"] += shift
    state.write()
    now = NOON + shift
    state.materialise(now)
    compared = 0
    for at in (now, now + view.ttl / 2, now + view.ttl - MICROSECOND):
        asked = [entity_of(state, key, at) for key in key_values(KEY)]
        # A row that became known after the store was filled is not in it.
        if any(now < row["event_timestamp"] <= at for row in state.rows[view.name]):
            continue
        offline = [state.expected(row) for row in asked]
        online = [only(row) for row in plain(features.online(state.settings, key_values(KEY), at))]
        for name in names_of(view):
            assert [row[name] for row in online] == [row[name] for row in offline], at
        compared += 1
    assert compared


def test_the_store_holds_nothing_of_the_future(state: State) -> None:
    """An instant before the one that the store was filled for sees nothing from in between."""
    state.materialise(NOON)
    now = NOON - timedelta(minutes=30)
    online = plain(features.online(state.settings, key_values(KEY), now))
    for view in VIEWS:
        for row, key in zip(online, key_values(KEY), strict=True):
            entity = entity_of(state, key, NOON)
            known = [
                other["event_timestamp"]
                for other in state.rows[view.name]
                if all(other[name] == entity[name] for name in view.keys)
                and other["event_timestamp"] <= NOON
            ]
            if known and max(known) > now:
                assert all(row[name] is None for name in names_of(view))


def test_an_unknown_key_is_told(state: State) -> None:
    state.materialise(NOON)
    with pytest.raises(features.UnknownEntity, match="nobody"):
        features.online(state.settings, [key_values(KEY)[0], "nobody"], NOON)


def test_a_key_is_unknown_before_it_is_published(state: State) -> None:
    state.keys[0]["event_timestamp"] = NOON + timedelta(minutes=1)
    state.write()
    state.materialise(NOON)
    features.online(state.settings, key_values(KEY)[1:], NOON)
    with pytest.raises(features.UnknownEntity):
        features.online(state.settings, key_values(KEY)[:1], NOON)


def test_a_join_key_without_a_value_has_no_features(state: State) -> None:
    if not JOIN_KEYS:
        pytest.skip("this product has no other keys")
    state.keys[0][JOIN_KEYS[0]] = None
    state.write()
    state.materialise(NOON)
    (online,) = plain(features.online(state.settings, key_values(KEY)[:1], NOON))
    asked = entity_of(state, key_values(KEY)[0], NOON)
    assert online[JOIN_KEYS[0]] is None
    assert only(online) == state.expected(asked)
    (offline,) = plain(state.historical([asked]))
    assert only(offline) == state.expected(asked)


def test_materialising_twice_changes_nothing(state: State) -> None:
    first = state.materialise(NOON)
    before = plain(features.online(state.settings, key_values(KEY), NOON))
    assert state.materialise(NOON) == first
    assert plain(features.online(state.settings, key_values(KEY), NOON)) == before
    assert all(count > 0 for count in first.values())


def test_a_new_store_is_seen_by_an_open_reader(state: State) -> None:
    state.materialise(NOON)
    features.online(state.settings, key_values(KEY), NOON)
    for view in VIEWS:
        for row in state.rows[view.name]:
            row |= dict.fromkeys(names_of(view))
    state.write()
    state.materialise(NOON)
    online = plain(features.online(state.settings, key_values(KEY), NOON))
    assert all(value is None for row in online for value in only(row).values())


def test_the_state_folder_may_be_moved(state: State) -> None:
    state.materialise(NOON)
    asked = [entity_of(state, key, NOON) for key in key_values(KEY)]
    before = [plain(state.historical(asked)), plain(online_of(state))]
    moved = state.settings.state.with_name("moved")
    state.settings.state.rename(moved)
    state.settings = settings_at(moved)
    assert [plain(state.historical(asked)), plain(online_of(state))] == before


def online_of(state: State) -> pd.DataFrame:
    return features.online(state.settings, key_values(KEY), NOON)
