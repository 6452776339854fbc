"""The command line as a user meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from toys import CHECKOUT, EXAMPLE, TEXT, changed, toy_house, toy_text

from ninefold.cli import main
from ninefold.spec import load, schema
from ninefold.spec.technologies import SLOTS

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of toys, and the folder that the command runs in."""
    root = toy_house(tmp_path / "checkout")
    (root / "copier.yml").touch()
    example = root / "examples" / "flight-delays"
    example.mkdir(parents=True)
    (example / "product.yaml").write_text(TEXT)
    monkeypatch.setenv("NINEFOLD_TEMPLATE", str(root))
    monkeypatch.chdir(tmp_path)
    return root


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    paths = [str(CHECKOUT / "generator"), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-m", "ninefold", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from ninefold.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'pydantic', 'yaml', 'copier', 'sqlglot', 'jinja2'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "generator")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for command in ("init", "plan", "new", "run", "check", "technology", "doctor"):
        assert f"\n    {command}" in done.stdout


@pytest.mark.parametrize("command", ["init", "plan", "new", "run", "check", "technology", "doctor"])
def test_every_command_explains_itself(command: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: ninefold {command}" in capsys.readouterr().out


def test_without_a_command_the_help_is_shown(capsys: Capture) -> None:
    assert main([]) == 2
    assert "usage: ninefold" in capsys.readouterr().out


def test_an_error_is_told_without_a_traceback_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "product.yaml").write_text(changed("seed: 2013", "seed: x"))
    done = run("plan", "product.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("product.yaml:")
    assert done.stderr.count("\n") == 1
    assert "model.seed is 'x' and must be a whole number" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["product.yaml"]


def test_a_closed_pipe_is_no_error(house: Path, tmp_path: Path) -> None:
    (tmp_path / "product.yaml").write_text(toy_text())
    command = f"{sys.executable} -m ninefold plan product.yaml | head -n 1"
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "generator")}
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert "flight-delays" in done.stdout


@pytest.mark.parametrize("form", ["text", "json", "mermaid"])
def test_plan_in_every_form(house: Path, tmp_path: Path, form: str, capsys: Capture) -> None:
    (tmp_path / "product.yaml").write_text(toy_text())
    before = sorted(tmp_path.rglob("*"))
    assert main(["plan", "product.yaml", "--format", form]) == 0
    shown = capsys.readouterr().out
    assert "flight-delays-training" in shown
    if form == "json":
        assert json.loads(shown)["product"] == "flight-delays"
    assert sorted(tmp_path.rglob("*")) == before


