"""Two systems in this process, with a mapping that goes both ways."""

import pytest

from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
CITY = {"contact": "address1_city", "direction": "<-", "spotler": "city"}
LAST = {"contact": "lastname", "direction": "->", "spotler": "lastName"}


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, CITY, LAST, PERMISSIONS)
