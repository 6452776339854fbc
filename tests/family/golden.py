"""Write what the examples render to: `python tests/family/golden.py`, after a change of templates.

The reviewer of a template then sees what it changes for a product. What moves with every commit,
the template's place and commit, is replaced by fixed words.
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from ninefold.names import repository_name
from ninefold.render import Source, render
from ninefold.template import Template

from workshop import CHECKOUT, ROLES, copy_checkout, load

EXAMPLES = CHECKOUT / "examples"
RENDERED = "rendered"
COMMIT = "published"


def published_url() -> str:
    """The address at which the templates are published."""
    project = tomllib.loads((CHECKOUT / "generator" / "pyproject.toml").read_text())
    return str(project["project"]["urls"]["Repository"])


def regenerate(example: Path, template: Path, into: Path) -> None:
    """Render an example's family, without history, lock and whatever moves."""
    spec = load(example / "product.yaml")
    words = moving_words(template)
    with Source(Template(str(template), "HEAD")) as source:
        for role in ROLES:
            folder = into / repository_name(spec["product"]["name"], role)
            render(source, role, spec, folder)
            for path in folder.rglob("*"):
                if path.is_file():
                    path.write_bytes(replaced(path.read_bytes(), words))


def moving_words(template: Path) -> dict[str, str]:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=template, capture_output=True, text=True, check=True
        ).stdout.strip()

    short = git("describe", "--tags", "--always")
    return {
        git("rev-parse", "HEAD"): COMMIT,
        # A short commit of digits only is quoted.
        f"_commit: '{short}'": f"_commit: {COMMIT}",
        f"_commit: {short}": f"_commit: {COMMIT}",
        str(template.resolve()): published_url(),
    }


def replaced(content: bytes, words: dict[str, str]) -> bytes:
    for old, new in words.items():
        content = content.replace(old.encode(), new.encode())
    return content


def examples() -> list[Path]:
    return sorted(path.parent for path in EXAMPLES.glob("*/product.yaml"))


def commit_checkout(into: Path) -> Path:
    """The checkout as it stands, as a template with one commit."""
    copy_checkout(into)
    author = ("-c", "user.name=Golden", "-c", "user.email=golden@localhost")
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "Golden"]):
        subprocess.run(["git", *author, *arguments], cwd=into, check=True)
    return into


def main() -> int:
    """Replace the rendered folders of all examples."""
    with tempfile.TemporaryDirectory() as scratch:
        template = commit_checkout(Path(scratch) / "template")
        for example in examples():
            fresh = Path(scratch) / example.name
            regenerate(example, template, fresh)
            shutil.rmtree(example / RENDERED, ignore_errors=True)
            shutil.copytree(fresh, example / RENDERED)
            print(f"{example.relative_to(CHECKOUT)}/{RENDERED}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
