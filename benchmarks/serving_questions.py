"""Questions for the prediction service, as files: runs inside a rendered serving repository.

Each line of `rows.jsonl` holds one full row, each of `keys.jsonl` the same entity's key.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

MOST = 400


def main(package: str, into: Path) -> None:
    """Write both files for entities that the online store knows now."""
    due, features, scoring, settings = (
        importlib.import_module(f"{package}.{name}")
        for name in ("due", "features", "scoring", "settings")
    )
    loaded: Any = settings.load_settings()
    keys = due.due(loaded)[due.KEY].tolist()[:MOST]
    rows = scoring.rows_of(features.online(loaded, keys, loaded.clock))
    into.mkdir(parents=True, exist_ok=True)
    for name, asked in (("keys", keys), ("rows", rows)):
        lines = [json.dumps({name: [one]}) for one in asked]
        (into / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
