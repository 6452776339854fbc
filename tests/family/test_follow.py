"""A changed spec: what it brings is shown before, and brought to the repositories after."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from workshop import Workshop, beside, load, tree

PRODUCT = "flight-delays-product"
TRAINING = "flight-delays-training"
SERVING = "flight-delays-serving"
BRANCH = "spec-*"
# A file that follows the spec, and nothing else of it.
PLAN = "trials.txt"


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture(scope="module")
def rendered(small_origin: Path, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A template of a handful of files, of which one follows the spec, and a family of it."""
    folder = tmp_path_factory.mktemp("follow")
    made = Workshop(folder, folder / "template")
    made.git(folder, "clone", "--quiet", str(small_origin), "template")
    place = made.template / "templates" / "training" / f"{PLAN}.jinja"
    place.write_text("{@ product.name @}\n\n\n\n{@ model.search.trials @} trials\n", "utf-8")
    made.commit(made.template)
    made.new("--into", folder / "flights", "--only", "product", "training", "serving")
    return made


@pytest.fixture
def workshop(rendered: Workshop, tmp_path: Path) -> Workshop:
    """Commands of somebody who has a family of that template."""
    return Workshop(tmp_path, rendered.template)


@pytest.fixture
def flights(rendered: Workshop, tmp_path: Path) -> Path:
    """Three repositories, and a spec that searches longer than they do."""
    folder = tmp_path / "flights"
    shutil.copytree(rendered.folder / "flights", folder, symlinks=True)
    replace(folder / PRODUCT / "product.yaml", "trials: 6", "trials: 9")
    return folder


def said(workshop: Workshop, *arguments: str | Path) -> str:
    done = workshop.ninefold(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_changes_are_shown_by_value_and_by_file(workshop: Workshop, flights: Path) -> None:
    spec = flights / PRODUCT / "product.yaml"
    shown = said(workshop, "plan", spec, "--changes")
    assert "model.search.trials  6 -> 9" in shown
    assert f"{PLAN}  +1 -1" in shown
    found = json.loads(said(workshop, "plan", spec, "--changes", "--format", "json"))
    assert found["values"] == [{"path": "model.search.trials", "before": 6, "after": 9}]
    assert TRAINING in [each["name"] for each in found["repositories"]]
    page = said(workshop, "plan", spec, "--changes", "--format", "markdown")
    assert "| model.search.trials | <code>6</code> | <code>9</code> |" in page
    assert "\n-6 trials\n+9 trials\n" in page
    # What is shown is what an update brings, file by file.
    workshop.git(flights / PRODUCT, "commit", "--quiet", "--all", "--message=Search longer")
    said(workshop, "update", flights, "--branch", "follow")
    for each in found["repositories"]:
        files = workshop.git(flights / each["name"], "diff", "--numstat", "HEAD", "follow")
        expected = [f"{one['added']}\t{one['removed']}\t{one['path']}" for one in each["files"]]
        brought = [line for line in files.splitlines() if not line.endswith("ninefold.lock")]
        assert brought == expected


def test_without_a_change_nothing_is_shown(workshop: Workshop, flights: Path) -> None:
    spec = flights / PRODUCT / "product.yaml"
    workshop.git(flights / PRODUCT, "checkout", "--quiet", "product.yaml")
    assert "nothing changes" in said(workshop, "plan", spec, "--changes")
    assert "Nothing" not in said(workshop, "plan", spec, "--changes", "--format", "json")


def test_markup_in_a_spec_is_no_markup_of_the_page(workshop: Workshop, flights: Path) -> None:
    spec = flights / PRODUCT / "product.yaml"
    replace(spec, "title: ", "title: '<b>|*x*|`y` @all' #")
    page = said(workshop, "plan", spec, "--changes", "--format", "markdown")
    head, _, patch = page.partition("<details>")
    for mark in ("<b>", "*x*", "`y`", "@all"):
        assert mark not in head
    assert "```" in patch


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--changes", "--format", "mermaid"), "choose another --format"),
        (("--format", "markdown"), "add --changes"),
    ],
)
def test_a_form_that_does_not_fit_is_refused(
    words: tuple[str, ...], message: str, workshop: Workshop
) -> None:
    spec = workshop.template / "examples/flight-delays/product.yaml"
    done = workshop.ninefold("plan", spec, *words)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr


def test_a_spec_outside_a_family_has_nothing_to_be_compared_with(workshop: Workshop) -> None:
    spec = workshop.template / "examples/flight-delays/product.yaml"
    done = workshop.ninefold("plan", spec, "--changes")
    assert done.returncode == 2
    assert "lies in no product repository" in done.stderr


def test_repositories_follow_on_a_branch_and_keep_what_is_theirs(
    workshop: Workshop, flights: Path
) -> None:
    training, product = flights / TRAINING, flights / PRODUCT
    workshop.git(product, "commit", "--quiet", "--all", "--message=Search longer")
    replace(training / PLAN, "flight-delays\n", "flight-delays, ours\n")
    workshop.git(training, "commit", "--quiet", "--all", "--message=Ours")
    (training / "notes.txt").write_text("not committed")
    before = tree(training)
    check = workshop.ninefold("check", flights)
    assert "`model.search.trials` is not what product.yaml says" in check.stdout

    shown = said(workshop, "update", flights)
    assert tree(training) == before, "what is checked out has changed"
    (branch,) = workshop.git(training, "branch", "--list", BRANCH).split()
    assert f"{TRAINING}: 2 files on the branch {branch}" in shown
    message = workshop.git(training, "log", "-1", "--format=%B", branch)
    assert message.splitlines() == ["Follow the product's spec", "", "model.search.trials"]
    assert workshop.git(training, "rev-list", "--count", f"main..{branch}") == "1"
    merged = workshop.git(training, "show", f"{branch}:{PLAN}")
    assert merged == "flight-delays, ours\n\n\n\n9 trials"

    for folder in (training, product, flights / SERVING):
        workshop.git(folder, "merge", "--quiet", "--ff-only", branch)
    assert "agree with the spec" in said(workshop, "check", flights)
    assert "follows the spec already" in said(workshop, "update", flights)
    assert ".flights.ninefold" not in beside(flights)


