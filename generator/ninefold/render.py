"""One role's repository, rendered by Copier: the same bytes as plain `copier copy` gives."""

import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ninefold.repository import ANSWERS, raise_if_full
from ninefold.template import Template, TemplateError

if TYPE_CHECKING:
    from copier._jinja_ext import SandboxedEnvironment
    from copier._template import Template as CopierTemplate
    from jinja2 import Template as JinjaTemplate


@dataclass(frozen=True)
class Answers:
    """What Copier recorded in a rendered repository."""

    role: str
    commit: str
    template: str
    values: Mapping[str, Any]


class Source:
    """A template that is fetched once, when the first role is rendered, for all that follow.

    So the first also settles what "the latest" is, and the templates that roles share are read and
    compiled once.
    """

    def __init__(self, template: Template) -> None:
        self.template = template
        self._copier: CopierTemplate | None = None
        self._environment: SandboxedEnvironment | None = None

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        if self._copier is not None:
            self._copier._cleanup()

    def copy(self, role: str, spec: Mapping[str, Any], folder: Path) -> None:
        """What `copier copy` does, but for what it would do again for each role."""
        # Importing Copier takes most of a second, which no other command should pay.
        from copier._main import Worker
        from copier._settings import SettingsModel

        from ninefold.compiled import keep

        source = self

        class RoleWorker(Worker):
            """Copier's own, with the template and the compiled templates of the roles before."""

            @cached_property
            def template(self) -> "CopierTemplate":
                if source._copier is None:
                    source._copier = super().template
                    # The next role needs the clone that this one would remove.
                    self._cleanup_hooks.clear()
                return source._copier

            @cached_property
            def jinja_env(self) -> "SandboxedEnvironment":
                if source._environment is None:
                    source._environment = _remembering(keep(super().jinja_env))
                return source._environment

            def _sync_git_index_executable_bit(self, *_: object) -> None:
                """Asks Git about every file; the folder is new, and in no index yet."""

        with RoleWorker(
            src_path=self.template.url,
            dst_path=folder,
            # The order is that of `copier copy -d role=... --data-file ...`.
            data={"role": role, **spec},
            vcs_ref=self.template.ref,
            # A person's own Copier settings must not change what is rendered or trusted.
            settings=SettingsModel(),
            defaults=True,
            quiet=True,
            unsafe=False,
        ) as worker:
            worker.run_copy()


@contextmanager
def _parsed_in_c() -> Iterator[None]:
    """Read YAML by libyaml: most of the time of a rendering went into PyYAML's own parser.

    Copier and the filters ask for `safe_load`, which offers no choice.
    """
    usual = yaml.SafeLoader
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", usual)  # type: ignore[misc]
    try:
        yield
    finally:
        yaml.SafeLoader = usual  # type: ignore[misc]


@_parsed_in_c()
def render(source: Source, role: str, spec: Mapping[str, Any], folder: Path) -> Answers:
    """Render a role into a folder that does not exist yet; no code of the template is run."""
    with _told(source.template.url, role):
        source.copy(role, spec, folder)
    return _recorded(folder, role, source.template.url)


class Shelf:
    """Versions of templates that are fetched once, for all repositories that are updated."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None], CopierTemplate] = {}

    def __enter__(self) -> "Shelf":
        return self

    def __exit__(self, *_: object) -> None:
        for template in self._known.values():
            template._cleanup()

    def update(self, spec: Mapping[str, Any], folder: Path, ref: str | None) -> None:
        """What `copier update` does, which would fetch the template five times."""
        from copier import VcsRef
        from copier._main import Worker
        from copier._settings import SettingsModel

        from ninefold.compiled import keep

        shelf = self

        class QuickWorker(Worker):
            """Copier's own, but for what takes most of its time."""

            @cached_property
            def template(self) -> "CopierTemplate":
                found = super().template
                self._cleanup_hooks.pop()  # the others need its clone
                return shelf._known.setdefault((found.url, found.ref), found)

            @cached_property
            def jinja_env(self) -> "SandboxedEnvironment":
                return keep(super().jinja_env)

            def _sync_git_index_executable_bit(self, *_: object) -> None:
                """Asks Git about every file; whoever commits reads the bit off the file itself."""

        with QuickWorker(
            dst_path=folder,
            data=dict(spec),
            vcs_ref=ref or VcsRef.CURRENT,
            settings=SettingsModel(),
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=False,
        ) as worker:
            worker.run_update()


@_parsed_in_c()
def update(
    shelf: Shelf, before: Answers, spec: Mapping[str, Any], folder: Path, ref: str | None = None
) -> Answers:
    """Merge into a committed repository what another spec, or other templates, would render.

    The version of the templates stays unless `ref` names another. What cannot be merged is left in
    the files between marks, as Git does it, and is unmerged in Git's index.
    """
    with _told(before.template, before.role):
        shelf.update(spec, folder, ref)
    return _recorded(folder, before.role, before.template)


@contextmanager
def _told(url: str, role: str) -> Iterator[None]:
    """Whatever a template or Git does in there, it is one line here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise_if_full(str(getattr(error, "stderr", "")))
        raise TemplateError(
            f"{url}: the {role} repository cannot be rendered"
            f"{_place(error)} ({_said(error)}); mend the template or name another with --template"
        ) from error


def _recorded(folder: Path, role: str, url: str) -> Answers:
    answers = recorded(folder)
    if answers is None or answers.role != role:
        raise TemplateError(
            f"{url}: is no template of Ninefold (it recorded no role); name another with --template"
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


def _remembering(environment: "SandboxedEnvironment") -> "SandboxedEnvironment":
    """Compiles each expression (a path, a question's default) once, not once for every role."""
    from copier._jinja_ext import get_yield_context

    compiled = cache(environment.from_string)

    def from_string(text: str) -> "JinjaTemplate":
        # Compiling would forget what the expression before has yielded.
        yielded = get_yield_context(environment)
        yielded.yield_name = yielded.yield_iterable = None
        return compiled(text)

    environment.from_string = from_string  # type: ignore[method-assign,assignment]
    return environment


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
