"""What every technology for logs must do."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import NEEDED, REPOSITORY, SCHEMA, SECRET, Place, fits

MONITORING = Path.cwd().parent / f"{Path.cwd().name.removesuffix('-serving')}-monitoring"
# What libraries do: levels, foreign loggers, extras of any name and kind.
VARIED = """
own.info("plain %s", "text")
own.info("rows", extra={"rows": 3, "share": float("nan"), "service": "x", "error": [1], "a.b": {}})
own.warning("a request", extra={"request_id": "r-1"})
own.error("bad")
logging.getLogger("library").warning("%d of %d", 1, 2, extra={"event": "x", "labels": 7})
logging.getLogger("library").info("chatter")
own.info({"not": "a string"})
own.critical("place", stack_info=True)
"""
STEP = """
from {package} import run_record
(Path({state!r}) / "work.py").write_text('''
import logging
from {package}.faults import Fault

def good(settings, run):
    run.say("half way")
    logging.getLogger("{package}").info("inside")

def bad(settings, run):
    raise Fault("nothing to work on; make something")
''')
sys.path.insert(0, {state!r})
for name in ("good", "bad"):
    step = run_record.Step(name=name, summary="", call="work:" + name)
    try:
        run_record.execute(step, settings=settings, repository="r")
    except Exception as error:
        logs.failed(error)
"""


def one(found: list[dict[str, Any]], **fields: str) -> dict[str, Any]:
    """The only document with such fields."""
    names = {name.replace("_", "."): value for name, value in fields.items()}
    fitting = [doc for doc in found if names.items() <= doc.items()]
    assert len(fitting) == 1, fitting or found
    return fitting[0]


def test_every_line_is_a_document_of_the_schema(place: Place) -> None:
    place.run(VARIED)
    found = place.documents()
    assert len(found) == 7, [document["message"] for document in found]
    for document in found:
        assert set(NEEDED) <= set(document)
        assert document["service.name"] == REPOSITORY
        for name, value in document.items():
            if name.startswith("labels."):
                assert isinstance(value, str), f"{name}: {value!r} is no keyword"
                assert "." not in name.removeprefix("labels."), name
            else:
                assert name in SCHEMA, f"{name} is no field of the schema"
                assert fits(SCHEMA[name], value), f"{name}: {value!r} is no {SCHEMA[name]}"
    levels = [document["log.level"] for document in found]
    assert levels == ["info", "info", "warning", "error", "warning", "info", "critical"]
    assert one(found, message="rows")["labels.rows"] == "3"
    assert one(found, message="a request")["http.request.id"] == "r-1"
    assert {document["labels.environment"] for document in found} == {
        document["service.environment"] for document in found
    }


def test_the_index_template_takes_every_line_strictly(place: Place) -> None:
    template = json.loads((MONITORING / "logs" / "index-template.json").read_text("utf-8"))
    mapped = dict(fields(template["template"]["mappings"]["properties"]))
    texts = {"text": {"text", "match_only_text", "wildcard"}, "keyword": {"keyword"}}
    for name, kind in mapped.items():
        assert name.startswith("labels.") or kind in texts.get(SCHEMA[name], {SCHEMA[name]}), name
    place.run(VARIED + "\nlogs.failed(ValueError('x'))\n")
    for document in place.documents():
        unknown = {name for name in document if not name.startswith("labels.")} - set(mapped)
        assert not unknown
        for name, value in document.items():
            assert fits(mapped.get(name, "keyword"), value)


def fields(properties: dict[str, Any], prefix: str = "") -> Any:
    """Each field of a mapping with its type."""
    for name, field in properties.items():
        if "type" in field:
            yield prefix + name, field["type"]
        yield from fields(field.get("properties", {}), f"{prefix}{name}.")


def test_a_file_is_the_body_of_a_bulk_request(place: Place) -> None:
    place.run(VARIED)
    lines = place.path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    body = b"".join(b'{"create":{}}\n' + line + b"\n" for line in lines)
    pairs = [json.loads(line) for line in body.splitlines()]
    assert pairs[::2] == [{"create": {}}] * len(lines)
    assert all("@timestamp" in document for document in pairs[1::2])


def test_an_exception_is_one_line(place: Place) -> None:
    script = """
class Odd(Exception):
    pass
def inner():
    raise Odd("first line\\nsecond line")
try:
    inner()
except Odd as error:
    own.exception("it went wrong")
    logs.failed(error)
def last():
    raise KeyError("uncaught")
