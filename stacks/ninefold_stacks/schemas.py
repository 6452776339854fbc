"""`python -m ninefold_stacks.schemas`: the files that the generator and the stacks meet in.

Every module named `form` holds `Config` and `Outputs`; configuration in other namespaces than the
program's stands in its `NAMESPACES`.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ninefold_stacks
from ninefold_stacks.configuration import schema_of

ROOT = Path(ninefold_stacks.__file__).parent


def documents() -> Iterator[tuple[Path, str]]:
    """Each schema file with the text that it must have."""
    for path in sorted([*ROOT.glob("*/form.py"), *ROOT.glob("*/*/form.py")]):
        folder = path.parent
        name = ".".join(("ninefold_stacks", *path.relative_to(ROOT).with_suffix("").parts))
        form = importlib.import_module(name)
        about = "/".join(folder.relative_to(ROOT).parts)
        for kind, fields in (("config", form.Config), ("outputs", form.Outputs)):
            schema = schema_of(fields, f"{kind.capitalize()} of {about}")
            yield folder / f"{kind}.schema.json", _text(schema)
        for namespace, fields in getattr(form, "NAMESPACES", {}).items():
            schema = schema_of(fields, f"Config of {about}, namespace {namespace}")
            yield folder / f"{namespace}.config.schema.json", _text(schema)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what differs; with --check only tell, and fail if anything does."""
    parser = argparse.ArgumentParser(prog="python -m ninefold_stacks.schemas")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args(arguments).check
    stale = [(path, text) for path, text in documents() if not _is(path, text)]
    for path, text in stale:
        if check:
            print(f"{path}: not up to date; run python -m ninefold_stacks.schemas", file=sys.stderr)
        else:
            path.write_text(text, "utf-8")
            print(f"{path}: written")
    return 1 if check and stale else 0


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2) + "\n"


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
