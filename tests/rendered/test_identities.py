"""Pipelines are lent a role of the cloud by saying who they are: no key of it is kept anywhere."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from dialects import DIALECTS, repository
from rendering import CHECKOUT, Family

MEANS = yaml.safe_load(
    (CHECKOUT / "stacks/ninefold_stacks/foundation/aws/lending.yaml").read_text("utf-8")
)
ROLE, TOKEN = "FLIGHT_DELAYS_ROLE", "FLIGHT_DELAYS_IDENTITY"
# What says in each dialect that a job is told who it is; in the others nothing does.
SAYS = {
    "bitbucket-pipelines": "oidc: true",
    "github-actions": "id-token: write",
    "gitlab-ci": f"{TOKEN}:\n      aud: {MEANS['audience']}",
    "jenkins": f"credentialsId: 'PLACE-{TOKEN}'",
}
# Where one job of the platform's pipeline begins.
JOB = {
    "azure-pipelines": r"^  - (?:job|deployment): ",
    "bitbucket-pipelines": r"^    - step: &",
    "gitea-actions": r"^  [a-z-]+:\n    name: ",
    "github-actions": r"^  [a-z-]+:\n    name: ",
    "gitlab-ci": r"^[A-Z][\w ]+:\n  stage: ",
    "jenkins": r"^        stage\('",
}
# Who asks for a token in the repository, and what it is told.
ASKED = f"""
from flight_delays_platform.faults import Fault
from flight_delays_platform.identity import token
try:
    print(token("{MEANS["audience"]}"))
except Fault as fault:
    print(f"error: {{fault}}")
"""


def jobs(family: Family, name: str) -> list[str]:
    """The text of each job of the platform's pipeline."""
    folder = repository(family, name, "platform")
    content = (folder / DIALECTS[name].path).read_text("utf-8")
    _, *found = re.split(f"(?={JOB[name]})", content, flags=re.MULTILINE)
    assert len(found) == len(DIALECTS[name].jobs(folder))
    return found


@pytest.mark.parametrize("name", DIALECTS)
def test_who_works_in_the_account_may_say_who_it_is_and_nobody_else(
    name: str, family: Family
) -> None:
    for job in jobs(family, name):
        place = re.search(r"make (preview|up|drift) ENVIRONMENT=(prod)\b", job)
        preview = "" if place is None or place[1] == "up" else "-preview"
        says = SAYS.get(name, "nothing says so").replace("PLACE", f"prod{preview}")
        assert (says in job) == (place is not None and name in SAYS), job
        told_by_name = name in ("github-actions", "jenkins")
        assert (ROLE in job) == (place is not None and told_by_name), job


@pytest.mark.parametrize("name", DIALECTS)
def test_what_is_not_needed_is_not_given(name: str, family: Family) -> None:
    """No key of the account, and no way to a cluster that the account itself shows."""
    for job in jobs(family, name):
        assert not re.search("|".join(MEANS["before"]), job)
        if "ENVIRONMENT=prod" in job:
            assert "_KUBECONFIG" not in job
    folder = repository(family, name, "platform") / "src" / "flight_delays_platform"
    assert (folder / "identity.py").is_file() == (name in SAYS)
    assert (folder / "lending.py").is_file() == (name in SAYS)


def test_without_an_account_nothing_of_it_is_there(family: Family) -> None:
    folder = family.repository("platform")
    assert not list(folder.rglob("lending.py")) + list(folder.rglob("identity.py"))
    assert ROLE not in (folder / DIALECTS["github-actions"].path).read_text("utf-8")


def test_the_page_trusts_one_environment_of_one_repository() -> None:
    page = (CHECKOUT / "docs" / "aws.md").read_text("utf-8")
    (text,) = re.findall(r"^```json\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
    (trust,) = json.loads(text)["Statement"]
    provider = trust["Principal"]["Federated"].partition(":oidc-provider/")[2]
    assert f"--url https://{provider} " in page
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert set(trust["Condition"]) == {"StringEquals"}
    said = trust["Condition"]["StringEquals"]
    assert set(said) == {f"{provider}:aud", f"{provider}:sub"}
    assert said[f"{provider}:aud"] == MEANS["audience"]
    assert "*" not in text
    assert said[f"{provider}:sub"].endswith("/my-product-platform@REPOSITORY_ID:environment:prod")
    for name in DIALECTS:
        row = f"| `{name}` | "
        assert (row in page) == (name in SAYS), "who is lent a role, and nobody else, has a row"


@contextmanager
def host(answer: str) -> Iterator[tuple[str, list[str]]]:
    """A host that tells jobs who they are; what it was asked."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (audience,) = parse_qs(urlsplit(self.path).query)["audience"]
            asked.append(f"{self.headers['Authorization']} {audience}")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: Any) -> None:
            """Keep the output of the tests free of it."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token?api-version=2", asked
    finally:
        server.shutdown()
        server.server_close()


def told(family: Family, name: str, **more: str) -> str:
    """What a job of a dialect finds out about itself."""
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=repository(family, name, "platform"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "src", **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_workflow_asks_its_host_who_it_is(family: Family) -> None:
    with host(json.dumps({"value": "a.b.c"})) as (address, asked):
        given = {
            "ACTIONS_ID_TOKEN_REQUEST_URL": address,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-this-run",
        }
        assert told(family, "github-actions", **given) == "a.b.c"
        assert asked == [f"Bearer of-this-run {MEANS['audience']}"]
    said = told(family, "github-actions", **given)
    assert said.startswith("error: the host does not say who this job is")
    assert "of-this-run" not in said
    for answer in ("no such page", "{}", "[]"):
        with host(answer) as (address, _):
            given["ACTIONS_ID_TOKEN_REQUEST_URL"] = address
            assert "error: the host does not say" in told(family, "github-actions", **given)
    assert "error: nobody says who this job is" in told(family, "github-actions")


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("bitbucket-pipelines", "BITBUCKET_STEP_OIDC_TOKEN"),
        ("gitlab-ci", TOKEN),
        ("jenkins", TOKEN),
    ],
)
def test_a_job_finds_in_a_variable_who_it_is(name: str, variable: str, family: Family) -> None:
    assert told(family, name, **{variable: "a.b.c"}) == "a.b.c"
    said = told(family, name)
    assert said.startswith(f"error: {variable} holds no token for {MEANS['audience']}; ")
