"""Marketing Lists that were deactivated or deleted lose their audience."""

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job, MarketingList
from connector.dataverse.records import RecordRef
from connector.errors import Refused
from connector.pulls.lists import refresh_lists
from connector.routing.work_item import WorkItem
from sandbox.spotler.settings import DEFAULT_KEY, DEFAULT_SECRET

SYNC, REMOVE = Operation.SYNC_MARKETING_LIST, Operation.REMOVE_MARKETING_LIST
LEASE = 300


@pytest.fixture
def add(world):
    """Adds a Marketing List, and its audience in Spotler."""

    def _add(*, synced=True, active=True, audience=True):
        state = {} if active else {"statecode": 1, "statuscode": 1}
        columns = {MarketingList.NAME: "Friends", "createdfromcode": 2, MarketingList.SYNCED: synced, **state}
        row = world.load(MarketingList.TABLE, **columns)
        if audience:
            world.services.spotler.audiences.create(row, "Friends")
        return RecordRef(MarketingList.TABLE, row)

    return _add


def has_audience(world, about):
    return world.services.spotler.audiences.get(about.id) is not None


def jobs(world):
    return [(row[Job.OPERATION], row[f"_{Job.LIST}_value"], row[Job.STATUS]) for row in world.rows(Job.TABLE)]


def job(world, about, operation, status):
    values = {Job.OPERATION: operation.value, "statecode": status.state, "statuscode": status.value}
    world.load(Job.TABLE, **values, **{f"_{Job.LIST}_value": about.id})


# Deactivated


def test_a_deactivated_list_gets_a_job_that_removes_it_and_is_woken_up_at_once(world, changes, add):
    about = add(active=False)

    changes.run(about)

    assert jobs(world) == [(REMOVE, about.id, JobStatus.QUEUED)]
    (sent,) = world.bus.to("spotler-jobs")
    assert WorkItem.from_body(sent.body).operation == REMOVE.slug


def test_a_list_that_is_active_is_left_alone(world, changes, add):
    about = add()

    changes.run(about)

    assert (jobs(world), changes.put_back(), has_audience(world, about)) == ([], [], True)


def test_a_deactivated_list_that_was_never_synced_gets_no_job(world, changes, add):
    changes.run(add(active=False, synced=False))

    assert jobs(world) == []


@pytest.mark.parametrize("status", list(JobStatus))
def test_a_first_sync_that_has_not_succeeded_may_have_made_an_audience(world, changes, add, status):
    about = add(active=False, synced=False)
    job(world, about, SYNC, status)

    changes.run(about)

    assert (REMOVE, about.id, JobStatus.QUEUED) in jobs(world)


def test_two_messages_about_one_deactivation_make_one_job(world, changes, add):
    about = add(active=False)

    changes.run(about)
    changes.run(about)

    assert len(jobs(world)) == 1


def test_while_the_job_cannot_be_written_the_list_comes_back(world, changes, add):
    about = add(active=False)
    world.break_dataverse("503", r"^\$batch", count=None)
    changes.run(about)
    world.mend_dataverse()

    changes.go_on(minutes=1)

    assert jobs(world) == [(REMOVE, about.id, JobStatus.QUEUED)]


# Deleted


def test_the_audience_of_a_deleted_list_is_removed(world, changes, add):
    about = add()
    changes.delete(about)

    changes.run(changes.item(about, deleted=True))

    assert not has_audience(world, about)
    assert jobs(world) == []


def test_what_is_remembered_of_a_deleted_list_is_forgotten(world, changes, add):
    about, other = add(audience=False), add(audience=False)
    for each in (about, other):
        world.services.state.write(f"lists/{each.id}/members/1", {"x": 1}, version=None)
    changes.delete(about)

    changes.run(changes.item(about, deleted=True))

    assert world.services.state.names("lists/") == [f"lists/{other.id}/members/1"]


def test_an_audience_that_a_sync_under_way_has_made_since_is_removed_after_its_lease(world, changes, add):
    about = add()
    job(world, about, SYNC, JobStatus.IN_PROGRESS)
    changes.delete(about)
    changes.run(changes.item(about, deleted=True))
    world.services.spotler.audiences.create(about.id, "Friends")
    (message,) = world.bus.to("spotler-jobs")
    assert (message.due - world.now).total_seconds() == LEASE
    (row,) = world.rows(Job.TABLE)
    world.services.dataverse.update(Job.SET, row[Job.ID], {"statecode": 1, "statuscode": JobStatus.FAILED.value})

    changes.go_on(seconds=LEASE)

    assert not has_audience(world, about)
    assert changes.put_back() == []


def test_without_a_sync_under_way_a_list_is_removed_once(world, changes, add):
    about = add()
    job(world, about, SYNC, JobStatus.COMPLETED)
    job(world, add(audience=False), SYNC, JobStatus.IN_PROGRESS)
    changes.delete(about)

    changes.run(changes.item(about, deleted=True))

    assert changes.put_back() == []


def test_a_list_that_cannot_be_read_loses_nothing_unless_it_was_deleted(world, changes, add):
    about = add()
    changes.delete(about)

    changes.run(about)

    assert has_audience(world, about)


