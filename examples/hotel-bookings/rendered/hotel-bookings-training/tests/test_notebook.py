"""The experiment notebook runs from top to bottom, and keeps no outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from hotel_bookings_training.plan import METRIC
from hotel_bookings_training.settings import PREFIX, Settings

NOTEBOOK = Path("notebooks/experiment.ipynb")


def test_notebook_runs_on_the_small_state(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"{PREFIX}_STATE", str(settings.state))
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": "notebooks"}})
    client.execute()
    said = [
        output.get("text", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream"
    ]
    assert any(text.startswith(f"{METRIC}: ") for text in said)


def test_notebook_keeps_no_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
