"""What a metadata store on a server does when the server is away."""

from pathlib import Path
from typing import Any

import pytest
from conftest import settings_module, tracking


def test_a_server_that_is_away_is_one_line(
    settings_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{settings_module.PREFIX}_METADATA_STORE", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = settings_of(tmp_path / "state")
    with pytest.raises(tracking.Fault, match=r"^the metadata store at .*; see that it runs.*\Z"):
        tracking.runs(away)
