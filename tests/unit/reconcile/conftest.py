"""The comparison of both sides between two systems in this process."""

import pytest

from tests.unit.reconcile.comparing import Reconciling
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

ROWS = (
    {"contact": "firstname", "direction": "<->", "spotler": "firstName"},
    {"contact": "lastname", "direction": "->", "spotler": "lastName"},
    {"contact": "address1_city", "direction": "<-", "spotler": "city"},
    PERMISSIONS,
)


@pytest.fixture
def two(systems):
    return TwoSystems(systems, *ROWS)


@pytest.fixture
def reconciling(two):
    return Reconciling(two)
