"""Audience jobs of one batch: one call for all, and a result for each."""

import pytest

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job, MarketingList
from connector.operations.audiences import audience_id, audience_of

ADD, REMOVE = Operation.ADD_TO_AUDIENCE, Operation.REMOVE_FROM_AUDIENCE
DONE = (JobStatus.COMPLETED, "OK")
NAME = "Members"


def membership_calls(world):
    return [call for call in world.spotler.traffic() if f"/audience/{audience_id(NAME)}/contact" in call["target"]]


def test_all_jobs_of_one_audience_share_a_call(world):
    world.services.spotler.audiences.create(audience_id(NAME), NAME)
    records = [world.contact(f"p{number}", known=True) for number in range(5)]

    world.run(*[world.job(ADD, record, dh_audience=NAME) for record in records])

    (audience,) = world.spotler.state()["audiences"]
    assert set(audience["members"]) == {record.id for record in records}
    assert len(membership_calls(world)) == 1


@pytest.mark.parametrize("names", [(NAME, "Nowhere"), ("Nowhere", NAME)], ids=["the first", "the last"])
def test_an_audience_that_spotler_refuses_fails_its_own_jobs_only(world, names):
    world.services.spotler.audiences.create(audience_id(NAME), NAME)
    records = [world.contact(f"p{number}", known=True) for number in range(4)]
    jobs = {world.job(REMOVE, record, dh_audience=name): name for record, name in zip(records, names * 2, strict=True)}

    world.run(*jobs)

    assert {job: world.status(job) for job in jobs} == {
        job: DONE if name == NAME else (JobStatus.FAILED, "RESOURCE_NOT_FOUND") for job, name in jobs.items()
    }


def test_contacts_that_spotler_has_lost_get_a_result_each(world):
    records = [world.contact(name, known=True) for name in ("ann", "bob", "cas", "dan")]
    there, passing, refused, back = records
    world.spotler.reset()
    world.spotler.contacts({"externalId": there.id, "properties": {"email": "ann@example.org"}})
    world.spotler.arm("contact_error", route="POST /contact/list", external_ids=[passing.id], count=None)
    world.services.dataverse.update("contacts", refused.id, {"emailaddress1": "nowhere@", "mobilephone": None})
    jobs = [world.job(ADD, record, dh_audience=NAME) for record in records]

    world.run(*jobs)

    assert [world.status(job) for job in jobs] == [
        DONE, (JobStatus.IN_PROGRESS, "ERROR"), (JobStatus.FAILED, "PROPERTY_INVALID"), DONE
    ]  # fmt: skip
    (audience,) = world.spotler.state()["audiences"]
    assert set(audience["members"]) == {there.id, back.id}


def test_who_is_lost_and_may_not_be_mailed_is_not_sent_again_to_be_taken_out(world):
    record = world.contact(known=True, donotemail=True)
    world.spotler.reset()
    world.services.spotler.audiences.create(audience_id(NAME), NAME)
    job = world.job(REMOVE, record, dh_audience=NAME)

    world.run(job)

    assert world.status(job) == DONE
    assert world.in_spotler(record) is None


@pytest.mark.parametrize("name", ["VIP  Members", " VIP Members", "VIP Members"])
def test_a_list_keeps_its_audience_however_many_blanks_its_name_has(world, name):
    world.load(MarketingList.TABLE, **{MarketingList.NAME: name, "createdfromcode": 2, MarketingList.SYNCED: True})
    jobs = [world.job(operation, world.contact(known=True), dh_audience=name) for operation in (ADD, REMOVE)]

    for job in jobs:
        world.run(job)

    assert [world.status(job) for job in jobs] == [(JobStatus.FAILED, "JOB_NOT_VALID")] * 2
    assert world.spotler.state()["audiences"] == []


def test_what_spotler_does_not_create_says_why(world):
    world.services.spotler.audiences.create("by-hand", NAME)
    world.spotler.settings(max_audiences=1, audience_error_bodies=True)
    taken, one_too_many = (world.job(ADD, world.contact(known=True), dh_audience=name) for name in (NAME, "Others"))

    world.run(taken, one_too_many)

    assert world.status(taken) == (JobStatus.FAILED, "NAME_ALREADY_IN_USE")
    assert world.status(one_too_many) == (JobStatus.FAILED, "SPOTLER_AUDIENCE_REFUSED")
    assert "too many audiences" in world.row(one_too_many)[Job.RESULT_MESSAGE]


@pytest.mark.parametrize(
    ("older", "younger", "route"),
    [(ADD, REMOVE, "POST /audience/*/contact"), (REMOVE, ADD, "DELETE /audience/*/contact")],
)
def test_what_a_call_does_after_a_younger_job_is_put_right_by_another_job(world, older, younger, route):
    """Nothing is stored of the calls of single jobs: docs/developers/promises.md says so."""
    world.services.spotler.audiences.create(audience_id(NAME), NAME)
    anna = world.contact(known=True)

    def run(operation):
        job = world.job(operation, anna, dh_audience=NAME)
        world.run(job)
        assert world.status(job) == DONE
        return world.spotler.state()["audiences"][0]["members"]

    run(younger)
    world.spotler.arm("late_effect", route=route)
    run(older)
    wanted = run(younger)
    world.spotler.release()
    assert world.spotler.state()["audiences"][0]["members"] != wanted

    assert run(younger) == wanted == ([anna.id] if younger is ADD else [])


def test_the_id_of_an_audience_follows_from_its_name_and_never_changes():
    assert audience_id("Spring 2026") == "d365-c1e80596b68ce97de2d8eccf3f265299"
    assert len({audience_of(name).id for name in ("Spring 2026", " spring  2026 ", "SPRING 2026")}) == 1
    assert audience_id("Spring 2027") != audience_id("Spring 2026")
