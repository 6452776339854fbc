"""One role's repository, rendered by Copier: the same bytes as plain `copier copy` gives."""

import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ninefold.repository import ANSWERS, raise_if_full
from ninefold.template import Template, TemplateError


@dataclass(frozen=True)
class Answers:
    """What Copier recorded in a rendered repository."""

    role: str
    commit: str
    template: str
    values: Mapping[str, Any]


def render(template: Template, role: str, spec: Mapping[str, Any], folder: Path) -> Answers:
    """Render a role into a folder that does not exist yet; no code of the template is run."""
    # Importing Copier takes most of a second, which no other command should pay.
    import copier

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            copier.run_copy(
                template.url,
                folder,
                # The order is that of `copier copy -d role=... --data-file ...`.
                data={"role": role, **spec},
                vcs_ref=template.ref,
                # A person's own Copier settings must not change what is rendered or trusted.
                settings=copier.Settings(),
                defaults=True,
                quiet=True,
                unsafe=False,
            )
    except Exception as error:  # Whatever a template or Git does in there, it is one line here.
        if isinstance(error, OSError) and error.errno:
            raise
        raise_if_full(str(getattr(error, "stderr", "")))
        raise TemplateError(
            f"{template.url}: the {role} repository cannot be rendered"
            f"{_place(error)} ({_said(error)}); mend the template or name another with --template"
        ) from error
    answers = recorded(folder)
    if answers is None or answers.role != role:
        raise TemplateError(
            f"{template.url}: is no template of Ninefold (it recorded no role); "
            "name another with --template"
        )
    return answers


def recorded(folder: Path) -> Answers | None:
    """The recorded answers of a repository, None where there are none that can be read."""
    try:
        document = yaml.safe_load((folder / ANSWERS).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("role"), str):
        return None
    return Answers(
        role=document["role"],
        commit=str(document.get("_commit", "")),
        template=str(document.get("_src_path", "")),
        values={
            key: value
            for key, value in document.items()
            if key != "role" and not str(key).startswith("_")
        },
    )


def _said(error: Exception) -> str:
    """The sentence that matters: where Git gave up, else the first."""
    stderr = getattr(error, "stderr", None)
    lines = (stderr if isinstance(stderr, str) and stderr.strip() else str(error)).splitlines()
    spoken = [line.strip() for line in lines if line.strip()]
    if not spoken:
        return type(error).__name__
    fatal = [line for line in spoken if line.startswith("fatal: ")]
    return (fatal or spoken)[0]


def _place(error: Exception) -> str:
    """Where in the template it happened, as Jinja puts template lines into the traceback."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        _, found, inside = frame.filename.rpartition("/templates/")
        if found and not frame.filename.endswith(".py"):
            return f", templates/{inside}:{frame.lineno}"
    return ""
