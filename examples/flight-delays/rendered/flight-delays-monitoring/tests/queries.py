"""What rules and dashboards ask for, and what the service and the steps export."""

import json
from pathlib import Path
from typing import Any

import promql_parser
import yaml

DASHBOARDS = sorted(Path("dashboards").glob("*.json"))
RULES = sorted(Path("rules").glob("*.rules.yaml"))
PARTS = {
    "counter": [""],
    "gauge": [""],
    "summary": ["_sum", "_count"],
    "histogram": ["_bucket", "_sum", "_count"],
}


def rules() -> list[dict[str, Any]]:
    documents = [yaml.safe_load(path.read_text("utf-8")) for path in RULES]
    return [rule for each in documents for group in each["groups"] for rule in group["rules"]]


def panel_queries() -> list[str]:
    documents = [json.loads(path.read_text("utf-8")) for path in DASHBOARDS]
    panels = [panel for document in documents for panel in document["panels"]]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def queries() -> list[str]:
    return panel_queries() + [rule["expr"] for rule in rules()]


def metrics() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(Path("rules/metrics.json").read_text("utf-8"))
    return listed


def known() -> dict[str, set[str]]:
    """Every name that can be asked for, with its own labels."""
    exported = {
        one["name"] + part: set(one["labels"]) | ({"le"} if part == "_bucket" else set())
        for one in metrics()
        for part in PARTS[one["type"]]
    }
    recorded: dict[str, set[str]] = {rule["record"]: set() for rule in rules() if "record" in rule}
    return {"up": {"job"}, **exported, **recorded}


def asked(query: str) -> dict[str, set[str]]:
    """Names in a query with the labels that they are selected by; ValueError if it is none."""
    found: dict[str, set[str]] = {}

    def note(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            labels = {matcher.name for matcher in node.matchers.matchers}
            found.setdefault(str(node.name), set()).update(labels)

    promql_parser.walk(promql_parser.parse(query), note)
    return found


def unknown(query: str) -> list[str]:
    """What it asks for and nobody exports."""
    names = known()
    wrong = [f"nothing exports {name}" for name in asked(query) if name not in names]
    return wrong + [
        f"{name} has no label {label}"
        for name, labels in asked(query).items()
        for label in sorted(labels - names.get(name, labels))
    ]
