"""The columns of a Marketing List that say whether it is synced, and when it was last."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.api import DataverseRefused
from connector.dataverse.names import MarketingList
from connector.sync.lists.columns import LIST_IS_INACTIVE, show_synced


@pytest.fixture
def listed(world):
    return world.load(MarketingList.TABLE, **{MarketingList.NAME: "Friends", "createdfromcode": 2})


def columns(world):
    (row,) = world.rows(MarketingList.TABLE)
    return row[MarketingList.SYNCED], row.get(MarketingList.LAST_SYNC)


def moment(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Refusing:
    """A Dataverse that refuses every change of a row."""

    def __init__(self, code):
        self.code = code

    def update(self, *_):
        raise DataverseRefused(dataverse_code=self.code)


def test_a_list_says_since_when_it_is_in_step(world, listed):
    show_synced(world.services, listed, is_synced=True)
    world.now += timedelta(days=1)
    show_synced(world.services, listed, is_synced=True)

    assert columns(world) == (True, moment(world.now))


def test_a_removed_list_keeps_the_time_of_its_last_sync(world, listed):
    show_synced(world.services, listed, is_synced=True)
    before = world.now
    world.now += timedelta(days=1)

    show_synced(world.services, listed, is_synced=False)

    assert columns(world) == (False, moment(before))


def test_a_deleted_list_needs_no_columns(world):
    show_synced(world.services, str(uuid.uuid4()), is_synced=False)

    assert world.rows(MarketingList.TABLE) == []


def test_a_list_that_may_not_be_changed_because_it_is_deactivated_is_no_error(world, listed):
    services = replace(world.services, dataverse=Refusing(LIST_IS_INACTIVE))

    show_synced(services, listed, is_synced=False)


def test_any_other_refusal_is_an_error(world, listed):
    services = replace(world.services, dataverse=Refusing("0x80040265"))

    with pytest.raises(DataverseRefused):
        show_synced(services, listed, is_synced=False)
