"""Where the bed keeps what it builds and what it runs: in the user's cache folder."""

import os
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "programs"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ninefold" / "kubernetes"
BUILT = CACHE / "built"
IMAGES = CACHE / "images"
CLUSTERS = CACHE / "clusters"
