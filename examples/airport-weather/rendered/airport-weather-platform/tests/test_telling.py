"""Drift that is found by night is told to the host once, and not without leave."""

from pathlib import Path

import httpx
import pytest

from airport_weather_platform import host, hosting, telling
from airport_weather_platform.hosting import TOKEN


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    """What the host was told, which nobody answers for real."""
    found: list[tuple[str, ...]] = []

    def report(client: httpx.Client, path: str, title: str, text: str) -> str:
        found.append((path, title, text))
        return "https://git.example.org/4"

    monkeypatch.setattr(host, "report", report)
    monkeypatch.setattr(hosting, "origin_url", lambda: "https://git.example.org/team/platform.git")
    (tmp_path / "page.md").write_text("# It differs\n", "utf-8")
    return found


def test_the_page_becomes_an_issue(
    told: list[tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(TOKEN, "s3cret")
    telling.tell("there", tmp_path / "page.md")
    ((path, title, text),) = told
    assert path == f"team/{telling.NAME}"
    assert title == "Drift in there"
    assert text.startswith("# It differs\n")
    shown = capsys.readouterr().out
    assert "told: https://git.example.org/4" in shown
    assert "s3cret" not in shown + text


def test_without_a_token_nobody_is_told(
    told: list[tuple[str, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    telling.tell("there", tmp_path / "page.md")
    assert not told
    assert f"no issue is opened: {TOKEN} is not set" in capsys.readouterr().out
