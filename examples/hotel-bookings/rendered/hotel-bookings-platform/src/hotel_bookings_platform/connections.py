"""The settings with which the role repositories use the platform, as lines for a shell."""

from collections.abc import Mapping
from shlex import join, quote
from typing import Any

from .faults import Fault


def lines(outputs: Mapping[str, Any], environment: str) -> list[str]:
    """One line for each variable, from the outputs of the platform's stack; raises `Fault`.

    No secret stands in them: whoever runs such a line fetches it from the cluster, if allowed to.
    """
    if "settings" not in outputs:
        raise Fault(
            f"no platform is up in {environment}; run `make up ENVIRONMENT={environment}` first"
        )
    fetch = ("kubectl", "--namespace", str(outputs["namespace"]), "get", "secret")
    found = {name: quote(value) for name, value in outputs["settings"].items()}
    for name, place in outputs["secrets"].items():
        secret, _, key = place.partition("/")
        shown = f'go-template={{{{index .data "{key}" | base64decode}}}}'
        found[name] = f'"$({join([*fetch, secret, "--output", shown])})"'
    return [f"export {name}={value}" for name, value in sorted(found.items())]
