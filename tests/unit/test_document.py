"""What YAML allows and a spec must not hold."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import EXAMPLE, TEXT, changed, line_of, problems

from ninefold.spec import SpecError, load, load_text
from ninefold.spec.document import MAXIMUM_BYTES, parse


def test_the_example_is_valid() -> None:
    assert problems(TEXT) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("  lead_time: 2h\n", "\tlead_time: 2h\n", "\tlead_time", "there is a tab; use spaces"),
        ("lead_time: 2h", "lead_time:\t2h", "lead_time:\t", "there is a tab; use spaces"),
        (
            "  lead_time: 2h\n",
            "  lead_time: 2h\n  lead_time: 3h\n",
            "lead_time: 3h",
            "lead_time is there twice",
        ),
        ("clock: \"2013-10-01T12:00:00Z\"", "clock: 2013-10-01T12:00:00Z", "clock: 2013",
         "is a date without quotes; write it in quotes"),
        ("match: {dest: faa}", "on: {dest: faa}", "on: {dest", 'write it in quotes: "on"'),
        ("seed: 2013", "seed: 0x7dd", "seed: 0x", "0x7dd is no plain decimal number"),
        ("seed: 2013", "seed: 20_13", "seed: 20_", "20_13 is no plain decimal number"),
        ("seed: 2013", "seed: 33:33", "seed: 33", "33:33 is no plain decimal number"),
        ("error_share: 0.01", "error_share: .inf", "error_share: .inf", "no plain decimal number"),
        ("nullable: true", "nullable: yes", "nullable: yes", "write true, false or use quotes"),
        ("seed: 2013", "seed: !!python/object:os.system 1", "seed: !!", "carries the tag"),
        ("seed: 2013", "seed: &seed 2013", "seed: &", "&seed sets an anchor"),
        ("seed: 2013", "seed: *seed", "seed: *", "*seed refers to an anchor"),
        ("version: 1", "version: 1\n<<: {a: b}", "<<", "`<<` merges mappings"),
        ("version: 1", "version: 1\n[a]: b", "[a]: b", "a key is a list or mapping"),
        ("monitoring:\n  window", "---\nmonitoring:\n  window", "---", "a single document"),
        ("port: 3000", "port: [3000", "latency_p99", "this is no YAML"),
        ("port: 3000", f"port: {'[' * 40}{']' * 40}", "port: [[", "nested more than"),
    ],
)  # fmt: skip
def test_what_is_refused_with_its_line(old: str, new: str, at: str, says: str) -> None:
    text = changed(old, new)
    found = problems(text)
    assert len(found) == 1, found
    assert found[0][0] == line_of(at, text)
    assert says in found[0][1]


def test_every_fault_is_listed_in_order() -> None:
    text = changed("seed: 2013", "seed: 0x1")
    text = changed("match: {dest: faa}", "on: {dest: faa}", text)
    lines = [line for line, _ in problems(text)]
    assert lines == [line_of("on: {dest", text), line_of("seed: 0x1", text)]


def test_no_more_is_listed_than_anyone_reads() -> None:
    with pytest.raises(SpecError) as caught:
        load_text("".join(f"key_{number}: 1\n" for number in range(300)))
    lines = str(caught.value).splitlines()
    assert len(lines) == 101
    # 300 unknown keys, and 13 that are missing.
    assert lines[-1].endswith(": and 213 more; mend these first")


def test_aliases_cannot_grow_without_end() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefghi")
    )
    assert problems(bomb) == [(1, "&a sets an anchor; remove it, write values out")]


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"", 1, "is empty"),
        (b"# only a comment\n", 1, "is empty"),
        (b"\n \n", 1, "is empty"),
        (b"version: 1\nproduct: \xff\n", 2, "this line is not UTF-8"),
        ("version: 1".encode("utf-16"), 1, "this line is not UTF-8"),
        (b"version: 1\nproduct: \x07\n", 2, "a character that YAML forbids"),
        (b"a" * (MAXIMUM_BYTES + 1), 1, "larger than 1 MB"),
    ],
)
def test_what_is_no_text(content: bytes, line: int, says: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(content)
    assert [each.line for each in caught.value.problems] == [line]
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "12\n"])
def test_a_spec_is_a_mapping(text: str) -> None:
    assert problems(text) and "a mapping" in problems(text)[0][1]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, says in ((tmp_path / "none.yaml", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(SpecError, match=says) as caught:
            load(path)
        assert str(caught.value).startswith(f"{path}:1: ")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    marked = tmp_path / "product.yaml"
    marked.write_bytes(b"\xef\xbb\xbf" + EXAMPLE.read_bytes())
    assert load(marked) == load(EXAMPLE)


def test_windows_line_ends_keep_their_lines() -> None:
    text = changed("seed: 2013", "seed: x")
    assert problems(text.replace("\n", "\r\n")) == problems(text)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        parse(content)
    except SpecError as error:
        assert error.problems
        assert all(each.line >= 1 and each.text for each in error.problems)


@settings(max_examples=150, deadline=None)
@given(
    at=st.integers(0, len(TEXT) - 1),
    length=st.integers(0, 30),
    put=st.text(max_size=12),
)
def test_a_damaged_example_is_read_or_refused(at: int, length: int, put: str) -> None:
    damaged = TEXT[:at] + put + TEXT[at + length :]
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in damaged):
        return
    last = damaged.count("\n") + 2
    try:
        load_text(damaged)
    except SpecError as error:
        for each in error.problems:
            assert 1 <= each.line <= last
            assert "\n" not in each.text
            assert each.text.endswith("?") or ";" in each.text or "quotes" in each.text, each.text
