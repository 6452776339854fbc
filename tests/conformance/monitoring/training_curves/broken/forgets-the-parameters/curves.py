"""Broken on purpose: a trial is its value alone."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter


@contextmanager
def fit(folder: Path, metric: str) -> Iterator[Callable[[int, Mapping[str, float]], None]]:
    """Curves of one fit."""
    writers: dict[str, EventFileWriter] = {}

    def tell(number: int, values: Mapping[str, float]) -> None:
        for window, value in values.items():
            writer = writers.get(window) or EventFileWriter(str(folder / window))
            writers[window] = writer
            _add(writer, Summary(value=[Summary.Value(tag=metric, simple_value=value)]), number)

    yield tell
    for writer in writers.values():
        writer.close()


def trial(folder: Path, parameters: Mapping[str, Any], metrics: Mapping[str, float]) -> None:
    """A point of the search."""
    writer = EventFileWriter(str(folder))
    for name, value in metrics.items():
        _add(writer, Summary(value=[Summary.Value(tag=name, simple_value=value)]))
    writer.close()


def _add(writer: EventFileWriter, summary: Summary, number: int = 0) -> None:
    writer.add_event(Event(wall_time=time.time(), step=number, summary=summary))
    writer.flush()
