"""The platform's program under mocks: what it would make on top of the foundation."""

import json
import re

import pytest
from ninefold_stacks.configuration import ConfigError
from programs import run

from flight_delays_platform.environments import PROGRAMS

PROGRAM = "platform"
EQUIPPED = [name for name, programs in PROGRAMS.items() if "platform" in programs]


@pytest.mark.parametrize("environment", EQUIPPED)
def test_the_steps_are_told_where_the_servers_are(environment: str) -> None:
    connections = run(PROGRAM, environment).of("ConfigMap")["connections"]["data"]
    assert connections
    assert not any("opens " in value for value in connections.values())


@pytest.mark.parametrize("environment", EQUIPPED)
def test_every_image_has_a_tag_that_stays(environment: str) -> None:
    notes = run(PROGRAM, environment)
    text = json.dumps([one.inputs for one in notes.resources])
    images = re.findall(r'"image": "([^"]+)"', text)
    assert images
    assert [one for one in images if not re.search(r":(?!latest$)[\w.-]+$|@sha256:", one)] == []


@pytest.mark.parametrize("environment", EQUIPPED)
def test_an_image_whose_tag_moves_is_refused(environment: str) -> None:
    with pytest.raises(ConfigError, match="images"):
        run(PROGRAM, environment, images={"training": "training:latest"})
