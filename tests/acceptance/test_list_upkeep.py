"""Marketing Lists that are refreshed and removed without anybody ordering a job, and environments that have none."""

from uuid import uuid4

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, MarketingList, lookup_value

SYNC, REMOVE = Operation.SYNC_MARKETING_LIST, Operation.REMOVE_MARKETING_LIST
DEACTIVATED = {"statecode": 1, "statuscode": 1}


def new_list(world, **columns):
    return world.people.create(
        MarketingList.SET, {MarketingList.NAME: f"Friends {uuid4()}", "createdfromcode": 2, **columns}
    )


def jobs(world, about):
    """The operations of the jobs of a list, the oldest first."""
    found = world.people.find(Job.SET, f"{lookup_value(Job.LIST)} eq {about}", f"{Job.OPERATION},{Job.NUMBER}")
    return [row[Job.OPERATION] for row in sorted(found, key=lambda row: row[Job.NUMBER])]


def bind(about):
    return {f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({about})"}


@pytest.mark.feature("LST-06")
@pytest.mark.feature("LST-10")
def test_a_list_that_was_synced_is_refreshed_at_night_and_one_that_was_not_is_left_alone(world):
    refreshed, other = new_list(world, **{MarketingList.SYNCED: True}), new_list(world)

    world.run_timer("refresh_lists")

    world.until(lambda: has_audience(world, refreshed), "the list is in Spotler")
    assert (jobs(world, refreshed), jobs(world, other)) == ([SYNC], [])


def synced(world):
    """A list that has an audience."""
    about = new_list(world)
    world.run(SYNC, **bind(about)).assert_completed()
    assert has_audience(world, about)
    return about


def has_audience(world, about):
    return about in {each["externalId"] for each in world.spotler.door.state()["audiences"]}


@pytest.mark.feature("LST-07")
@pytest.mark.feature("LST-10")
def test_a_deactivated_list_is_removed_by_a_job_that_stands_on_it(automatic):
    about = synced(automatic)

    automatic.people.update(MarketingList.SET, about, DEACTIVATED)

    automatic.until(lambda: not has_audience(automatic, about), "the audience is removed")
    automatic.settle()
    assert jobs(automatic, about) == [SYNC, REMOVE]
    row = automatic.people.read(MarketingList.SET, about)
    assert (row[MarketingList.SYNCED], row["statecode"]) == (False, 1)


@pytest.mark.feature("LST-07")
def test_a_list_that_is_activated_again_waits_for_a_job(automatic):
    about = synced(automatic)
    automatic.people.update(MarketingList.SET, about, DEACTIVATED)
    automatic.until(lambda: not has_audience(automatic, about), "the audience is removed")
    automatic.settle()

    automatic.people.update(MarketingList.SET, about, {"statecode": 0, "statuscode": 0})
    automatic.settle()
    automatic.run_timer("refresh_lists")

    assert jobs(automatic, about) == [SYNC, REMOVE]


@pytest.mark.feature("LST-07")
def test_the_audience_of_a_deleted_list_is_removed(automatic):
    about = synced(automatic)

    automatic.people.delete(MarketingList.SET, about)

    automatic.until(lambda: not has_audience(automatic, about), "the audience is removed")


@pytest.mark.feature("LST-05")
def test_a_rename_waits_for_the_next_sync(automatic):
    about = new_list(automatic, **{MarketingList.SYNCED: True})

    automatic.people.update(MarketingList.SET, about, {MarketingList.NAME: "Good friends"})
    automatic.settle()

    assert jobs(automatic, about) == []


@pytest.fixture
def light(world):
    """An environment without the tables of Marketing Lists."""

    yield lambda: world.edition(light=True)
    world.edition(light=False)


@pytest.mark.feature("LST-09")
@pytest.mark.parametrize("operation", [SYNC, REMOVE])
def test_an_environment_without_marketing_lists_says_so(world, light, operation):
    job = world.lost_job(operation, **bind(new_list(world)))
    light()

    world.sweep_until_over(job).assert_failed(
        "JOB_NOT_VALID", "no marketing lists; they need a licence of Dynamics 365 Sales"
    )


@pytest.mark.feature("LST-09")
def test_other_jobs_run_there(world, light):
    light()
    record, tag = world.contact(), f"tag {uuid4().hex[:8]}"

    world.sync(record).assert_completed()
    world.run(Operation.ADD_TAG, record, dh_tag=tag).assert_completed()

    assert world.spotler.contact(record).tags == [tag]


@pytest.mark.feature("LST-09")
def test_marketing_lists_that_are_installed_later_are_synced_at_once(world, light):
    light()
    world.sync(world.contact()).assert_completed()
    world.edition(light=False)

    world.run(SYNC, **bind(new_list(world))).assert_completed()


@pytest.mark.feature("LST-09")
def test_the_nightly_refresh_has_nothing_to_do_there(world, light):
    light()

    world.run_timer("refresh_lists")

    world.until(lambda: "has no Marketing Lists" in world.log(), "the log says so")