def test_the_spec_stays_as_its_owner_wrote_it(workshop: Workshop, flights: Path) -> None:
    product = flights / PRODUCT
    replace(product / "product.yaml", "trials: 9", "trials: 9  # a night is long enough")
    workshop.git(product, "commit", "--quiet", "--all", "--message=Search longer")
    said(workshop, "update", flights, "--here")
    assert "# a night is long enough" in (product / "product.yaml").read_text("utf-8")
    assert load(product / ".copier-answers.yml")["model"]["search"]["trials"] == 9
    assert not workshop.git(product, "status", "--porcelain")
    assert "agree with the spec" in said(workshop, "check", flights)


def test_what_cannot_be_merged_is_left_to_a_person(workshop: Workshop, flights: Path) -> None:
    training = flights / TRAINING
    workshop.git(flights / PRODUCT, "commit", "--quiet", "--all", "--message=Search longer")
    replace(training / PLAN, "6 trials", "7 trials")
    workshop.git(training, "commit", "--quiet", "--all", "--message=Ours")
    done = workshop.ninefold("update", flights)
    assert done.returncode == 1
    assert f"{TRAINING}: cannot be merged in {PLAN}; merge by hand: cd " in done.stdout
    assert not workshop.git(training, "branch", "--list", BRANCH)
    assert workshop.git(flights / SERVING, "branch", "--list", BRANCH), "the others go on"
    assert not workshop.git(training, "status", "--porcelain")


def test_an_uncommitted_spec_is_not_followed(workshop: Workshop, flights: Path) -> None:
    done = workshop.ninefold("update", flights)
    assert done.returncode == 2
    assert f"{PRODUCT}/product.yaml: has changes that are not committed" in done.stderr
    workshop.git(flights / PRODUCT, "commit", "--quiet", "--all", "--message=Search longer")
    said(workshop, "update", flights)


def test_a_second_run_goes_on_and_overwrites_nothing(workshop: Workshop, flights: Path) -> None:
    workshop.git(flights / PRODUCT, "commit", "--quiet", "--all", "--message=Search longer")
    said(workshop, "update", flights)
    training = flights / TRAINING
    (branch,) = workshop.git(training, "branch", "--list", BRANCH).split()
    commit = workshop.git(training, "rev-parse", branch)
    workshop.git(flights / SERVING, "branch", "--quiet", "-D", branch)
    assert f"{TRAINING}: 2 files on the branch {branch}" in said(workshop, "update", flights)
    assert workshop.git(training, "rev-parse", branch) == commit
    assert workshop.git(flights / SERVING, "branch", "--list", branch)
    workshop.git(training, "update-ref", f"refs/heads/{branch}", "main")
    done = workshop.ninefold("update", flights)
    assert done.returncode == 2
    assert "holds something else; merge it" in done.stderr and "Traceback" not in done.stderr


def test_another_product_is_another_family(workshop: Workshop, flights: Path) -> None:
    replace(flights / PRODUCT / "product.yaml", "name: flight-delays", "name: late-flights")
    workshop.git(flights / PRODUCT, "commit", "--quiet", "--all", "--message=Rename")
    for words in (("update", flights), ("plan", flights / PRODUCT / "product.yaml", "--changes")):
        done = workshop.ninefold(*words)
        assert done.returncode == 2
        assert "`product.name` was flight-delays" in done.stderr


def test_later_templates_come_with_a_reference_and_the_lock_knows(
    workshop: Workshop, flights: Path
) -> None:
    workshop.git(flights / PRODUCT, "checkout", "--quiet", "product.yaml")
    path = workshop.template / "templates" / "training" / ".gitignore.jinja"
    path.write_text(path.read_text("utf-8") + "/later\n", "utf-8")
    commit = workshop.commit(workshop.template)
    said(workshop, "update", flights, "--ref", commit, "--here")
    assert "/later" in (flights / TRAINING / ".gitignore").read_text("utf-8")
    assert "agree with the spec" in said(workshop, "check", flights)


def test_a_kill_leaves_every_repository_as_it_was(workshop: Workshop, flights: Path) -> None:
    workshop.git(flights / PRODUCT, "commit", "--quiet", "--all", "--message=Search longer")
    before = {folder: tree(folder) for folder in flights.iterdir()}
    running = subprocess.Popen(
        workshop.command("update", flights),
        cwd=workshop.folder,
        env=workshop.environment(),
        stdout=subprocess.DEVNULL,
    )
    hidden = flights.parent / f".{flights.name}.ninefold"
    deadline = time.monotonic() + 60
    while not list(hidden.glob(f"new/{TRAINING}/.git")) and time.monotonic() < deadline:
        time.sleep(0.01)
    running.kill()
    running.wait()
    assert {folder: tree(folder) for folder in flights.iterdir()} == before
    assert not workshop.git(flights / TRAINING, "branch", "--list", BRANCH)
    said(workshop, "update", flights)
    assert workshop.git(flights / TRAINING, "branch", "--list", BRANCH)
    assert not hidden.exists()
