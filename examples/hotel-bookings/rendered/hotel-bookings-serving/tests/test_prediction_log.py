"""Lines stay whole, whoever writes and whatever breaks."""

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from hotel_bookings_serving.prediction_log import PredictionLog


def _write(path: Path, writer: int) -> None:
    for number in range(50):
        PredictionLog(path).append([{"writer": writer, "number": number, "text": "x" * 5000}])


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "state" / "log.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, number)) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len({(line["writer"], line["number"]) for line in lines}) == len(lines) == 150


def test_a_line_that_a_killed_writer_left_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"half', "utf-8")
    PredictionLog(path).append([{"whole": 1}])
    assert path.read_text("utf-8").splitlines() == ['{"half', '{"whole": 1}']


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.jsonl"
    log = PredictionLog(path)
    log.append([{"number": 1}])
    real, calls = os.write, []

    def full(descriptor: int, text: bytes) -> int:
        calls.append(len(text))
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return real(descriptor, text[:4])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        log.append([{"number": 2}])
    assert path.read_text("utf-8") == '{"number": 1}\n'
