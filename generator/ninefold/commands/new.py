"""`ninefold new`: a spec becomes a family of repositories, all there or not at all."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ninefold import lock, repository
from ninefold.catalog import load
from ninefold.family import HOME
from ninefold.generation import Order, create, extend, extendable
from ninefold.house import technologies_of
from ninefold.names import ROLES, repository_name
from ninefold.plan import prepare
from ninefold.staging import StagingError, staging, told
from ninefold.template import Template, resolve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the spec, the target and the template."""
    parser.add_argument("spec", metavar="SPEC", type=Path, help="the product's spec, a YAML file")
    parser.add_argument(
        "--into", metavar="DIR", type=Path, required=True,
        help="folder to make; with --only also a family to which the roles are added",
    )  # fmt: skip
    parser.add_argument(
        "--only", metavar="ROLE", nargs="+", choices=ROLES, help=f"of {', '.join(ROLES)}"
    )
    parser.add_argument(
        "--template", metavar="URL",
        help="Git URL or folder of the templates (default: NINEFOLD_TEMPLATE, else the checkout "
        "that ninefold runs from, else what was published with this version)",
    )  # fmt: skip
    parser.add_argument("--ref", help="tag, branch or commit of the templates")
    parser.epilog = (
        "examples:\n"
        "  ninefold new product.yaml --into flight-delays\n"
        "  ninefold new product.yaml --into flight-delays --only training serving"
    )


def run(arguments: argparse.Namespace) -> int:
    """Build out of sight, show as a whole, say what to do next."""
    repository.keep_to_itself()
    spec = _prepared(arguments)
    target = arguments.into.expanduser().resolve()
    with told(arguments.into), staging(target) as folder:
        _build(arguments, spec, target, folder)
    name = repository_name(spec["product"]["name"], HOME)
    if (target / name).is_dir():
        _say(f"next: make -C {arguments.into / name} run")
    else:
        _say(f"next: `ninefold new {arguments.spec} --only {HOME} --into {arguments.into}`, later")
    return 0


def _prepared(arguments: argparse.Namespace) -> Mapping[str, Any]:
    """The spec as Copier reads it; what can be refused is refused here, before anything is made."""
    chosen = Path(arguments.template) if arguments.template else None
    # Another folder of templates brings its own technologies.
    catalog = load(chosen) if chosen and technologies_of(chosen).is_dir() else None
    prepared = prepare(arguments.spec, catalog)
    for warning in prepared.plan.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return prepared.data


def _build(
    arguments: argparse.Namespace, spec: Mapping[str, Any], target: Path, folder: Path
) -> None:
    if arguments.only and _has_family(target):
        present = extendable(target, spec, arguments.only)
        template = _template(arguments, present.lock)
        extend(Order(spec, _roles(arguments), template), present, folder, _say)
    else:
        _check_free(target)
        create(Order(spec, _roles(arguments), _template(arguments)), folder, target, _say)


def _roles(arguments: argparse.Namespace) -> list[str]:
    return [role for role in ROLES if not arguments.only or role in arguments.only]


def _template(arguments: argparse.Namespace, known: lock.Lock | None = None) -> Template:
    """The template that was asked for; for an addition the one that the family came from."""
    entries = list(known.repositories.values()) if known else []
    if entries and not arguments.template and not arguments.ref:
        return Template(entries[0].template, entries[0].commit or None)
    template = resolve(arguments.template, arguments.ref)
    if template.draft:
        print(
            f"warning: {template.url} has uncommitted changes; they are rendered from a draft "
            f"commit that only this checkout has ({(template.ref or '')[:7]})",
            file=sys.stderr,
        )
    return template


def _has_family(target: Path) -> bool:
    return target.is_dir() and any(
        (folder / lock.NAME).is_file() for folder in (target, *target.iterdir())
    )


def _check_free(target: Path) -> None:
    if target == Path.cwd():
        raise StagingError(f"{target}: is where you are; go to the folder above and name it")
    if target.is_dir() and any(target.iterdir()):
        raise StagingError(f"{target}: is not empty; choose a folder that does not exist yet")
    if target.exists() and not target.is_dir():
        raise StagingError(f"{target}: is a file; choose a folder that does not exist yet")


def _say(line: str) -> None:
    print(line, flush=True)
