"""The service exports what rules and dashboards ask for: the same list stands beside them."""

from prometheus_client import REGISTRY

from airport_weather_serving import metrics

EXPORTED = {
    "airport_weather_predictions_total": ("counter", ("model_version",)),
    "airport_weather_prediction_value": ("summary", ("model_version",)),
    "airport_weather_request_seconds": ("histogram", ()),
    "airport_weather_failures_total": ("counter", ("reason",)),
    "airport_weather_feature_nulls_total": ("counter", ("feature",)),
    "airport_weather_prediction_log_failures_total": ("counter", ()),
    "airport_weather_model_info": ("gauge", ("model_version",)),
}


def test_names_types_and_labels_are_those_asked_for() -> None:
    own = [value for value in vars(metrics).values() if hasattr(value, "_labelnames")]
    found = {
        one._name + ("_total" if one._type == "counter" else ""): (one._type, one._labelnames)
        for one in own
    }
    assert found == EXPORTED


def test_a_prediction_a_failure_and_a_version_are_counted() -> None:
    version = "counted"
    entry = {"prediction": 0.25, "model_version": version, "features": {"unheard": None}}
    value = REGISTRY.get_sample_value
    names = list(EXPORTED)
    requests = value(names[2] + "_count") or 0
    failures = value(names[3], {"reason": "internal"}) or 0
    metrics.model_loaded(version)
    metrics.predicted([entry], 0.01)
    metrics.failed("internal")
    assert value(names[0], {"model_version": version}) == 1
    assert value(names[1] + "_sum", {"model_version": version}) == 0.25
    assert value(names[2] + "_count") == requests + 1
    assert value(names[3], {"reason": "internal"}) == failures + 1
    assert value(names[4], {"feature": "unheard"}) == 1
    assert value(names[6], {"model_version": version}) == 1


def test_a_new_version_takes_the_place_of_the_old_one() -> None:
    metrics.model_loaded("old")
    metrics.model_loaded("new")
    name = list(EXPORTED)[6]
    values = [REGISTRY.get_sample_value(name, {"model_version": each}) for each in ("old", "new")]
    assert values == [0, 1]
