"""From an empty environment to the first jobs, with Marketing Lists (a licence of Sales) and without them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, MarketingList
from connector.setup.calls import SetupCalls
from sandbox.system import System, functions
from tests.acceptance.installing import OPTIONS, Installed, empty_environment, install
from tests.acceptance.world import World


@pytest.fixture(params=[False, True], ids=["with lists", "without lists"])
def light(request: pytest.FixtureRequest) -> bool:
    """Whether the environment has no Marketing Lists."""
    return bool(request.param)


@pytest.fixture
def installed(tmp_path: Path, light: bool) -> Iterator[Installed]:
    with empty_environment(tmp_path, light=light) as (around, dataverse):
        yield install(around, dataverse)


def a_list(world: World) -> dict[str, str]:
    """A Marketing List of contacts, as a job has it."""
    made = world.people.create(MarketingList.SET, {MarketingList.NAME: "Friends", "createdfromcode": 2})
    return {f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({made})"}


@pytest.mark.feature("GEN-01")
def test_set_up_app_and_jobs_work_in_both_editions_and_a_job_of_a_list_says_what_is_missing(installed, light):
    around = installed.around
    (site_map,) = SetupCalls(installed.dataverse).rows("sitemaps?$select=sitemapxml")
    with functions(around, OPTIONS) as app:
        world = World(System(around.servicebus, around.dataverse, around.spotler, app, around.settings))
        record = world.contact()

        world.run(Operation.ADD_TAG, record, dh_tag="first").assert_completed()
        of_list = world.run(Operation.SYNC_MARKETING_LIST, **({} if light else a_list(world)))

        assert world.spotler.contact(record).tags == ["first"]
        if light:
            of_list.assert_failed("JOB_NOT_VALID", "no marketing lists; they need a licence of Dynamics 365 Sales")
        else:
            of_list.assert_completed()
        world.bus.close()
    assert (installed.left, installed.writes) == ((), 0)
    assert ('Entity="list"' in site_map["sitemapxml"]) is not light
