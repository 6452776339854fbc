"""A namespace of a cluster under test, and how it is asked."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from bed.access import Access
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
