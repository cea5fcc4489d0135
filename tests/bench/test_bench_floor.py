import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Contact, Job
from connector.operations.registry import OPERATIONS, operation_of
from connector.routing.subscriptions import RESOLVE
from tests.bench import work
from tests.bench.floor import floor_seconds

#: Their work goes on over many batches, or begins with a list of members.
#: Nothing is to be done in Spotler, so there is no floor to compare with.
IN_DATAVERSE_ALONE = {Operation.PROMOTE_VISITOR}
OF_LISTS = {Operation.SYNC_MARKETING_LIST, Operation.REMOVE_MARKETING_LIST}


@pytest.mark.parametrize(
    ("operation", "jobs", "rounds"),
    [
        (Operation.SYNC_CONTACT, 1, 4 + 1),
        (Operation.SYNC_CONTACT, 100, 4 + 1),
        (Operation.SYNC_CONTACT, 200, 4 + 1),  # two chunks at the same time
        (Operation.SYNC_CONTACT, 201, 2 * (4 + 1)),  # two batches
        (Operation.ADD_TAG, 16, 4 + 1),
        (Operation.ADD_TAG, 17, 4 + 2),
        (Operation.ADD_TAG, 200, 4 + 13),  # two chunks at the same time, which share the way to Spotler
        (Operation.ADD_TAG, 450, (4 + 13) + (4 + 13) + (4 + 4)),  # three batches
        (Operation.START_AUTOMATION, 100, 5 + 7),
        (Operation.START_AUTOMATION, 120, (5 + 7) + (5 + 2)),  # one chunk after the other
        (Operation.STOP_AUTOMATION, 100, 6 + 7),
        (Operation.REFRESH_PERMISSIONS, 1, 5 + 1),
    ],
)
def test_the_floor_is_the_rounds_of_all_batches_one_after_the_other(operation, jobs, rounds):
    assert floor_seconds(operation, jobs, 50, batch=200, parallel=16) == pytest.approx(rounds * 0.05)


def test_everything_that_is_carried_out_has_a_sample_that_can_be_measured():
    done = {Operation.from_slug(slug) for slug in OPERATIONS if slug != RESOLVE} - OF_LISTS - IN_DATAVERSE_ALONE

    assert set(work.OPERATIONS) == done


@pytest.mark.parametrize("operation", work.OPERATIONS)
def test_spotler_knows_the_contacts_of_operations_that_would_sync_them_first(operation):
    assert work.is_known(operation) or not operation_of(operation.slug).syncs_first


@pytest.mark.parametrize("operation", work.OPERATIONS)
def test_the_job_is_about_the_contact_where_the_operation_is_about_one(operation):
    row = work.row_of(operation, "the-contact", {"welcome": "the-automation"})

    lookup = f"{Job.CUSTOMER_CONTACT_NAVIGATION}@odata.bind"
    assert row.get(lookup) == (f"/{Contact.SET}(the-contact)" if work.is_about_contact(operation) else None)
