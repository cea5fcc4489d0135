"""The comparison of both sides looks at the audiences of Marketing Lists, and orders a sync where they differ."""

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job, MarketingList
from connector.reconcile import audiences
from connector.reconcile.audiences import AudienceState
from connector.reconcile.certificate_text import sentence_of
from connector.reconcile.reconciling import Reconciler


@pytest.fixture
def synced(world, lists):
    """A list of two people whose audience is filled."""
    row = lists.create([world.contact("ann"), world.contact("bob")])
    assert lists.sync(row)[:2] == (JobStatus.COMPLETED, "OK")
    return row


def compared(world):
    certificate = Reconciler(world.services, is_over=lambda: False).step()
    return certificate["lists"], sentence_of(certificate)


def ordered(world):
    return [row for row in world.rows(Job.TABLE) if row[Job.STATUS] == JobStatus.QUEUED]


@pytest.mark.usefixtures("synced")
def test_a_list_in_step_is_equal(world):
    found, sentence = compared(world)

    assert found == {"total": 1, AudienceState.EQUAL: 1}
    assert "marketing list" not in sentence
    assert ordered(world) == []


def test_a_new_member_and_one_who_has_left_are_a_difference_and_a_sync_is_ordered(world, lists, synced):
    lists.join(synced, [world.contact("cas")])

    assert compared(world)[0] == {"total": 1, AudienceState.DIFFERS: 1}

    (job,) = ordered(world)
    assert (job[Job.OPERATION], job[f"_{Job.LIST}_value"]) == (Operation.SYNC_MARKETING_LIST, synced)
    lists.run(job[Job.ID])
    assert compared(world)[0] == {"total": 1, AudienceState.EQUAL: 1}


def test_a_membership_that_is_lost_is_found_and_a_sync_is_ordered(world, synced):
    for name in world.services.state.names(f"lists/{synced}/"):
        world.services.state.delete(name)

    assert compared(world)[0] == {"total": 1, AudienceState.LOST: 1}
    assert len(ordered(world)) == 1


def test_a_list_whose_query_is_refused_is_counted_by_its_code(world, synced):
    query = "<fetch aggregate='true'><entity name='contact'/></fetch>"
    world.services.dataverse.update(
        MarketingList.SET, synced, {MarketingList.DYNAMIC: True, MarketingList.QUERY: query}
    )

    found, _ = compared(world)

    assert found["total"] == 1
    assert found.keys().isdisjoint(AudienceState)


def test_lists_are_compared_once_although_the_time_is_over_in_between(world, synced, monkeypatch):
    seen = []
    compare = audiences.compare_audience
    monkeypatch.setattr(
        "connector.reconcile.reconciling.compare_audience", lambda *each: seen.append(each[1].id) or compare(*each)
    )

    while Reconciler(world.services, is_over=lambda: True).step() is None:
        pass

    assert seen == [synced]
