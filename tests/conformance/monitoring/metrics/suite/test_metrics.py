"""What every technology for metrics must count."""

import math

from conftest import FEATURE, Read, entry, port, value


def test_predictions_are_counted_one_by_one_and_by_version(read: Read) -> None:
    for version in ("a", "b"):
        read("predictions_total", model_version=version)
    port.predicted([entry("a"), entry("a"), entry("b")], 0.01)
    assert read("predictions_total", model_version="a") == 2
    assert read("predictions_total", model_version="b") == 1


def test_a_request_is_timed_once_whatever_it_holds(read: Read) -> None:
    read("request_seconds_count")
    read("request_seconds_sum")
    port.predicted([entry(), entry(), entry()], 0.5)
    assert read("request_seconds_count") == 1
    assert math.isclose(read("request_seconds_sum"), 0.5)


def test_the_mean_prediction_can_be_told(read: Read) -> None:
    for part in ("sum", "count"):
        read(f"prediction_value_{part}", model_version="m")
    port.predicted([entry("m", 0.2), entry("m", 0.6)], 0.01)
    assert math.isclose(read("prediction_value_sum", model_version="m"), 0.8)
    assert read("prediction_value_count", model_version="m") == 2


def test_missing_features_are_counted_by_name(read: Read) -> None:
    read("feature_nulls_total", feature=FEATURE)
    port.predicted([entry(), entry(**{FEATURE: None}), entry(**{FEATURE: None})], 0.01)
    assert read("feature_nulls_total", feature=FEATURE) == 2


def test_failures_are_counted_by_reason(read: Read) -> None:
    read("failures_total", reason="internal")
    read("failures_total", reason="bad_row")
    port.failed("internal")
    assert read("failures_total", reason="internal") == 1
    assert read("failures_total", reason="bad_row") == 0


def test_a_prediction_that_was_not_logged_is_counted(read: Read) -> None:
    read("prediction_log_failures_total")
    port.log_failed(3)
    assert read("prediction_log_failures_total") == 3


def test_one_version_is_in_service() -> None:
    port.model_loaded("old")
    port.model_loaded("new")
    assert value("model_info", model_version="new") == 1
    assert value("model_info", model_version="old") == 0
