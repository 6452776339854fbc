"""Pages made from the code when the documentation is built: spec, technologies, commands."""

from pathlib import Path

import commands_page
import spec_page
import technology_pages
from sphinx.application import Sphinx
from sphinx.util.osutil import FileAvoidWrite


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for sources."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Sphinx) -> None:
    """Write `docs/generated`, and remove what no longer follows from the code."""
    folder = Path(app.srcdir) / "generated"
    pages = {**spec_page.pages(), **technology_pages.pages(), **commands_page.pages()}
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileAvoidWrite(path) as file:  # what has not changed is not built again
            file.write(text)
    for path in folder.rglob("*.md"):
        if path.relative_to(folder).as_posix() not in pages:
            path.unlink()
