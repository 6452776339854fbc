"""A namespace of a cluster under test, and how it is asked."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bed.access import Access
from deployed import ENVIRONMENT
from registration import Object


@dataclass(frozen=True)
class Place:
    """What was applied to a namespace."""

    access: Access
    name: str

    def ask(self, *words: str, given: str = "", seconds: float = 330) -> str:
        """Ask kubectl about the namespace."""
        return self.access.kubectl(f"--namespace={self.name}", *words, given=given, seconds=seconds)

    def found(self, *words: str) -> Object:
        """An object, or the list of those that are selected."""
        answer: Object = json.loads(self.ask("get", *words, "--output=json"))
        return answer

    def rolled(self, *names: str, seconds: int = 480) -> None:
        """Wait until these workloads, such as `deployment/serving`, run as they should."""
        for name in names:
            self.ask("rollout", "status", name, f"--timeout={seconds}s", seconds=seconds + 10)


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what comes to pass by itself."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.5)


def elsewhere(platform: Path, product: str) -> str:
    """Make another environment of the usual one, where no other test is; its name."""
    environment = f"t-{uuid.uuid4().hex[:8]}"
    release = platform / "release"
    (release / environment).symlink_to(ENVIRONMENT)
    rules = release / ENVIRONMENT / "common" / "kustomization.yaml"
    text = rules.read_text("utf-8")
    here, there = (f"{product}-{one}" for one in (ENVIRONMENT, environment))
    rules.write_text(text.replace(here, there), "utf-8")
    return environment
