"""The documentation's settings."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "Ninefold"
author = "The Ninefold authors"
copyright = "2026, The Ninefold authors"
extensions = ["myst_parser", "generated"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build", "extensions"]
nitpicky = True
myst_heading_anchors = 3
html_theme = "furo"
html_title = "Ninefold"
html_show_sphinx = False
