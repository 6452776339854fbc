"""What a registry on a server does when the server is away, or somebody died with its lock."""

from pathlib import Path
from typing import Any

import pytest
from conftest import faults, registry, settings_module


def test_a_server_that_is_away_is_one_line(
    settings_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{settings_module.PREFIX}_REGISTRY", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = settings_of(tmp_path / "state")
    with pytest.raises(faults.Fault, match=r"^the model registry at .*; see that it runs.*\Z"):
        registry.current(away, "champion")


def test_a_lock_that_was_left_behind_is_moved_aside(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "PATIENCE", 0.2)
    client = registry._client(settings)
    assert registry._made(client, "somebody")
    with registry._locked(settings):
        assert registry._holder(client) != "somebody"
    assert registry._holder(client) == ""
