"""`ninefold run` hands over to the product repository's make."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from workshop import Workshop

HOME = "flight-delays-product"


@pytest.fixture
def copy(family: Path, tmp_path: Path) -> Path:
    """A product repository whose loop only says how it was called."""
    folder = tmp_path / "flights"
    shutil.copytree(family / HOME, folder / HOME)
    lines = (
        "run:",
        "\t@echo in $(CURDIR) environment=$(ENVIRONMENT) from=$(FROM)",
        '\t@echo "retrain=$$RETRAIN"',
        "\t@$(ACTION)",
    )
    (folder / HOME / "Makefile").write_text("\n".join(lines) + "\n")
    return folder


def test_make_is_called_in_the_product_repository(workshop: Workshop, copy: Path) -> None:
    for folder in (copy, copy / HOME):
        done = workshop.ninefold("run", folder, "--environment", "staging", "--from", "train")
        assert done.returncode == 0, done.stderr
        assert f"in {copy / HOME} environment=staging from=train\n" in done.stdout
    done = workshop.ninefold("run", copy)
    assert "environment= from=\n" in done.stdout


def test_a_round_and_a_reason_are_handed_over(workshop: Workshop, copy: Path) -> None:
    reason = 'a new "airport" for $5, at 100 %; it\'s true'
    done = workshop.ninefold("run", copy, "--from", "watch@2", "--retrain", reason)
    assert done.returncode == 0, done.stderr
    assert "from=watch@2\n" in done.stdout
    assert f"retrain={reason}\n" in done.stdout


def test_a_failing_loop_fails(workshop: Workshop, copy: Path) -> None:
    assert workshop.ninefold("run", copy, ACTION="exit 3").returncode == 2


def test_a_signal_reaches_the_loop(workshop: Workshop, copy: Path) -> None:
    process = subprocess.Popen(
        workshop.command("run", copy),
        env=workshop.environment(ACTION="echo $$$$ > started; exec sleep 60"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started = copy / HOME / "started"
    limit = time.monotonic() + 30
    while not (started.exists() and started.read_text().strip()):
        assert process.poll() is None and time.monotonic() < limit
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) != 0
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < limit:
            os.kill(int(started.read_text()), 0)
            time.sleep(0.01)


def test_wrong_arguments_are_refused(workshop: Workshop, copy: Path) -> None:
    empty = workshop.folder / "empty"
    empty.mkdir()
    for arguments, said in (
        ((empty,), "is no family"),
        ((workshop.folder / "nowhere",), "there is no such folder"),
        ((copy, "--environment", "moon"), "choose one of dev, staging"),
        ((copy, "--from", "$(shell touch pwned)"), "is no step"),
    ):
        done = workshop.ninefold("run", *arguments)
        assert done.returncode == 2
        assert said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (copy / HOME / "pwned").exists()
