"""The key-value store as a pod: it keeps what it is told in memory and in a log on its volume."""

from collections.abc import Mapping
from typing import Any

import pulumi

from ninefold_stacks.capabilities import KeyValue
from ninefold_stacks.foundation.kubernetes import pieces
from ninefold_stacks.foundation.kubernetes.site import Site
from ninefold_stacks.foundation.kubernetes.stores.defaults import Share, image, share
from ninefold_stacks.foundation.kubernetes.workload import Part, pod

NAME = "key-value"
PORT = 6379
# A third is left to the copy that is made while the log is written anew.
FOR_DATA = 60  # percent of the memory
SETTINGS = """\
bind * -::*
port {port}
dir /data
appendonly yes
appendfsync everysec
maxmemory {megabytes}mb
# Nothing is forgotten in silence: when memory is full, writes are refused.
maxmemory-policy noeviction
"""
# The password gets neither onto a command line nor into the environment.
START = r"""umask 077
escaped=$(sed 's/[\\"]/\\&/g' /etc/passwords/password)
{ cat /etc/key-value/server.conf; printf 'requirepass "%s"\n' "$escaped"; } > /tmp/server.conf
exec valkey-server /tmp/server.conf
"""
# An answer with an error is an answer, too; whoever still reads its log says LOADING.
PING = 'REDISCLI_AUTH="$(cat /etc/passwords/password)" valkey-cli ping | grep -q PONG'


def key_value(site: Site, config: Mapping[str, Any], password: pulumi.Output[str]) -> KeyValue:
    """Make it."""
    amounts = share("key_value", site.size, config)
    text = SETTINGS.format(port=PORT, megabytes=amounts.of_memory(FOR_DATA))
    secret = site.secret(NAME, {"password": password})
    settings = site.settings(NAME, {"server.conf": text})
    data = site.volume(NAME, amounts.storage)
    site.stateful(
        NAME,
        pod(
            [_server(image("key_value", config), amounts, text)],
            volumes=[
                pieces.kept("data", data),
                pieces.texts("settings", settings),
                pieces.hidden("passwords", secret),
                pieces.memory("tmp"),
            ],
        ),
    )
    site.service(NAME, {"tcp": PORT})
    return KeyValue(peer=NAME, host=NAME, port=str(PORT), secret=NAME)


def _server(named: str, amounts: Share, text: str) -> Part:
    return Part(
        name="server",
        image=named,
        amount=amounts.amount(),
        command=["sh", "-c", START],
        settings={"SETTINGS": pieces.digest(text)},
        ports={"tcp": PORT},
        mounts={
            "data": "/data",
            "settings": "/etc/key-value",
            "passwords": "/etc/passwords",
            "tmp": "/tmp",  # noqa: S108, its own
        },
        ready=pieces.asked(PING),
        alive=pieces.asked(PING, failures=6),
        started=pieces.asked(PING, every=2, failures=900),
    )
