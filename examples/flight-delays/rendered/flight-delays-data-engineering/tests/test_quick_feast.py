"""Feast is imported as written, and what else asks for type checks still gets them."""

import subprocess
import sys

SOURCE = """
import flight_delays_data_engineering.features
import feast, typeguard

print("TypeCheckMemo" in feast.Entity.__init__.__code__.co_names)
print(typeguard.typechecked.__name__)
"""


def test_run_time_type_checks_are_left_out_of_feast_alone() -> None:
    # In a process of its own: here something else may have imported Feast before.
    words = [sys.executable, "-c", SOURCE]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "typechecked"]
