"""Sync and Remove Marketing List: what is checked of their jobs."""

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, MarketingList

SYNC, REMOVE = Operation.SYNC_MARKETING_LIST, Operation.REMOVE_MARKETING_LIST


@pytest.fixture
def marketing_list(world):
    return world.people.create(MarketingList.SET, {MarketingList.NAME: "Friends", "createdfromcode": 2})


def bind(row):
    return {f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({row})"}


@pytest.mark.feature("LST-07")
@pytest.mark.parametrize("operation", [SYNC, REMOVE])
def test_a_list_is_needed(world, operation):
    world.run(operation).assert_failed("JOB_NOT_VALID", "no marketing list")


@pytest.mark.feature("LST-01")
@pytest.mark.parametrize("operation", [SYNC, REMOVE])
def test_a_record_is_not_allowed(world, operation, marketing_list):
    record = world.contact()

    job = world.run(operation, record, **bind(marketing_list))

    world.assert_not_valid(job, record, "no customer and no lead")


@pytest.mark.feature("LST-01")
def test_a_deactivated_list_is_not_synced(world, marketing_list):
    world.people.update(MarketingList.SET, marketing_list, {"statecode": 1, "statuscode": 1})

    world.run(SYNC, **bind(marketing_list)).assert_failed("JOB_NOT_VALID", "deactivated")
