"""The JSON Schema of product.yaml, from which an editor completes it.

`python -m ninefold.spec.schema` writes generator/ninefold/spec.schema.json.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ninefold.spec.spec import Spec

PATH = Path(__file__).resolve().parent.parent / "spec.schema.json"


def schema_text() -> str:
    """The schema as a file's content, always in the same order."""
    document: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Spec.model_json_schema(),
        "title": "product.yaml of Ninefold",
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the schema; with --check only look whether it is up to date."""
    fresh = schema_text()
    if "--check" in arguments:
        if PATH.is_file() and PATH.read_text(encoding="utf-8") == fresh:
            return 0
        print(f"{PATH}: is stale; run `python -m ninefold.spec.schema`", file=sys.stderr)
        return 1
    PATH.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
