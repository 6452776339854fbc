"""CI runs the verbs of the Makefile: what passes there is what can be run here."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PIPELINE = ROOT / ".github" / "workflows" / "ci.yaml"
COMMAND = re.compile(r"^ +run: (?!test ! -f build/)(.+)$", re.MULTILINE)


def test_ci_runs_verbs_of_the_makefile() -> None:
    commands = COMMAND.findall(PIPELINE.read_text("utf-8"))
    verbs = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {"make setup", "make lint", "make test"} <= set(commands)
    for command in commands:
        program, verb, *settings = command.split()
        assert program == "make"
        assert verb in verbs
        assert all(re.fullmatch(r"[A-Z]+=[a-z0-9./-]+", setting) for setting in settings)
