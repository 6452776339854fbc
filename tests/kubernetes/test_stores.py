"""The three stores on real pods: they start restricted, keep what they were given, and let in
whom they should; what was backed up comes back.
"""

import json
import re
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pulumi
import pytest
from conftest import able

from ninefold_stacks.foundation.kubernetes import Foundation
from ninefold_stacks.foundation.kubernetes.stores import PASSWORDS
from ninefold_stacks.foundation.kubernetes.stores.defaults import IMAGES

from bed import standins
from bed.access import Access
from monitor import Monitor
from place import Place, until
from registration import Object, Program
from workloads import pod

PRODUCT = "flight-delays"
# Characters that shells, settings and SQL would like to read otherwise.
SECRETS = {name: f"{name} \"quoted\" 'text' $HOME \\n" for name in PASSWORDS}
SECRETS["object_store"] = "geheim-and-long-enough"
STATEFUL = ("object-store", "database", "key-value")


@dataclass(frozen=True)
class Stores(Place):
    """The namespace of a foundation that was applied."""

    outputs: Object

    def inside(self, workload: str, *command: str, given: str = "") -> str:
        """Run a command in the workload's pod."""
        return self.ask("exec", f"{workload}-0", "--stdin", "--", *command, given=given).strip()

    def ready(self) -> None:
        self.rolled(*(f"statefulset/{name}" for name in STATEFUL), seconds=90)

    def kill(self, workload: str) -> None:
        """End its pod, with a second's warning, and wait for the next one."""
        uid = ("get", "pod", f"{workload}-0", "--output=jsonpath={.metadata.uid}")
        before = self.ask(*uid)
        self.ask("delete", "pod", f"{workload}-0", "--grace-period=1")
        until(lambda: self.ask(*uid, "--ignore-not-found") not in ("", before))
        self.ready()

    def crash(self) -> None:
        """End the database in the middle of what it does, so that it must read its log."""
        count = "--output=jsonpath={.status.containerStatuses[0].restartCount}"
        before = self.ask("get", "pod", "database-0", count)
        self.inside("database", "sh", "-c", "kill -QUIT 1")
        until(lambda: self.ask("get", "pod", "database-0", count) != before)
        self.ready()

    def sql(self, statement: str, database: str = "registry") -> str:
        """As the administrator, through the socket of the pod."""
        plain = ("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1")
        return self.inside("database", *plain, "-Upostgres", f"-d{database}", f"-c{statement}")

    def keys(self, *command: str) -> str:
        """As whoever knows the password."""
        script = 'REDISCLI_AUTH="$(cat /etc/passwords/password)" valkey-cli "$@"'
        return self.inside("key-value", "sh", "-c", script, "sh", *command)

    def job(self, name: str, kind: str) -> str:
        """Run a job that is there to be run by hand; what it said."""
        self.ask("create", "job", name, f"--from=cronjob/{kind}")
        self.ask("wait", f"job/{name}", "--for=condition=Complete", "--timeout=120s", seconds=130)
        return self.ask("logs", f"job/{name}")

    @contextmanager
    def objects(self, password: str = SECRETS["object_store"]) -> Iterator[Any]:
        """A client of the object store, on this machine."""
        kubectl = self.access.kubectl
        command = (kubectl.program, f"--kubeconfig={kubectl.kubeconfig}")
        forward = (f"--namespace={self.name}", "port-forward", "service/object-store", ":7070")
        with subprocess.Popen((*command, *forward), stdout=subprocess.PIPE, text=True) as running:
            try:
                assert running.stdout
                found = re.search(r"127\.0\.0\.1:(\d+)", running.stdout.readline())
                assert found
                yield boto3.client(
                    "s3",
                    endpoint_url=f"http://127.0.0.1:{found[1]}",
                    region_name=self.outputs["object_store"]["region"],
                    aws_access_key_id=PRODUCT,
                    aws_secret_access_key=password,
                )
            finally:
                running.terminate()


