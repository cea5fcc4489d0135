import pytest

from connector.dataverse.choices import Operation
from connector.operations.operation import Needs
from connector.operations.registry import operation_of
from connector.routing.subscriptions import CARRIED_OUT
from tests.bench.floor import ROUNDS, floor_seconds
from tests.bench.work import WORK

#: Their work goes on over many batches, or begins with a list of members.
OF_LISTS = {Operation.SYNC_MARKETING_LIST, Operation.REMOVE_MARKETING_LIST}


@pytest.mark.parametrize(
    ("operation", "jobs", "rounds"),
    [
        (Operation.SYNC_CONTACT, 1, 4 + 1),
        (Operation.SYNC_CONTACT, 100, 4 + 1),
        (Operation.SYNC_CONTACT, 200, 4 + 1),  # two portions at the same time
        (Operation.SYNC_CONTACT, 201, 2 * (4 + 1)),  # two batches
        (Operation.ADD_TAG, 16, 4 + 1),
        (Operation.ADD_TAG, 17, 4 + 2),
        (Operation.ADD_TAG, 200, 4 + 13),  # two portions at the same time, which share the way to Spotler
        (Operation.ADD_TAG, 450, (4 + 13) + (4 + 13) + (4 + 4)),  # three batches
        (Operation.START_AUTOMATION, 100, 5 + 7),
        (Operation.START_AUTOMATION, 120, (5 + 7) + (5 + 2)),  # one portion after the other
        (Operation.STOP_AUTOMATION, 100, 6 + 7),
        (Operation.REFRESH_PERMISSIONS, 1, 5 + 1),
    ],
)
def test_the_floor_is_the_rounds_of_all_batches_one_after_the_other(operation, jobs, rounds):
    assert floor_seconds(operation, jobs, 50, batch=200, parallel=16) == pytest.approx(rounds * 0.05)


def test_every_operation_has_a_floor_and_something_to_do():
    operations = set(CARRIED_OUT) - OF_LISTS

    assert set(ROUNDS) == operations
    assert set(WORK) == operations


@pytest.mark.parametrize("operation", WORK)
def test_jobs_are_about_contacts_where_the_operation_is(operation):
    assert WORK[operation].about_contact is (operation_of(operation.slug).needs is not Needs.NOTHING)


@pytest.mark.parametrize("operation", WORK)
def test_spotler_knows_the_contacts_of_operations_that_would_sync_them_first(operation):
    assert WORK[operation].is_known or not operation_of(operation.slug).syncs_first
