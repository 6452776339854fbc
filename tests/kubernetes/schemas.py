"""Schemas for kubeconform: of the cluster's own kinds from its API server, of others from theirs.

A property that a schema does not know is refused, as the server refuses it under strict validation.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bed import build, pins
from bed.client import Kubectl
from registration import Object

REFERENCE = "#/definitions/"
METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
# kubeconform looks here for an object's schema.
LAYOUT = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"


def write(kubectl: Kubectl, wanted: Iterable[tuple[str, str]], into: Path) -> str:
    """Write the schemas of kinds by (apiVersion, kind); answers where kubeconform finds them."""
    definitions: dict[str, Any] = json.loads(kubectl("get", "--raw=/openapi/v2"))["definitions"]
    definitions[QUANTITY] = {"type": ["string", "number"]}
    served = dict(_served(definitions))
    custom = _custom()
    for version, kind in sorted(set(wanted)):
        if (version, kind) in custom:
            schema = _closed(custom[version, kind], definitions)
        elif (version, kind) in served:
            schema = _closed({"$ref": f"{REFERENCE}{served[version, kind]}"}, definitions)
        else:
            continue  # kubeconform says that there is none
        group, _, name = version.rpartition("/")
        path = into / (group or name) / f"{kind.lower()}_{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schema), encoding="utf-8")
    return str(into / LAYOUT)


def _served(definitions: Mapping[str, Object]) -> Iterable[tuple[tuple[str, str], str]]:
    for name, definition in definitions.items():
        for one in definition.get("x-kubernetes-group-version-kind", []):
            version = f"{one['group']}/{one['version']}".lstrip("/")
            yield (version, one["kind"]), name


def _custom() -> dict[tuple[str, str], Object]:
    """Custom kinds by their full definitions: the server may know a smaller one."""
    found = {}
    for path in build.definitions(pins.FULL).iterdir():
        spec = json.loads(path.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            schema["properties"]["metadata"] = {"$ref": f"{REFERENCE}{METADATA}"}
            found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return found


def _closed(schema: Object, definitions: Mapping[str, Object]) -> Object:
    """The schema with the definitions that it refers to, and with nothing else allowed."""
    needed: dict[str, Any] = {}
    top = _strict(schema)
    left = _names(top)
    while left:
        name = left.pop()
        if name not in needed:
            needed[name] = _strict(definitions[name])
            left |= _names(needed[name])
    return (
        {**top, "definitions": needed}
        if "$ref" not in top
        else {
            "allOf": [top],
            "definitions": needed,
        }
    )


def _names(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for one in value for name in _names(one)}
    if not isinstance(value, dict):
        return set()
    own = value.get("$ref")
    found = {own.removeprefix(REFERENCE)} if isinstance(own, str) else set()
    return found | {name for one in value.values() for name in _names(one)}


def _strict(value: Any) -> Any:
    if isinstance(value, list):
        return [_strict(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("format") == "int-or-string" or value.get("x-kubernetes-int-or-string") is True:
        return {"type": ["integer", "string"]}
    changed = {key: _strict(one) for key, one in value.items() if not _prose(key, one)}
    closed = isinstance(value.get("properties"), dict) and value.get("type") == "object"
    if closed and not value.get("x-kubernetes-preserve-unknown-fields"):
        if value.get("x-kubernetes-embedded-resource"):
            return changed
        changed.setdefault("additionalProperties", False)
    return changed


def _prose(key: str, value: Any) -> bool:
    return key in ("description", "format") and isinstance(value, str)