@pytest.fixture(scope="module")
def place(node: Access) -> Iterator[Stores]:
    able("node")
    if node.state:
        for name in IMAGES.values():
            standins.give(node, name)
    environment = f"t-{uuid.uuid4().hex[:8]}"

    def program() -> None:
        passwords = pulumi.Config().require_secret_object("passwords")
        foundation = Foundation(
            "foundation",
            {
                "product": PRODUCT,
                "environment": environment,
                "size": "small",
                "passwords": {name: passwords[name] for name in PASSWORDS},
                "database": {"backup_keep": 1},
            },
        )
        for name, value in foundation.outputs().items():
            pulumi.export(name, value)

    run = Program(program, "flight-delays-foundation", environment, {}, {"passwords": SECRETS})
    outcome = run.run(Monitor(node.kubectl))
    made = Stores(node, f"{PRODUCT}-{environment}", outcome.outputs)
    try:
        made.ready()
        yield made
    finally:
        node.kubectl("delete", "namespace", made.name, "--wait=false")


def test_all_are_ready_where_only_restricted_pods_are_let_in(place: Stores) -> None:
    namespace = place.found("namespace", place.name)
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    pods = place.found("pods")["items"]
    assert {one["metadata"]["name"] for one in pods} == {f"{name}-0" for name in STATEFUL}
    for one in pods:
        (server,) = one["status"]["containerStatuses"]
        assert server["ready"]
        assert server["restartCount"] == 0
    quota = place.found("resourcequota", "quota")["status"]
    assert quota["used"]["pods"] == "3"


def test_a_row_outlives_its_pod(place: Stores) -> None:
    place.sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('here')")
    place.kill("database")
    assert place.sql("SELECT word FROM kept") == "here"
    place.sql("UPDATE kept SET word = 'still here'")
    place.crash()
    assert place.sql("SELECT word FROM kept") == "still here"


def test_a_key_outlives_its_pod(place: Stores) -> None:
    assert place.keys("set", "word", "here") == "OK"
    time.sleep(1.5)  # its log is written every second
    place.kill("key-value")
    assert place.keys("get", "word") == "here"


def test_an_object_outlives_its_pod(place: Stores) -> None:
    bucket = place.outputs["object_store"]["bucket"]
    with place.objects() as client:
        client.put_object(Bucket=bucket, Key="a/word", Body=b"here")
    place.kill("object-store")
    with place.objects() as client:
        assert client.get_object(Bucket=bucket, Key="a/word")["Body"].read() == b"here"


def test_nothing_opens_with_a_wrong_password(place: Stores) -> None:
    said = place.inside("key-value", "sh", "-c", "valkey-cli get word; valkey-cli -a no get word")
    assert said.count("NOAUTH") == 2
    with (
        place.objects(password="wrong-but-long-enough") as client,
        pytest.raises(Exception, match="SignatureDoesNotMatch"),
    ):
        client.list_objects_v2(Bucket=PRODUCT)


def test_the_password_of_the_key_value_store_is_in_no_process_list(place: Stores) -> None:
    said = place.inside("key-value", "cat", "/proc/1/cmdline", "/proc/1/environ")
    assert "valkey-server" in said
    assert SECRETS["key_value"] not in said


@pytest.fixture(scope="module")
def client(place: Stores) -> Callable[[str, str, str], bool]:
    """Whether a pod elsewhere opens a database: user, password, database."""
    idle = pod("client", "sleep 10000", place.name, container={"image": IMAGES["database"]})
    place.access.kubectl.apply(idle)
    place.ask("wait", "pod/client", "--for=condition=Ready", "--timeout=60s")
    script = 'PGPASSWORD=$(cat) psql --no-password -h database -U "$1" -d "$2" -c "SELECT 1"'

    def opens(user: str, password: str, database: str) -> bool:
        command = ("exec", "--stdin", "client", "--", "sh", "-c", script, "sh", user, database)

        def asked() -> "subprocess.CompletedProcess[str]":
            return place.access.kubectl.try_(f"--namespace={place.name}", *command, given=password)

        # The node hears of a new pod a moment after it is ready.
        until(lambda: "Connection refused" not in asked().stderr)
        done = asked()
        refused = "password authentication failed", "permission denied for database"
        assert done.returncode == 0 or any(words in done.stderr for words in refused), done.stderr
        return done.returncode == 0

    return opens


