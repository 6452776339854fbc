"""The verbs call the engine in order, and say what is missing."""

import json
from pathlib import Path

import pytest
from ninefold_stacks.passwords import passwords

from flight_delays_platform import engine
from flight_delays_platform.__main__ import main
from flight_delays_platform.environments import PREFIX, PROGRAMS, PROVISIONED
from flight_delays_platform.faults import Fault

# Notes its arguments; `export` writes its file, `--json` is answered with what is known, and
# `fail` in the environment makes a word fail.
ENGINE = """#!/bin/sh
printf '%s\\n' "$*" >> "$ENGINE_LOG"
case "$*" in *"--file "*) echo '{ "version": 3 }' > "${*##*--file }" ;; esac
# Without this the engine knows no such option.
case "$*$PULUMI_DEBUG_COMMANDS" in *"--event-log "*true) ;; *"--event-log "*) exit 9 ;; esac
case "$*" in *"--event-log "*) echo "$ENGINE_EVENTS" > "${*##*--event-log }" ;; esac
case "$*" in *"config set --secret"*) cat >> "$ENGINE_SECRETS"; echo >> "$ENGINE_SECRETS" ;; esac
case "$*" in *"$ENGINE_FAILS"*) exit 3 ;; esac
case "$*" in *"--json"*) echo "$ENGINE_ANSWER" ;; esac
"""
QUIET = "--non-interactive "
KNOWN = {f"passwords:{name}": {"secret": True} for name in passwords("foundation", {})}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository's folder with an engine that takes notes."""
    for program in PROGRAMS[PROVISIONED[0]]:
        (tmp_path / program).mkdir()
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "pulumi").write_text(ENGINE, "utf-8")
    (binaries / "pulumi").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for name in ("PULUMI_BACKEND_URL", *engine.PASSPHRASES[1:], f"{PREFIX}_SECRETS_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{binaries}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "for tests")
    monkeypatch.setenv("ENGINE_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("ENGINE_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("ENGINE_FAILS", "no such word")
    monkeypatch.setenv("ENGINE_ANSWER", json.dumps(KNOWN))
    monkeypatch.setenv("ENGINE_EVENTS", json.dumps({"cancelEvent": {}}))
    monkeypatch.setenv(f"{PREFIX}_ENVIRONMENT", PROVISIONED[0])
    return tmp_path


def called(folder: Path, program: str = "foundation") -> list[str]:
    """What the engine was asked for a program, without the options that every call has."""
    lines = (folder / "log").read_text("utf-8").splitlines()
    start = f"--cwd {program} "
    found = [line.removeprefix(start) for line in lines if line.startswith(start)]
    return [line.removeprefix(QUIET) for line in found]


def test_a_copy_of_the_state_is_made_before_up(folder: Path) -> None:
    assert main(["up", "--", "--yes"]) == 0
    for program in PROGRAMS[PROVISIONED[0]]:
        first, *_, copied, last = called(folder, program)
        assert first.startswith("stack select --create --secrets-provider passphrase")
        assert copied.startswith("stack export --stack")
        assert last.startswith("up --stack")
        assert last.endswith("--yes")
        (copy,) = (folder / "exports").glob(f"{PROVISIONED[0]}-{program}-*.json")
        assert copy.read_text("utf-8") == '{"version":3}'


def test_the_programs_run_in_the_order_in_which_they_stand(folder: Path) -> None:
    wanted = list(PROGRAMS[PROVISIONED[0]])
    for verb, order in (("up", wanted), ("destroy", wanted[::-1])):
        (folder / "log").unlink(missing_ok=True)
        assert main([verb]) == 0
        lines = (folder / "log").read_text("utf-8").splitlines()
        ran = [line.split()[1] for line in lines if f" {verb} --stack" in line]
        assert ran == order


def test_passwords_are_generated_once_and_never_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--program", "foundation"]) == 0
    assert not (folder / "secrets").exists()
    monkeypatch.setenv("ENGINE_ANSWER", "{}")
    assert main(["up", "--program", "foundation"]) == 0
    made = (folder / "secrets").read_text("utf-8").split()
    assert len(set(made)) == len(KNOWN)
    assert all(len(one) >= 40 for one in made)
    seen = (folder / "log").read_text("utf-8") + capsys.readouterr().out
    assert not any(one in seen for one in made)


def test_without_a_copy_nothing_is_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_FAILS", "stack export")
    assert main(["destroy"]) == 3
    assert not any(call.startswith("destroy") for call in called(folder))


def test_what_stands_on_nothing_yet_is_not_previewed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_ANSWER", "{}")
    assert main(["preview"]) == 0
    lines = (folder / "log").read_text("utf-8").splitlines()
    assert [line.split()[1] for line in lines if "--diff" in line] == ["foundation"]


def test_a_preview_copies_nothing(folder: Path) -> None:
    assert main(["preview"]) == 0
    assert not (folder / "exports").exists()
    assert (folder / ".state").is_dir()


def test_the_state_goes_where_it_is_told(folder: Path) -> None:
    programs = PROGRAMS[PROVISIONED[0]]
    assert engine.surroundings({})["PULUMI_BACKEND_URL"].endswith("/.state")
    for program in programs:
        (folder / program / "Pulumi.yaml").write_text("backend: {url: s3://shared}\n", "utf-8")
    assert engine.surroundings({})["PULUMI_BACKEND_URL"] == "s3://shared"
    given = {"PULUMI_BACKEND_URL": "s3://bucket"}
    assert engine.surroundings(given)["PULUMI_BACKEND_URL"] == "s3://bucket"
    (folder / "another").mkdir()
    (folder / "another" / "Pulumi.yaml").write_text("name: another\n", "utf-8")
    with pytest.raises(Fault, match=r"the same `backend\.url`"):
        engine.surroundings({})


def test_a_stack_keeps_the_key_that_its_file_names(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in PROGRAMS[PROVISIONED[0]]:
        path = folder / program / f"Pulumi.{PROVISIONED[0]}.yaml"
        path.write_text("secretsprovider: awskms://alias/one\n", "utf-8")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    assert main(["preview"]) == 0
    assert "--secrets-provider awskms://alias/one" in called(folder)[0]
    monkeypatch.setenv(f"{PREFIX}_SECRETS_PROVIDER", "gcpkms://two")
    assert main(["preview"]) == 0
    assert any("--secrets-provider gcpkms://two" in one for one in called(folder))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("PATH", "/nonexistent"), "pulumi is not on PATH; `make engine`"),
        (("PULUMI_CONFIG_PASSPHRASE", None), "set PULUMI_CONFIG_PASSPHRASE_FILE"),
        ((f"{PREFIX}_ENVIRONMENT", "moon"), "no environment moon; choose ENVIRONMENT="),
        ((f"{PREFIX}_ENVIRONMENT", "dev"), "nothing is provisioned there"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(
    change: tuple[str, str | None],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, value = change
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    assert main(["up"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error: ")
    assert words in shown
    assert shown.count("\n") == 1


def test_drift_is_looked_for_and_nothing_changed(folder: Path) -> None:
    assert main(["drift"]) == 0
    *_, last = called(folder)
    assert last.startswith("preview --refresh --expect-no-changes --stack")
    assert not (folder / "exports").exists()


def test_drift_of_one_program_does_not_hide_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_FAILS", "--expect-no-changes")
    assert main(["drift"]) == 3
    for program in PROGRAMS[PROVISIONED[0]]:
        assert "--expect-no-changes" in called(folder, program)[-1]


def test_what_is_shown_is_left_as_a_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    urn = "urn:pulumi:there::x::kubernetes:core/v1:ConfigMap::settings"
    event = {"resourcePreEvent": {"metadata": {"op": "update", "urn": urn, "diffs": ["data"]}}}
    monkeypatch.setenv("ENGINE_EVENTS", json.dumps(event))
    (folder / "policies").mkdir()
    assert main(["preview"]) == 0
    judged = [line for line in called(folder) if line.startswith("preview")]
    assert all(f"--policy-pack {folder / 'policies'}" in line for line in judged)
    page = folder / "build" / f"preview-{PROVISIONED[0]}.md"
    assert "| change | core/v1:ConfigMap | `settings` | foundation |" in page.read_text("utf-8")
    assert f"report: {page.relative_to(folder)}" in capsys.readouterr().out


def test_a_page_is_never_that_of_a_run_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = folder / "build" / f"preview-{PROVISIONED[0]}.md"
    assert main(["preview"]) == 0
    assert page.is_file()
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    assert main(["preview"]) == 1
    assert not page.exists()


@pytest.mark.parametrize("differs", [True, False])
def test_drift_that_is_found_unattended_is_told(
    differs: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, Path]] = []
    monkeypatch.setattr(engine, "tell", lambda *found: told.append(found))
    monkeypatch.setenv(f"{PREFIX}_BACKEND", "s3://bucket")
    monkeypatch.setenv("ENGINE_FAILS", "--expect-no-changes")
    urn = "urn:pulumi:there::x::kubernetes:core/v1:ConfigMap::settings"
    event = {"resourcePreEvent": {"metadata": {"op": "update" if differs else "same", "urn": urn}}}
    monkeypatch.setenv("ENGINE_EVENTS", json.dumps(event))
    assert main(["drift"]) == 3
    assert not told, "a person sees it"
    assert main(["drift", "--unattended"]) == 3
    assert len(told) == differs


def test_a_pipeline_applies_without_asking_and_shows_its_state(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Fault, match="the state would be lost"):
        engine.run("up", PROVISIONED[0], unattended=True)
    monkeypatch.setenv(f"{PREFIX}_BACKEND", "s3://bucket")
    assert main(["up", "--unattended"]) == 0
    assert called(folder)[-1].endswith("--diff --yes")
    monkeypatch.setenv("ENGINE_ANSWER", "{}")
    with pytest.raises(Fault, match="`make up` where you can commit"):
        engine.run("up", PROVISIONED[0], unattended=True)
    assert not (folder / "secrets").exists()


def test_what_a_pipeline_keeps_reaches_the_engine_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = folder / "bin" / "pulumi"
    seen = 'echo "$PULUMI_BACKEND_URL $PULUMI_CONFIG_PASSPHRASE $KUBECONFIG" > seen\n'
    asked.write_text(f'{ENGINE}cd {folder} && {seen}cat "$KUBECONFIG" >> seen\n', "utf-8")
    monkeypatch.setenv(f"{PREFIX}_BACKEND", "s3://bucket")
    monkeypatch.setenv(f"{PREFIX}_PASSPHRASE", "kept")
    monkeypatch.setenv(f"{PREFIX}_KUBECONFIG", "clusters: []")
    assert main(["export", "--program", "foundation"]) == 0
    first, content = (folder / "seen").read_text("utf-8").splitlines()
    backend, passphrase, path = first.split(" ", maxsplit=2)
    assert [backend, passphrase, content] == ["s3://bucket", "kept", "clusters: []"]
    assert not Path(path).exists()
    # As one service of pipelines passes what is not set.
    monkeypatch.setenv(f"{PREFIX}_KUBECONFIG", f"$({PREFIX}_KUBECONFIG)")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    main(["export", "--program", "foundation"])
    assert (folder / "seen").read_text("utf-8") == "s3://bucket kept \n"


def test_the_engine_is_fetched_where_it_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    install = "pulumi.automation.PulumiCommand.install"
    monkeypatch.setattr(install, lambda root: fetched.append(root))
    assert main(["engine"]) == 0
    assert not fetched
    (folder / "bin" / "pulumi").unlink()
    assert main(["engine"]) == 0
    assert fetched == [str(engine._fetched())]
    place = engine._fetched() / "bin"
    place.mkdir(parents=True)
    (place / "pulumi").write_text(ENGINE, "utf-8")
    (place / "pulumi").chmod(0o755)
    assert main(["preview", "--program", "foundation"]) == 0
