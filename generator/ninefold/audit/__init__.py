"""The audit: for each thing that an MLOps product must have, the file, command, test and owner."""

from ninefold.audit.judge import Judgement, Part, audit
from ninefold.audit.lines import load
from ninefold.audit.show import FORMATS

__all__ = ["FORMATS", "Judgement", "Part", "audit", "load"]
