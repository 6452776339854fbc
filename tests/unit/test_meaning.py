"""Values of the right form that contradict each other."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import TEXT, changed, line_of, problems

from ninefold.spec import load_text
from ninefold.spec.meaning import advice
from ninefold.spec.meaning.expressions import columns_used, expression_faults

LABEL = "expression: arr_delay >= 15"


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("arr_dely >= 15", "uses an unknown column arr_dely; did you mean arr_delay?"),
        ("sum(arr_delay) >= 15", "aggregates over rows"),
        ("count(*) > 1", "aggregates over rows"),
        ("any_value(arr_delay) > 1", "aggregates over rows"),
        ("list(arr_delay)", "aggregates over rows"),
        ("row_number() over (order by arr_delay)", "looks at other rows"),
        ("lag(arr_delay) over ()", "looks at other rows"),
        ("(select 1)", "holds a query"),
        ("arr_delay in (select dep_time from flights)", "holds a query"),
        ("exists(select 1)", "holds a query"),
        ("drop table flights", "is a statement"),
        ("insert into flights values (1)", "is a statement"),
        ("arr_delay >= 15; drop table flights", "is more than one expression"),
        ("arr_delay >= 15;", "is more than one expression"),
        ("arr_delay, dep_time", "is no SQL"),
        ("arr_delay >=", "is no SQL"),
        ("arr_delay >= 15)", "is no SQL"),
        ("'open", "is no SQL"),
        ("arr_delay >= 15 -- then", "holds a comment"),
        ("arr_delay >= /* then */ 15", "holds a comment"),
        ("arr_delay >= 15 as late", "gives a name"),
        ("flights.arr_delay >= 15", "names a table (flights.arr_delay)"),
        ("*", "gives several values"),
        ("unnest([arr_delay])", "gives several values"),
        ("arr_delay > ?", "has a placeholder"),
        ("landed_at < now()", "depends on more than the row (now)"),
        ("landed_at < current_date", "depends on more than the row"),
        ("random() > 0.5", "depends on more than the row"),
        ("getenv('HOME') = 'x'", "depends on more than the row (getenv)"),
        ("read_csv('x') = 1", "depends on more than the row"),
        (f"{'(' * 1500}arr_delay{')' * 1500} > 1", "is nested too deep; split it"),
        (f"arr_delay > 1{' ' * 4000}", "is longer than 4000 characters; split it"),
    ],
)
def test_an_expression_is_one_value_of_a_row(expression: str, says: str) -> None:
    text = changed(LABEL, f"expression: {expression!r}".replace("\\'", "''"))
    found = problems(text)
    assert len(found) == 1, found
    assert found[0][0] == line_of("\nlabel:", text) + 3
    assert f"label.expression {says}" in found[0][1]


@pytest.mark.parametrize(
    "expression", ["carrier = ';'", "carrier = '--'", "arr_delay between 1 and 2", "dest like 'A%'"]
)
def test_what_is_quoted_is_no_code(expression: str) -> None:
    assert problems(changed(LABEL, f'expression: "{expression}"')) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("CASE WHEN arrival_same_day <", "CASE WHEN landed_at <", "CASE WHEN landed_at",
         "uses landed_at, which is derived further down; move landed_at above it"),
        ("CASE WHEN arrival_same_day <", "CASE WHEN scheduled_arrival <",
         "CASE WHEN scheduled_arrival", "uses scheduled_arrival, which is derived further down"),
        ("match: {dest: faa}", "match: {dest: name}", "match: {dest: name",
         "must match its whole key (faa)"),
        ("match: {dest: faa}", "match: {dst: faa}", "match: {dst", "no column dst to match"),
        ("dest_timezone: tzone", "dest_timezone: tzon", "tzon}", "airports has no column tzon"),
        ("airports: {match", "airprts: {match", "airprts", "there is no source airprts"),
        ("      plane_age:\n", "      seats:\n", "      seats:\n        type", "stands in lookups"),
        ("      plane_age:\n", "      carrier:\n", "carrier:\n", "in columns and in derived"),
        ("      plane_age:\n", "      source_row:\n", "source_row", "is added by ingestion itself"),
        ("event_time: scheduled_departure", "event_time: carrier", "event_time: carrier",
         "is of type string; name a column of type timestamp"),
        ("event_time: scheduled_departure", "event_time: departed", "event_time: departed",
         "flights has no column departed"),
        ("key: [tailnum]", "key: [tail]", "key: [tail]", "planes has no column tail for its key"),
        ("  source: flights\n", "  source: flight\n", "source: flight\n", "did you mean flights?"),
        ("  key: flight_id", "  key: tailnum", "key: tailnum", "alone is not the key of flights"),
        ("  at: scheduled_departure", "  at: landed_at", "at: landed_at", "that is never missing"),
        ("  at: scheduled_departure", "  at: depart", "at: depart\n", "has no column depart"),
        ("known_before: 7d", "known_before: 1h", "known_before: 1h", "shorter than lead_time"),
        ("known_at: landed_at", "known_at: carrier", "known_at: carrier", "is of type string"),
        ("cancelled: dep_time IS NULL", "cancelled: dep IS NULL", "cancelled",
         "label.exclude.cancelled uses an unknown column dep"),
        ("by: [tailnum]", "by: [tail]", "by: [tail]", "has no column tail, by which plane_delays"),
        ("by: [tailnum]", "by: [flight]", "by: [flight]", "flight is no string in flights"),
        ("by: [origin, dest]", "by: [flight_id]", "    by: [flight_id]\n    available_at: landed",
         "schedule is keyed by flight_id as well"),
        ("by: [origin, dest]", "by: [flight_id, dest]", "by: [flight_id, dest]",
         "flight_id alone is enough"),
        ("by: [origin, dest]", "by: [origin, origin]", "by: [origin, origin]", "keyed twice"),
        ("of: arr_delay, window: 1d", "of: carrier, window: 1d", "of: carrier, window",
         "carrier is of type string; this rule needs a number"),
        ("kind: category, of: carrier", "kind: category, of: distance", "category, of: distance",
         "a category is a string"),
        ("of: scheduled_departure, part: hour", "of: carrier, part: hour", "of: carrier, part",
         "a calendar rule needs a timestamp"),
        ("numerator: seats", "numerator: seat", "numerator: seat,", "did you mean seats?"),
        ("      plane_delay_1d:", "      tailnum:", "      tailnum: {k", "as a key or time is"),
        ("      plane_delay_1d:", "      late:", "      late: {", "called as the label is"),
        ("      carrier_delay_1d:", "      plane_delay_1d:", "plane_delay_1d: {kind: aggregate, "
         "function: mean, of: arr_delay, window: 1d, unit: min}\n      carrier",
         "is a feature of plane_delays already"),
        ("      plane_delay_1d:", "      round:", "round: {", "is a name of Python or of the"),
        ("      plane_delay_1d:", "      feature_rows:", "feature_rows: {", "of the rendered code"),
        ("  plane_delays:", "  calendar:", "  calendar:", "called as a module of Python"),
        ("\n  planes:", "\n  queue:", "  queue:", "the source queue is called as a module"),
        ("  plane_delays:", "  flight_keys:", "flight_keys", "is made automatically"),
        ("  name: late\n", "  name: origin\n", "name: origin", "the label cannot be called origin"),
        ('validation: ["2013-08', 'validation: ["2013-07', "validation: [",
         "starts before the one above it ends"),
        ('train: ["2013-01-08', 'train: ["2013-11-08', "train: [", "ends before it starts"),
        ('clock: "2013-10', 'clock: "2013-09', "clock:", "before the end of the model's test"),
        ("target: local", "target: local\n    image_pull_secret: registry", "image_pull_secret",
         "dev pulls no image; remove it"),
        ("target: local", "target: local\n    assigned_uids: true", "assigned_uids",
         "nothing assigns users in dev; remove it"),
        ("target: kubernetes", "target: aws\n    assigned_uids: true", "assigned_uids",
         "or choose the target kubernetes"),
        ("max_depth:", "max_dept:", "max_dept", "did you mean max_depth?"),
        ("slices: [carrier_code", "slices: [carier_code", "slices", "did you mean carrier_code?"),
        ("slices: [carrier_code", "slices: [distance", "slices", "has too many values for slices"),
        ("known_before: 7d", "known_before: 7d\n  gone_at: landd_at", "gone_at:",
         "prediction.gone_at uses an unknown column landd_at; did you mean landed_at?"),
        ("known_before: 7d", "known_before: 7d\n  gone_at: carrier", "gone_at:",
         "prediction.gone_at: carrier is of type string; name a timestamp"),
        ("type: binary-classification", "type: regression", "metric:",
         "roc_auc does not measure a regression; use one of rmse, mae, r2"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_with_its_line(old: str, new: str, at: str, says: str) -> None:
    text = changed(old, new)
    found = problems(text)
    assert (line_of(at, text), True) in [(line, says in said) for line, said in found], found


def test_the_number_of_a_row_can_be_its_key() -> None:
    derived = "concat_ws('-', carrier, flight"
    assert problems(changed(derived, "concat_ws('-', source_row, carrier, flight")) == []
    found = problems(changed(LABEL, "expression: source_row > 1"))
    assert ["uses an unknown column source_row" in said for _, said in found] == [True]


def test_an_entity_may_be_gone_from_an_instant_on() -> None:
    assert problems(changed("known_before: 7d", "known_before: 7d\n  gone_at: landed_at")) == []


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        *((text, True) for text in ("NULL", "-999", "n/a")),
        *((text, False) for text in ("", "a b", "it's", "a,b", 'a"', "x" * 21)),
    ],
)
def test_texts_for_missing_values_are_short_and_plain(text: str, fine: bool) -> None:
    key = "key: [flight_id]"
    found = problems(changed(key, f"nulls: [{json.dumps(text)}]\n    {key}"))
    assert ["is no text for a missing value" in said for _, said in found] == [True] * (not fine)


def test_look_ups_do_not_go_in_circles() -> None:
    text = changed(
        "      tzone: {type: string, nullable: true}\n",
        "      tzone: {type: string, nullable: true}\n"
        "    lookups:\n      flights: {match: {name: flight_id}, columns: {far: distance}}\n",
    )
    said = [text for _, text in problems(text)]
    assert any("flights looks itself up" in each for each in said)
    assert any("airports looks itself up" in each for each in said)


def test_advice_on_what_can_be_meant_but_seldom_is() -> None:
    assert list(advice(load_text(TEXT))) == []
    short = load_text(changed("    ttl: 30d", "    ttl: 1d"))
    assert [each.split(";")[0] for each in advice(short)] == [
        "features.route_delays: route_delay_7d looks back 7d, but is dropped after 1d",
        "features.route_delays: route_late_share_30d looks back 30d, but is dropped after 1d",
    ]
    leak = load_text(changed("{kind: value, of: distance", "{kind: value, of: arr_delay"))
    assert ["distance uses what the label is made of" in each for each in advice(leak)] == [True]


NAMES = st.sampled_from(["alpha", "beta", "gamma"])
TERMS = st.recursive(
    NAMES | st.integers(0, 99).map(str) | st.sampled_from(["'x'", "NULL"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "=", "<", "AND"]), inner).map(
            lambda three: f"({' '.join(three)})"
        ),
        inner.map(lambda one: f"coalesce({one}, 0)"),
        st.tuples(inner, inner).map(lambda two: f"CASE WHEN {two[0]} THEN {two[1]} END"),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(TERMS)
def test_expressions_of_known_columns_are_accepted(text: str) -> None:
    used = {name for name in ("alpha", "beta", "gamma") if name in text}
    assert columns_used(text) == used
    assert list(expression_faults(text, used, ())) == []
    assert len(list(expression_faults(text, (), ()))) == len(used)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    for fault in expression_faults(text, ("alpha",), ()):
        assert "\n" not in fault
        assert ";" in fault
