"""Feast is imported as written, and no more of it than is used."""

import subprocess
import sys

CHECKS = """
import flight_delays_data_engineering.features
import feast, typeguard

print("TypeCheckMemo" in feast.Entity.__init__.__code__.co_names)
print(typeguard.typechecked.__name__)
"""
# Feast imports the offline store of a configuration as soon as it is given that.
OPENED = """
import sys, flight_delays_data_engineering.point_in_time

print("ibis" in sys.modules)
"""


def test_run_time_type_checks_are_left_out_of_feast_alone() -> None:
    assert _said(CHECKS) == ["False", "typechecked"]


def test_the_offline_store_does_without_the_libraries_of_feasts_own() -> None:
    assert _said(OPENED) == ["False"]


def _said(source: str) -> list[str]:
    # In a process of its own: here something else may have imported Feast before.
    words = [sys.executable, "-c", source]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return done.stdout.split()
