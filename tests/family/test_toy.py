"""A technology is a folder: adding one changes no other file, and it reaches the repositories."""

import re
import tomllib

from workshop import Workshop, add_toy, load, save

BRINGS = {
    "settings": {"toy_box": "{state}/toys"},
    "environment": {"TOY_TELEMETRY": "off"},
    "ignore": ["/toys"],
    "packages": ["libtoy1"],
    "untyped": ["toybox.*"],
    "make": [{"target": "play", "help": "Play", "command": "echo play"}],
}


def pinned_alone(workshop: Workshop) -> str:
    """A distribution that was tested with the others, and that no template asks for."""
    templates = workshop.template / "templates"
    sources = [*templates.glob("*/pyproject.toml.jinja"), *templates.glob("catalog/*.yaml")]
    asked = "".join(path.read_text() for path in sources)
    pinned = re.findall("^- ([a-z0-9-]+)==", (templates / "pins.yaml").read_text(), re.MULTILINE)
    return next(str(name) for name in pinned if name not in asked)


def test_a_toy_reaches_the_repository_by_its_folder_alone(clone: Workshop) -> None:
    tested = pinned_alone(clone)
    add_toy(clone, "blocks", {**BRINGS, "dependencies": [tested]})
    status = clone.git(clone.template, "status", "--porcelain", "--untracked-files=all")
    touched = {line[3:] for line in status.splitlines()}
    folder = "stacks/ninefold_stacks/feature_store/blocks"
    assert touched == {
        f"{folder}/technology.yaml",
        f"{folder}/README.md",
        f"{folder}/scaffold/training/src/__package__/blocks.py.jinja",
        "templates/catalog/training.yaml",
    }
    spec = load(clone.template / "examples/flight-delays/product.yaml")
    spec["technologies"]["feature_store"] = "blocks"
    chosen = save(spec, clone.folder / "product.yaml")
    clone.commit(clone.template)
    clone.new("--into", clone.folder / "flights", "--only", "training", spec=chosen)

    training = clone.folder / "flights/flight-delays-training"
    package = training / "src/flight_delays_training"
    assert (
        package / "blocks.py"
    ).read_text() == '"""Port of blocks in flight_delays_training."""\n'
    project = tomllib.loads((training / "pyproject.toml").read_text())
    assert any(text.startswith(tested) for text in project["project"]["dependencies"])
    settings = tomllib.loads((training / "settings/dev.toml").read_text())
    assert "{state}/toys" in str(settings)
    assert "/toys" in (training / ".gitignore").read_text().splitlines()
    assert "TOY_TELEMETRY" in (package / "environment.py").read_text()
    assert "libtoy1" in (training / "Containerfile").read_text()
    assert "toybox.*" in str(project["tool"]["mypy"]["overrides"])
    assert "\nplay: " in (training / "Makefile").read_text()
    # What the other feature store brings is not there.
    assert not (package / "features.py").exists()
