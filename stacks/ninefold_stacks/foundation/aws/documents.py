"""Policy documents: who may do what to what, and nothing more."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Statement = dict[str, Any]
Text = pulumi.Input[str]


def document(*statements: Mapping[str, Any]) -> pulumi.Output[str]:
    """The document as text, once all that it names is known."""
    whole = {"Version": "2012-10-17", "Statement": list(statements)}
    return pulumi.Output.json_dumps(whole, sort_keys=True)


def allow(
    actions: Sequence[str], resources: Sequence[Text], when: Mapping[str, Any] | None = None
) -> Statement:
    """Let whoever holds the document do this."""
    found: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**found, "Condition": when} if when else found


def without_tls(actions: str, resources: Sequence[Text]) -> Statement:
    """Refuse everybody who asks in clear."""
    return {
        "Sid": "NoPlainText",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def service_may_assume(service: str) -> str:
    """A service of AWS takes on the role."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def account_may_assume(
    provider: Text, issuer: Text, namespace: str, name: str
) -> pulumi.Output[str]:
    """Exactly one service account of one cluster takes on the role."""

    def trust(both: Sequence[str]) -> str:
        host = both[1].removeprefix("https://")
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": both[0]},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{host}:aud": "sts.amazonaws.com",
                    f"{host}:sub": f"system:serviceaccount:{namespace}:{name}",
                }
            },
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    return pulumi.Output.all(provider, issuer).apply(trust)
