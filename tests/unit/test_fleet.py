"""Instances that do not know of each other share what one Dataverse allows, for an hour and more of virtual time."""

from statistics import fmean

import pytest

from tests.unit.simulated_fleet import Fleet, mixed, queries

MINUTE = 60.0


@pytest.mark.parametrize("instances", [1, 6, 60])
def test_a_fleet_uses_what_the_limits_allow_and_few_calls_are_refused(instances):
    fleet = Fleet(instances, work=mixed)

    at_first = fleet.run(0.0, 15 * MINUTE)
    later = fleet.run(30 * MINUTE, 60 * MINUTE)

    assert at_first.refused < 0.2
    assert later.used >= 0.85
    assert later.refused < 0.02


@pytest.mark.nightly
@pytest.mark.parametrize("work", [queries, mixed])
@pytest.mark.parametrize("instances", [1, 6, 20, 60])
def test_any_fleet_uses_nine_tenths_of_what_the_limits_allow(instances, work):
    found = [Fleet(instances, work=work, seed=seed).run(30 * MINUTE, 150 * MINUTE) for seed in (1, 2, 3)]

    assert fmean(each.used for each in found) >= 0.9
    assert all(each.refused < 0.05 for each in found)


def test_one_instance_alone_uses_the_first_requests_as_fast_as_it_can():
    found = Fleet(1, work=queries).run(30.0, 60.0)

    assert found.rate > 60
