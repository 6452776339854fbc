"""The documentation's settings."""

project = "Ninefold"
author = "The Ninefold authors"
copyright = "2026, The Ninefold authors"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "Ninefold"
html_show_sphinx = False
