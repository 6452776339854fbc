"""How long it takes from an empty namespace to the first prediction, on the tests' own node.

The programs' objects are applied as the library registers them, and the steps are those of the
released workflow, in the images of the role repositories; nothing is killed meanwhile. Building the
images is not counted: a pipeline does that.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from families import table, verdict
from machine import ROOT

REPORT = ROOT / "build" / "benchmarks" / "product.xml"
TEST = "tests/kubernetes/test_product.py"
GOAL = 10  # minutes
NAMED = {
    "objects": "both programs register and apply their objects",
    "servers": "stores and registry are ready",
    "serving": "the service has loaded the champion",
    "prediction": "the first answer, with features from the online store",
}


def measure() -> Mapping[str, Any]:
    """Seconds of each part, in their order."""
    command = (
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "product and not soak",
        "-k",
        "steps_run",
        TEST,
    )
    done = subprocess.run(
        (*command, f"--junitxml={REPORT}"),
        cwd=ROOT,
        env={**os.environ, "NINEFOLD_DRILLS": "0"},
        check=False,
    )
    if done.returncode:
        raise SystemExit("error: the product did not come up; see above")
    found = ElementTree.parse(REPORT).getroot().iter("property")
    return {"seconds": {one.get("name"): float(one.get("value", "0")) for one in found}}


def report(document: Mapping[str, Any]) -> str:
    """The parts, and their sum."""
    seconds = document["seconds"]
    rows = [[NAMED.get(part, f"`{part}`"), f"{took:.1f}"] for part, took in seconds.items()]
    return table("part | seconds", [*rows, ["**together**", f"**{sum(seconds.values()):.0f}**"]])


def goals(document: Mapping[str, Any]) -> list[list[str]]:
    """Ten minutes are what a platform may take."""
    minutes = sum(document["seconds"].values()) / 60
    found = verdict(f"{minutes:.1f} minutes", met=minutes < GOAL)
    return [["from an empty namespace to the first prediction", f"under {GOAL} minutes", found]]
