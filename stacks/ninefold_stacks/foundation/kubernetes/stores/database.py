"""The SQL database as a pod, with a role and a database for each consumer, and its backups."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi_kubernetes.batch.v1 import (
    CronJob,
    CronJobSpecArgs,
    JobSpecArgs,
    JobTemplateSpecArgs,
)
from pulumi_kubernetes.core.v1 import ConfigMap, PodSpecArgs

from ninefold_stacks.capabilities import CONSUMERS, Database
from ninefold_stacks.foundation.kubernetes import pieces
from ninefold_stacks.foundation.kubernetes.site import Site
from ninefold_stacks.foundation.kubernetes.stores.defaults import Share, image, share
from ninefold_stacks.foundation.kubernetes.traffic import Flow
from ninefold_stacks.foundation.kubernetes.workload import Amount, Part, SecretKey, pod

NAME = "database"
PORT = 5432
ADMIN = "postgres"
BACKUP = "backup"
RESTORE = "restore"
FLOWS = (Flow(BACKUP, NAME, PORT),)
SCHEDULE = "15 2 * * *"
KEEP = 14
SCRIPTS = "/etc/scripts"
TEXTS = Path(__file__).parent / "scripts"
SHARED = 25  # percent of the memory that the server holds pages in
LONGEST = 6 * 3600  # seconds of a backup or a restore
# A user without a name must say who asks.
ANSWERS = f"pg_isready --quiet --host=127.0.0.1 --port={PORT} --username={ADMIN}"

# What an image takes for granted by its locale is said: drivers refuse a database without encoding.
INITDB: Final = (
    *("--auth-host=scram-sha-256", "--auth-local=trust", "--data-checksums"),
    *("--encoding=UTF8", "--locale=C.UTF-8"),
)


def database(
    site: Site, config: Mapping[str, Any], passwords: Mapping[str, pulumi.Output[str]]
) -> Database:
    """Make it; there is a password for each consumer, and one for the administrator."""
    amounts = share("database", site.size, config)
    named = image("database", config)
    scripts = {name: script(name) for name in ("roles.sh", "backup.sh", "restore.sh")}
    secret = site.secret(NAME, passwords)
    settings = site.settings(NAME, scripts)
    data = site.volume(NAME, amounts.storage)
    site.stateful(
        NAME,
        pod(
            [_server(named, amounts, scripts["roles.sh"])],
            volumes=[
                pieces.kept("data", data),
                pieces.texts("scripts", settings),
                pieces.hidden("passwords", secret),
                pieces.scratch("sockets"),
                pieces.scratch("tmp"),
                pieces.memory("shared"),
            ],
            grace=60,
        ),
    )
    site.service(NAME, {"sql": PORT})
    _backup(site, config, amounts, settings)
    return Database(peer=NAME, host=NAME, port=str(PORT), secret=NAME)


def script(name: str) -> str:
    """What runs inside a container."""
    return (TEXTS / name).read_text(encoding="utf-8")


def _server(named: str, amounts: Share, roles: str) -> Part:
    return Part(
        name="server",
        image=named,
        amount=amounts.amount(),
        arguments=["postgres", "-c", f"shared_buffers={amounts.of_memory(SHARED)}MB"],
        settings={
            "CONSUMERS": " ".join(CONSUMERS),
            "PGDATA": "/data/pgdata",
            "POSTGRES_PASSWORD_FILE": f"/etc/passwords/{ADMIN}",
            # The socket is a folder of this pod alone.
            "POSTGRES_INITDB_ARGS": " ".join(INITDB),
            "SCRIPTS": pieces.digest(roles),
        },
        ports={"sql": PORT},
        mounts={
            "data": "/data",
            "scripts": SCRIPTS,
            "passwords": "/etc/passwords",
            "sockets": "/var/run/postgresql",
            "tmp": "/tmp",  # noqa: S108, its own
            "shared": "/dev/shm",  # noqa: S108, likewise
        },
        ready=pieces.asked(f"{ANSWERS} && test -f /var/run/postgresql/roles"),
        alive=pieces.asked(ANSWERS, failures=6),
        # After a crash it reads its log first, which may take long.
        started=pieces.asked(ANSWERS, every=2, failures=900),
        after=["sh", f"{SCRIPTS}/roles.sh"],
    )


def _backup(site: Site, config: Mapping[str, Any], amounts: Share, settings: ConfigMap) -> None:
    """What is done each night, and what is done when it is needed, by hand."""
    named = image("database", config)
    volumes = [
        pieces.kept("backup", site.volume(BACKUP, amounts.backup_storage)),
        pieces.texts("scripts", settings),
        pieces.scratch("tmp"),
    ]
    keep = str(config.get("backup_keep", KEEP))
    schedule = config.get("backup_schedule", SCHEDULE)
    backup = pod([_part(BACKUP, named, {"KEEP": keep})], volumes=volumes, restart="Never")
    restore = pod([_part(RESTORE, named, {"BACKUP": ""})], volumes=volumes, restart="Never")
    _jobs(site, BACKUP, schedule, backup)
    # It is looked at by the person who asked for it.
    _jobs(site, RESTORE, schedule, restore, suspend=True, tries=1)


def _part(name: str, named: str, settings: Mapping[str, str]) -> Part:
    return Part(
        name=name,
        image=named,
        amount=Amount("100m", "128Mi", cpu_limit="1", memory_limit="256Mi"),
        command=["sh", f"{SCRIPTS}/{name}.sh"],
        settings={
            "CONSUMERS": " ".join(CONSUMERS),
            "PGHOST": NAME,
            "PGUSER": ADMIN,
            **settings,
        },
        secrets={"PGPASSWORD": SecretKey(NAME, ADMIN)},
        mounts={"scripts": SCRIPTS, "backup": "/backup", "tmp": "/tmp"},  # noqa: S108, its own
    )


def _jobs(
    site: Site,
    name: str,
    schedule: str,
    spec: PodSpecArgs,
    *,
    suspend: bool = False,
    tries: int = 3,
) -> None:
    """Jobs that follow each other; their pods, whichever they are, may reach the database."""
    CronJob(
        name,
        metadata=site.meta(name, BACKUP),
        spec=CronJobSpecArgs(
            schedule=schedule,
            time_zone="Etc/UTC",
            suspend=suspend,
            concurrency_policy="Forbid",
            starting_deadline_seconds=3600,
            successful_jobs_history_limit=3,
            failed_jobs_history_limit=3,
            job_template=JobTemplateSpecArgs(
                spec=JobSpecArgs(
                    backoff_limit=tries - 1,
                    active_deadline_seconds=LONGEST,
                    template=site.template(BACKUP, spec),
                )
            ),
        ),
        opts=site.inside(),
    )
