"""The release objects: a Kustomize tree that has one source, whoever applies it.

This reads the few words of Kustomize that the tree uses (`resources`, `components`, `namespace`,
`labels`, `images`, `patches` that add a field or remove one), so that the objects are known before
anything is applied; other words are refused. `configurations` is what Kustomize needs to find
images that are known here by their key.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pulumi
import yaml

from ninefold_stacks.configuration import ConfigError

FILE: Final = "kustomization.yaml"
WORDS: Final = frozenset(
    {
        *("apiVersion", "kind", "resources", "namespace", "labels", "images"),
        *("components", "patches", "configurations"),
    }
)
Document = dict[str, Any]
# In the repository; the program runs in a folder beside it.
FOLDER: Final = "release"


def tree(environment: str) -> Path:
    """The folder of an environment's tree."""
    return Path("..") / FOLDER / environment


def kinds(environment: str) -> list[tuple[str, str]]:
    """The kinds of an environment's tree, each by group and name, in order."""
    found = documents(tree(environment))
    return sorted({(_group(one["apiVersion"]), one["kind"]) for one in found})


def parts(environment: str) -> list[str]:
    """The folders that an environment's tree consists of, each of which can be applied alone."""
    folder = tree(environment)
    named = list(_rules(folder).get("resources", []))
    for name in named:
        if "/" in name or not (folder / name).is_dir():
            raise ConfigError(
                f"{folder / FILE}: {name} is no folder of its own; put it into one with a "
                f"{FILE} that has `components: [../common]`, and name that folder here"
            )
    return named


def documents(folder: Path) -> list[Document]:
    """Every object of the tree as `kustomize build` shows it; raises `ConfigError`."""
    found: list[Document] = []
    _read(folder, found)
    return found


def _read(folder: Path, found: list[Document]) -> None:
    """Add what the folder brings, and change all that was found as it says."""
    rules = _rules(folder)
    for name in rules.get("resources", []):
        path = folder / name
        if path.is_dir():
            found += documents(path)
        elif path.is_file():
            text = path.read_text(encoding="utf-8")
            found += [one for one in yaml.safe_load_all(text) if one is not None]
        else:
            raise ConfigError(f"{folder / FILE}: {name} is missing; remove it from `resources`")
    for name in rules.get("components", []):
        _read(folder / name, found)  # a component changes what is there before it
    for document in found:
        if "namespace" in rules:
            document["metadata"]["namespace"] = rules["namespace"]
        for rule in rules.get("labels", []):
            document["metadata"].setdefault("labels", {}).update(rule["pairs"])
        _rename(document, {one["name"]: one for one in rules.get("images", [])})
        for patch in rules.get("patches", []):
            if patch["target"] == {"kind": document["kind"]}:
                _mend(document, yaml.safe_load(patch["patch"]), folder / FILE)


def apply(folder: Path, options: pulumi.ResourceOptions) -> list[pulumi.CustomResource]:
    """Register every object of the tree as a resource; none is waited for.

    The service is ready when there is a model, and the workflows that make the first one are in
    the same tree: who waits for the one never comes to the other.
    """
    return [_resource(document, options) for document in documents(folder)]


def _rules(folder: Path) -> Mapping[str, Any]:
    path = folder / FILE
    try:
        rules = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; update the repository from its template") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}; mend the file") from None
    if strange := sorted(set(rules) - WORDS):
        raise ConfigError(
            f"{path}: `{strange[0]}` is not read here; keep to {', '.join(sorted(WORDS))}, or let "
            "a delivery controller apply the tree"
        )
    return rules  # type: ignore[no-any-return]


def _mend(document: Document, changes: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Change an object as a JSON patch says; of its words, those that fields need."""
    for change in changes:
        *above, name = change["path"].removeprefix("/").split("/")
        there: Any = document
        for part in above:
            there = there.get(part) if isinstance(there, dict) else None
        known = isinstance(there, dict) and (change["op"] == "add" or name in there)
        if not known or change["op"] not in ("add", "remove"):
            raise ConfigError(
                f"{path}: cannot {change['op']} {change['path']} of {document['kind']} "
                f"{document['metadata']['name']}; keep to add and remove, of fields that are there"
            )
        if change["op"] == "add":
            there[name] = change["value"]
        else:
            del there[name]


def _rename(node: Any, images: Mapping[str, Mapping[str, str]]) -> None:
    """Set the images of all containers below."""
    for key, value in _items(node):
        if key == "image" and isinstance(value, str):
            name = re.split(r"[:@](?!.*/)", value)[0]
            if name in images:
                node[key] = _image(images[name])
        else:
            _rename(value, images)


def _items(node: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, dict):
        yield from node.items()
    elif isinstance(node, list):
        yield from enumerate(node)


def _image(rule: Mapping[str, str]) -> str:
    name = rule.get("newName", rule["name"])
    if "digest" in rule:
        return f"{name}@{rule['digest']}"
    return f"{name}:{rule['newTag']}"


def _group(version: str) -> str:
    """The group of an API's version; that of the first objects has no name."""
    return version.rpartition("/")[0]


def _resource(document: Document, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
    group = document["apiVersion"] if "/" in document["apiVersion"] else "core/v1"
    kind = document["kind"]
    head = document["metadata"]
    name = f"{head['name']}-{kind.lower()}"
    head.setdefault("annotations", {})["pulumi.com/skipAwait"] = "true"
    return pulumi.CustomResource(f"kubernetes:{group}:{kind}", name, document, options)