def test_the_example_can_be_planned(capsys: Capture) -> None:
    assert main(["plan", str(EXAMPLE), "--format", "json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == "", "nothing closed or retired is a default"
    plan = json.loads(shown.out)
    assert {each["status"] for each in plan["technologies"]} == {"maintained"}


def test_init_writes_a_valid_spec(house: Path, tmp_path: Path) -> None:
    assert main(["init"]) == 0
    assert load(tmp_path / "product.yaml").product.name == "parcel-delays"


@pytest.mark.parametrize("kind", ["binary-classification", "regression"])
def test_init_takes_answers_as_options(house: Path, tmp_path: Path, kind: str) -> None:
    given = ["--name", "late-shoes", "--organisation", "acme", "--title", 'Shoes: "late" # 1']
    assert main(["init", "--into", "shoes.yaml", "--type", kind, *given]) == 0
    product = load(tmp_path / "shoes.yaml").product
    assert (product.name, product.title, product.type) == ("late-shoes", 'Shoes: "late" # 1', kind)


def test_init_asks_at_a_terminal(
    house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    answers = iter(["Late Shoes\n", "late-shoes\n", "\n", "acme\n", "guess\n", "regression\n"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin.readline", lambda: next(answers), raising=False)
    assert main(["init"]) == 0
    product = load(tmp_path / "product.yaml").product
    assert (product.name, product.title) == ("late-shoes", "Late shoes")
    assert product.type == "regression"
    asked = capsys.readouterr().err
    assert "'Late Shoes' is no product name" in asked
    assert "'guess' is none; answer" in asked


def test_init_copies_an_example(house: Path, tmp_path: Path) -> None:
    assert main(["init", "--example", "flight-delays", "--into", "flights.yaml"]) == 0
    written = (tmp_path / "flights.yaml").read_text()
    assert yaml.safe_load(written) == yaml.safe_load(TEXT)
    assert "../generator" not in written


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["init", "--example", "flight-delay"], "did you mean flight-delays?"),
        (["init", "--name", "Late Shoes"], "--name: 'Late Shoes' is no product name"),
        (["init", "--organisation", "a b"], "--organisation: 'a b' is none"),
        (["init", "--into", "none/product.yaml"], "none/product.yaml: cannot be written"),
        (["plan", "none.yaml"], "none.yaml:1: there is no such file; `ninefold init`"),
        (["technology", "show", "toy-servin"], "did you mean toy-serving?"),
        (["technology", "list", "--slot", "servng.online"], "did you mean serving.online?"),
        (["technology", "new", "Toy", "--slot", "orchestration"], "is no name for a technology"),
        (["technology", "new", "toy", "--slot", "orchestra"], "did you mean orchestration?"),
        (["technology", "list", "--root", "none"], "none: holds no technologies"),
    ],
)
def test_what_a_user_can_mend(
    house: Path, arguments: list[str], says: str, capsys: Capture
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_init_never_overwrites(house: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "product.yaml").write_text("mine")
    for more in ([], ["--example", "flight-delays"]):
        assert main(["init", *more]) == 2
        assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "product.yaml").read_text() == "mine"


def test_technologies_are_listed_and_shown(house: Path, capsys: Capture) -> None:
    assert main(["technology", "list"]) == 0
    listed = capsys.readouterr().out
    assert all(f"{slot.path} (" in listed for slot in SLOTS)
    assert main(["technology", "list", "--slot", "orchestration"]) == 0
    assert "toy-serving" not in capsys.readouterr().out
    assert main(["technology", "show", "toy-orchestration"]) == 0
    shown = capsys.readouterr().out
    assert "orchestration/toy-orchestration: A toy for orchestration." in shown
    assert "src/<package>/orchestration_port.py" in shown


@pytest.mark.parametrize("slot", [slot.path for slot in SLOTS])
def test_a_new_technology_is_accepted_at_once(house: Path, slot: str, capsys: Capture) -> None:
    assert main(["technology", "new", "fresh-one", "--slot", slot]) == 0
    assert main(["technology", "list", "--slot", slot]) == 0
    assert "fresh-one" in capsys.readouterr().out
    folder = house / "stacks/ninefold_stacks" / slot.split(".")[0] / "fresh_one"
    readme = (folder / "README.md").read_text()
    assert f"`{slot}`" in readme
    assert "Licence: Apache-2.0. Status: maintained." in readme
    assert "_port.py.jinja`" in readme
    assert main(["technology", "new", "fresh-one", "--slot", slot]) == 2
    assert "is there already" in capsys.readouterr().err


def test_the_catalog_is_written_and_checked(house: Path, capsys: Capture) -> None:
    assert main(["technology", "catalog", "--check"]) == 1
    assert capsys.readouterr().err.count("is stale; run `ninefold technology catalog`") == 6
    assert main(["technology", "catalog"]) == 0
    assert main(["technology", "catalog", "--check"]) == 0


def test_doctor_tells_what_is_there(tmp_path: Path, capsys: Capture) -> None:
    assert main(["doctor", "--into", str(tmp_path / "not" / "yet")]) == 0
    shown = capsys.readouterr().out
    assert "ok        python: 3." in shown
    assert "everything that is required is here" in shown


def test_doctor_fails_only_for_what_is_required(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "missing   git (keeps the repositories, reads templates): install git" in shown
    assert "optional  kubectl" in shown
    assert "3 required missing" in shown


def test_the_schema_is_up_to_date() -> None:
    assert schema.PATH.read_text() == schema.schema_text(), "run `python -m ninefold.spec.schema`"


def test_the_schema_accepts_the_example_and_names_itself_in_it() -> None:
    import jsonschema

    document = json.loads(schema.schema_text())
    jsonschema.Draft202012Validator.check_schema(document)
    judge = jsonschema.Draft202012Validator(document)
    assert not list(judge.iter_errors(yaml.safe_load(TEXT)))
    assert list(judge.iter_errors(yaml.safe_load(changed("lead_time: 2h", "lead_time: 2 h"))))
    first = TEXT.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (EXAMPLE.parent / first.partition("=")[2]).resolve() == schema.PATH
