"""Expressions of SQL: one value per row, from columns of that row and nothing else."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache

from ninefold.spec.problem import did_you_mean

_LONGEST = 4000
_REMEDY = "write one expression over the columns of a row, such as arr_delay >= 15"
# Functions that read something else than the row.
_OUTSIDE = frozenset(
    [
        "now",
        "today",
        "current_date",
        "current_time",
        "current_timestamp",
        "get_current_time",
        "get_current_timestamp",
        "random",
        "setseed",
        "uuid",
        "gen_random_uuid",
        "uuidv4",
        "uuidv7",
        "nextval",
        "currval",
        "getenv",
        "getvariable",
        "current_setting",
        "glob",
        "read_text",
        "read_blob",
        "read_csv",
        "read_csv_auto",
        "read_json",
        "read_json_auto",
        "read_parquet",
        "parquet_scan",
        "query",
        "query_table",
        "txid_current",
        "localtime",
        "localtimestamp",
    ]
)
# Aggregates that the parser does not know as such.
_AGGREGATES = frozenset(
    [
        "any_value",
        "arbitrary",
        "first",
        "last",
        "list",
        "array_agg",
        "mode",
        "histogram",
        "product",
        "string_agg",
        "group_concat",
        "listagg",
        "bit_and",
        "bit_or",
        "bit_xor",
        "bool_and",
        "bool_or",
        "fsum",
        "favg",
        "kahan_sum",
        "kurtosis",
        "skewness",
        "mad",
        "entropy",
        "sem",
        "approx_quantile",
        "reservoir_quantile",
    ]
)


def columns_used(text: str) -> frozenset[str]:
    """The columns that a valid expression names; empty for one that is not valid."""
    return _read(text)[1]


def expression_faults(text: str, known: Collection[str], later: Collection[str]) -> Iterator[str]:
    """What is wrong with an expression that may use the `known` columns, not yet the `later`."""
    fault, used = _read(text)
    if fault:
        yield fault
    for name in sorted(used):
        if name in later:
            yield f"uses {name}, which is derived further down; move {name} above it"
        elif name not in known:
            yield f"uses an unknown column {name}; {did_you_mean(name, sorted(known))}"


@cache
def _read(text: str) -> tuple[str | None, frozenset[str]]:
    """The fault of an expression, or the columns that it uses."""
    # The parser takes a while to import; only commands that read a spec pay for it.
    import sqlglot
    from sqlglot import exp

    if "\n" in text or not text.isprintable():
        return "holds a line break or control character; write it on one line", frozenset()
    if len(text) > _LONGEST:
        return f"is longer than {_LONGEST} characters; split it into derived columns", frozenset()
    try:
        parsed = sqlglot.parse(text, dialect="duckdb")
    except RecursionError:
        return "is nested too deep; split it into derived columns", frozenset()
    except sqlglot.errors.SqlglotError as error:
        return f"is no SQL ({_said(error)}); {_REMEDY}", frozenset()
    tree = parsed[0] if len(parsed) == 1 and ";" not in _outside_quotes(text) else None
    if tree is None:
        return f"is more than one expression; {_REMEDY}", frozenset()
    for node in tree.walk():
        fault = _node_fault(node)
        if fault:
            return f"{fault}; {_REMEDY}", frozenset()
    return None, frozenset(column.name.lower() for column in tree.find_all(exp.Column))


def _node_fault(node: object) -> str | None:
    from sqlglot import exp

    if not isinstance(node, exp.Expression):
        return None
    if node.comments:
        return "holds a comment"
    for kinds, fault in _refused_nodes().items():
        if isinstance(node, kinds):
            return fault
    name = _function_name(node)
    if name in _AGGREGATES:
        return f"aggregates over rows ({name})"
    if name in _OUTSIDE:
        return f"depends on more than the row ({name})"
    if isinstance(node, exp.Column) and node.table:
        return f"names a table ({node.sql()})"
    return None


@cache
def _refused_nodes() -> Mapping[tuple[type, ...], str]:
    from sqlglot import exp

    return {
        (exp.Query, exp.Exists): "holds a query",
        (exp.DDL, exp.DML, exp.Command, exp.Drop, exp.Alter, exp.Set, exp.Pragma, exp.Use,
         exp.Copy, exp.Attach, exp.Detach, exp.Describe, exp.Transaction): "is a statement",
        (exp.Window,): "looks at other rows (over ...)",
        (exp.AggFunc, exp.AnyValue, exp.Filter): "aggregates over rows",
        (exp.Explode, exp.Star): "gives several values",
        (exp.Alias,): "gives a name (as ...)",
        (exp.Placeholder, exp.Parameter): "has a placeholder",
        (exp.Rand, exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Uuid, exp.ReadCSV,
         exp.CurrentDatetime): "depends on more than the row",
    }  # fmt: skip


def _function_name(node: object) -> str:
    from sqlglot import exp

    if isinstance(node, exp.Anonymous):
        return str(node.name).lower()
    if isinstance(node, exp.Func):
        return str(node.sql_name()).lower()
    return ""


def _outside_quotes(text: str) -> str:
    """The text without what stands in single or double quotes."""
    for quote in ("'", '"'):
        text = "".join(text.split(quote)[::2])
    return text


def _said(error: Exception) -> str:
    details = getattr(error, "errors", None)
    if details:
        first = details[0]
        what = "something is missing" if "<class" in first["description"] else "cannot be read"
        return f"{what} near {first.get('highlight') or 'its end'}"
    return "cannot be read"