last()
"""
    errors = place.run(script, status=1)
    assert "KeyError: 'uncaught'" in errors
    found = place.documents()
    logged = one(found, message="it went wrong")
    assert logged["error.type"] == "Odd"
    assert logged["error.message"] == "first line\nsecond line"
    assert "in inner" in logged["error.stack_trace"]
    assert "in last" in one(found, error_type="KeyError")["error.stack_trace"]


def test_no_secret_is_written(place: Place) -> None:
    script = """
secret, url = os.environ["STORE_PASSWORD"], os.environ["STORE_URL"]
own.info("opening %s with %s", url, secret, extra={"used": secret, "all": dict(os.environ)})
try:
    raise ConnectionError(f"{url}: {secret!r} was refused")
except ConnectionError as error:
    own.exception("refused")
    logs.failed(ConnectionError(f"https://me:other-words@host/: {secret}"))
"""
    place.run(script)
    text = b"".join(path.read_bytes() for path in place.files()).decode()
    assert "refused" in text
    for secret in (SECRET, SECRET.replace("'", "\\'"), "open-sesame", "other-words"):
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text


def test_several_writers_keep_their_lines_whole(place: Place) -> None:
    script = "for n in range(400): own.info('%s %d %s', {name!r}, n, 'x' * 9000)"
    writers = [place.start(script.format(name=name)) for name in "abc"]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    said = [document["message"].split()[:2] for document in place.documents()]
    for name in "abc":
        assert [number for by, number in said if by == name] == [str(n) for n in range(400)]


def test_a_line_that_a_killed_writer_left_spoils_no_other(place: Place) -> None:
    place.run("own.info('before')")
    with place.path.open("ab") as stream:
        stream.write(b'{"@timestamp": "20')
    place.run("own.info('after')")
    lines = place.path.read_text("utf-8").splitlines()
    assert [json.loads(line)["message"] for line in (lines[0], lines[2])] == ["before", "after"]


def test_a_full_file_is_put_aside_and_nothing_is_lost(place: Place) -> None:
    script = "logs.LARGEST = 60_000\nfor n in range(100): own.info('%s %d %s', {!r}, n, 'x' * 400)"
    writers = [place.start(script.format(name)) for name in "ab"]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    assert len(place.files()) > 1
    assert max(path.stat().st_size for path in place.files()) <= 60_000
    said = [document["message"].split()[:2] for document in place.documents()]
    assert sorted(said) == sorted([name, str(n)] for name in "ab" for n in range(100))


def test_any_text_is_one_line(place: Place) -> None:
    texts = ["two\nlines\r\n", "näïve 漢字 🛩", "\x00\x1b[31m\x7f", "\u2028\u2029\x85", "tab\t\"'\\"]
    place.run(f"for text in {texts!r}: own.info(text)\nown.info('half \\ud83d character')")
    said = [document["message"] for document in place.documents()]
    assert said[: len(texts)] == texts
    assert said[-1].startswith("half ") and said[-1].endswith(" character")


def test_lines_name_their_step_and_run(place: Place) -> None:
    package = os.environ["CONFORMANCE_PACKAGE"]
    place.state.mkdir()
    place.run(STEP.format(package=package, state=str(place.state)))
    found = place.documents()
    for step in ("good", "bad"):
        (record,) = (
            json.loads(path.read_text("utf-8"))
            for path in (place.state / "runs" / step).glob("2*.json")
        )
        lines = [document for document in found if document.get("labels.step") == step]
        assert {document["labels.run"] for document in lines} == {record["id"]}
        ended = one(lines, event_action="step-ended")
        assert ended["event.outcome"] == ("success" if step == "good" else "failure")
    assert one(found, message="half way")["labels.step"] == "good"
    assert one(found, message="inside")["labels.step"] == "good"
    error = one(found, error_type="Fault")
    assert error["error.message"] == "nothing to work on; make something"


def test_a_log_that_cannot_be_written_stops_nobody(place: Place) -> None:
    place.state.mkdir()
    (place.state / "logs").write_text("no folder")
    errors = place.run("for n in range(3): own.info('x')\nprint('done')")
    assert len(errors.splitlines()) == 1, errors
    assert "logs" in errors


def test_the_console_shows_what_it_showed(place: Place) -> None:
    errors = place.run("own.info('quiet')\nown.warning('loud')\nlogs.configure(settings, 'x')")
    assert errors == "loud\n"


@pytest.mark.parametrize("times", [2])
def test_configured_twice_a_line_is_written_once(place: Place, times: int) -> None:
    place.run(f"for _ in range({times}): logs.configure(settings, '{REPOSITORY}')\nown.info('x')")
    assert len(place.documents()) == 1