def test_a_list_that_was_restored_keeps_its_audience(world, changes, add):
    about = add()

    changes.run(changes.item(about, deleted=True))

    assert has_audience(world, about)


def test_an_account_without_audiences_has_none_to_remove(world, changes, add):
    about = add(audience=False)
    changes.delete(about)
    key = {"key": DEFAULT_KEY, "secret": DEFAULT_SECRET}
    world.spotler.settings(credentials=[key | {"edition": "professional"}])

    changes.run(changes.item(about, deleted=True))

    world.spotler.settings(credentials=[key])
    assert jobs(world) == []


def test_while_spotler_is_away_the_removal_is_tried_again(world, changes, add):
    about = add()
    changes.delete(about)
    world.spotler.arm("html", route="DELETE /audience/*", count=None)
    changes.run(changes.item(about, deleted=True))
    world.mend_spotler()
    assert has_audience(world, about)

    changes.go_on(minutes=1)

    assert not has_audience(world, about)


def test_an_audience_that_spotler_does_not_give_up_leaves_a_failed_job_that_says_what_to_do(world, changes, add):
    about = add()
    changes.delete(about)
    world.services.spotler.audiences.delete = refuse

    changes.run(changes.item(about, deleted=True))

    (row,) = changes.failures()
    assert (row[Job.OPERATION], row[Job.STATUS], row[Job.RESULT_CODE]) == (REMOVE, JobStatus.FAILED, "INVALID_STATE")
    assert about.id in row[Job.NAME]
    assert "by hand" in row[Job.RESULT_MESSAGE]


def test_a_job_for_a_deactivated_list_that_dataverse_refuses_leaves_a_failed_job(world, changes, add):
    about = add(active=False)
    world.break_dataverse("400", r"^\$batch", count=1)

    changes.run(about)

    (row,) = changes.failures()
    assert (row[Job.OPERATION], row[f"_{Job.LIST}_value"], row[Job.STATUS]) == (REMOVE, about.id, JobStatus.FAILED)


# What a deleted list has left behind


@pytest.fixture
def left_behind(world, changes, add):
    """A deleted list whose audience Spotler did not give up."""
    about = add()
    changes.delete(about)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.services.spotler.audiences, "delete", refuse)
        changes.run(changes.item(about, deleted=True))
    return about


def test_an_audience_that_a_deleted_list_left_behind_is_removed_at_night(world, changes, left_behind):
    name = "Automatic sync: deleted list by hand"
    world.load(
        Job.TABLE, **{Job.NAME: name, Job.OPERATION: REMOVE.value, "statecode": 1, "statuscode": JobStatus.FAILED}
    )

    refresh_lists(world.services)

    assert not has_audience(world, left_behind)
    row = next(row for row in changes.failures() if row[Job.NAME] != name)
    assert (row[Job.STATUS], row[Job.RESULT_CODE]) == (JobStatus.COMPLETED, "OK")
    assert "deleted in Spotler" in row[Job.RESULT_MESSAGE]


def test_what_spotler_does_not_give_up_is_tried_again_each_night(world, changes, left_behind, monkeypatch):
    tried = []

    def refuse_again(list_id):
        tried.append(list_id)
        refuse(list_id)

    monkeypatch.setattr(world.services.spotler.audiences, "delete", refuse_again)

    for _ in range(2):
        refresh_lists(world.services)

    assert tried == [left_behind.id] * 2
    (row,) = changes.failures()
    assert (row[Job.STATUS], row[Job.RESULT_CODE]) == (JobStatus.FAILED, "INVALID_STATE")


def test_a_list_that_was_restored_since_keeps_its_audience_at_night(world, left_behind):
    columns = {MarketingList.NAME: "Friends", "createdfromcode": 2, MarketingList.ID: left_behind.id}
    world.load(MarketingList.TABLE, **columns)

    refresh_lists(world.services)

    assert has_audience(world, left_behind)


def test_an_audience_that_is_not_removed_keeps_no_other_list_from_its_night(world, changes, add, left_behind):
    about, other = add(audience=False), add(audience=False)
    world.services.spotler.audiences.create(about.id, "Others")
    changes.delete(about)
    world.services.spotler.audiences.delete, delete = refuse, world.services.spotler.audiences.delete
    changes.run(changes.item(about, deleted=True))
    world.services.spotler.audiences.delete = lambda id_: refuse(id_) if id_ == left_behind.id else delete(id_)

    refresh_lists(world.services)

    assert (has_audience(world, left_behind), has_audience(world, about)) == (True, False)
    assert (SYNC, other.id, JobStatus.QUEUED) in jobs(world)


def test_a_failed_removal_that_a_person_ordered_is_not_tried_again_at_night(world, changes, add):
    about = add()
    job(world, about, REMOVE, JobStatus.FAILED)
    changes.delete(about)

    refresh_lists(world.services)

    assert has_audience(world, about), "nothing says that the message of its deletion was given up"


def refuse(_):
    raise Refused("It is in use.", code="INVALID_STATE")
