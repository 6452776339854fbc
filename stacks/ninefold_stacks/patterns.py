"""How names, amounts and places are written in a configuration."""

SLUG = r"[a-z](?:[a-z0-9]|-(?!-)){1,20}[a-z0-9]"
ENVIRONMENT = r"[a-z](?:[a-z0-9]|-(?!-)){0,14}[a-z0-9]"
CPU = r"[1-9][0-9]{0,4}m|[1-9][0-9]{0,2}"
MEMORY = r"[1-9][0-9]{0,4}(?:Mi|Gi)"
STORAGE = r"[1-9][0-9]{0,4}(?:Mi|Gi|Ti)"
# Of an object of a cluster, or of a host.
NAME = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
NAMESPACE = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
ADDRESSES = r"[0-9a-fA-F.:]+/[0-9]{1,3}"
# A tag that is moved, or none, would give another program tomorrow.
IMAGE = r"[a-z0-9][a-z0-9./:_-]*(?::(?!latest$)[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})"
CRON = r"(?:[0-9*/,-]+ ){4}[0-9A-Za-z*/,-]+"
GIT = r"(?:https|ssh)://\S+|\w+@[\w.-]+:\S+"
