"""An update changes what the template's commit changed, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workshop import Workshop, add_toy, load, save, tree

ANSWERS = ".copier-answers.yml"


def changed_lines(workshop: Workshop, folder: Path) -> dict[str, list[str]]:
    """Lines that an update added and removed, by file."""
    workshop.git(folder, "add", "--all")
    found: dict[str, list[str]] = {}
    for name in workshop.git(folder, "diff", "--cached", "--name-only").splitlines():
        patch = workshop.git(folder, "diff", "--cached", "--unified=0", "--", name).splitlines()
        body = patch[next(i for i, line in enumerate(patch) if line.startswith("@@")) :]
        # A commit of digits only is quoted.
        found[name] = [line.replace("'", "") for line in body if line[0] in "+-"]
    return found


def update(workshop: Workshop, folder: Path, *options: str | Path) -> None:
    workshop.copier("update", "--quiet", "--defaults", "--vcs-ref", "HEAD", *options, cwd=folder)


def test_one_line_in_the_template_is_one_line_in_each_repository(
    clone: Workshop, other_spec: Path
) -> None:
    family = clone.folder / "trains"
    # What the roles differ in, the answers they record, is proved for each of them elsewhere.
    roles = ("product", "training")
    clone.new("--into", family, "--only", *roles, spec=other_spec)
    before = clone.git(clone.template, "rev-parse", "--short", "HEAD")
    for role in roles:
        path = clone.template / "templates" / role / ".gitignore.jinja"
        path.write_text(path.read_text(encoding="utf-8") + "/added-by-the-template\n")
    after = clone.commit(clone.template)[: len(before)]

    folders = [family / f"late-trains-{role}" for role in roles]
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda folder: update(clone, folder), folders))
    for folder in folders:
        changes = changed_lines(clone, folder)
        # The tool for the whole family is taken from the same commit.
        tool = changes.pop("Makefile", [])
        assert [line[0] for line in tool] == (["-", "+"] if "product" in folder.name else [])
        assert all("git+" in line and "#subdirectory=generator" in line for line in tool)
        assert changes == {
            ".gitignore": ["+/added-by-the-template"],
            ANSWERS: [f"-_commit: {before}", f"+_commit: {after}"],
        }, folder.name


def test_another_technology_replaces_the_files_of_the_first(small_clone: Workshop) -> None:
    for name in ("blocks", "marbles"):
        add_toy(small_clone, name, {"ignore": [f"/{name}"]})
    small_clone.commit(small_clone.template)
    spec = load(small_clone.template / "examples/flight-delays/product.yaml")
    spec["technologies"]["feature_store"] = "blocks"
    first = save(spec, small_clone.folder / "first.yaml")
    spec["technologies"]["feature_store"] = "marbles"
    second = save(spec, small_clone.folder / "second.yaml")

    family = small_clone.folder / "flights"
    small_clone.new("--into", family, "--only", "training", spec=first)
    folder = family / "flight-delays-training"
    before = tree(folder)
    update(small_clone, folder, "--data-file", second)
    after = tree(folder)

    package = "src/flight_delays_training"
    assert before.keys() - after.keys() == {f"{package}/blocks.py"}
    assert after.keys() - before.keys() == {f"{package}/marbles.py"}
    assert (
        after[f"{package}/marbles.py"][1] == b'"""Port of marbles in flight_delays_training."""\n'
    )
    assert changed_lines(small_clone, folder)[".gitignore"] == ["-/blocks", "+/marbles"]
    assert load(folder / ANSWERS)["technologies"] == spec["technologies"]


def test_uncommitted_changes_of_a_checkout_can_be_updated_from(small_clone: Workshop) -> None:
    line = small_clone.template / "templates/training/.gitignore.jinja"
    line.write_text(line.read_text(encoding="utf-8") + "/draft\n")
    (small_clone.template / "templates/training/new.txt").write_text("untracked\n")
    status = small_clone.git(small_clone.template, "status", "--porcelain")
    family = small_clone.folder / "flights"
    done = small_clone.ninefold("new", small_clone.template / "examples/flight-delays/product.yaml",
                          "--only", "training", "--into", family)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "uncommitted changes" in done.stderr
    folder = family / "flight-delays-training"
    assert "/draft" in (folder / ".gitignore").read_text()
    assert (folder / "new.txt").read_text() == "untracked\n"
    # The checkout is as it was: same changes, same index, no commit on a branch.
    assert small_clone.git(small_clone.template, "status", "--porcelain") == status
    assert small_clone.git(small_clone.template, "rev-list", "--count", "--branches") == "1"

    line.write_text(line.read_text(encoding="utf-8").replace("/draft\n", "/final\n"))
    small_clone.commit(small_clone.template)
    update(small_clone, folder)
    changes = changed_lines(small_clone, folder)
    assert changes.pop(ANSWERS)
    assert changes == {".gitignore": ["-/draft", "+/final"]}