def test_each_consumer_opens_its_own_database_only(
    place: Stores, client: Callable[[str, str, str], bool]
) -> None:
    registry, features = SECRETS["database_registry"], SECRETS["database_features"]
    assert client("registry", registry, "registry")
    assert client("features", features, "features")
    assert not client("registry", registry, "features")
    assert not client("features", features, "registry")
    assert not client("registry", registry, "postgres")
    assert not client("registry", features, "registry")
    assert not client("postgres", "wrong", "postgres")
    assert client("postgres", SECRETS["database"], "postgres")


def test_what_was_backed_up_comes_back(
    place: Stores, client: Callable[[str, str, str], bool]
) -> None:
    place.sql("CREATE TABLE rows AS SELECT generate_series(1, 1000) AS number", "features")
    # As a file system has it that is a volume of its own.
    job = ("create", "job", "made", "--from=cronjob/backup", "--dry-run=client", "--output=json")
    maker = json.loads(place.ask(*job))
    (container,) = maker["spec"]["template"]["spec"]["containers"]
    container["command"] = ["mkdir", "/backup/lost+found"]
    place.ask("create", "--filename=-", given=json.dumps(maker))
    place.ask("wait", "job/made", "--for=condition=Complete", "--timeout=60s")
    assert "is made" in place.job("first", "backup")
    place.sql("INSERT INTO rows VALUES (1001)", "features")
    said = place.job("second", "backup")
    assert "is removed" in said  # one is kept
    place.sql("DROP DATABASE features WITH (FORCE)", "postgres")
    assert "features is as it was" in place.job("back", "restore")
    assert place.sql("SELECT count(*) FROM rows", "features") == "1001"
    assert place.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'rows'", "features") == (
        "features"
    )
    assert client("features", SECRETS["database_features"], "features")
    assert not client("registry", SECRETS["database_registry"], "features")


def test_a_backup_that_is_not_there_costs_nothing(place: Stores) -> None:
    place.sql("CREATE TABLE present (word text)")
    job = ("create", "job", "wrong", "--from=cronjob/restore", "--dry-run=client", "--output=yaml")
    named = "BACKUP=2001-01-01T00-00-00Z"
    changed = place.ask(
        "set", "env", "--local", "--filename=-", named, "--output=yaml", given=place.ask(*job)
    )
    place.ask("create", "--filename=-", given=changed)
    place.ask("wait", "job/wrong", "--for=condition=Failed", "--timeout=60s")
    assert "there is no backup 2001-01-01T00-00-00Z" in place.ask("logs", "job/wrong")
    assert place.sql("SELECT count(*) FROM present") == "0"


def test_a_copy_leaves_the_cluster_and_comes_back(place: Stores) -> None:
    kubectl = place.access.kubectl
    command = [kubectl.program, f"--kubeconfig={kubectl.kubeconfig}", f"--namespace={place.name}"]
    command += ["exec", "--stdin", "database-0", "--"]
    place.sql("CREATE TABLE copied AS SELECT generate_series(1, 1000) AS number")
    dump = [*command, "pg_dump", "--username=postgres", "--format=custom", "registry"]
    copy = subprocess.run(dump, stdout=subprocess.PIPE, check=True).stdout
    place.sql("DELETE FROM copied")
    load = [*command, "pg_restore", "--username=postgres", "--dbname=registry", "--clean"]
    load += ["--if-exists", "--no-owner", "--role=registry", "--exit-on-error"]
    subprocess.run(load, input=copy, check=True)
    assert place.sql("SELECT count(*) FROM copied") == "1000"


def test_a_later_start_sees_to_new_consumers_and_changed_passwords(
    place: Stores, client: Callable[[str, str, str], bool]
) -> None:
    place.sql("DROP DATABASE features WITH (FORCE)", "postgres")
    place.sql("DROP ROLE features", "postgres")
    changed = {"stringData": {"registry": "changed", "postgres": "changed, too"}}
    place.ask("patch", "secret", "database", f"--patch={json.dumps(changed)}")
    place.kill("database")
    assert client("features", SECRETS["database_features"], "features")
    assert client("registry", "changed", "registry")
    assert not client("registry", SECRETS["database_registry"], "registry")
    assert client("postgres", "changed, too", "postgres")
