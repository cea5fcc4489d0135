"""An empty environment, the set-up, and the first job, with the connector signed in with the role that it was given.

With Marketing Lists, which need a licence of Dynamics 365 Sales, and without them.
"""

from collections.abc import Iterator

import pytest

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, MarketingList
from sandbox.system import System, functions
from tests.acceptance.installing import OPTIONS, Installed, empty_environment, install
from tests.acceptance.world import World

#: Whether the environment is one without Marketing Lists.
EDITIONS = {"with lists": False, "without lists": True}


@pytest.fixture(scope="module", params=EDITIONS.values(), ids=EDITIONS.keys())
def light(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, light: bool) -> Iterator[Installed]:
    with empty_environment(tmp_path_factory.mktemp("empty"), light=light) as (around, dataverse):
        yield install(around, dataverse)


def a_list(world: World) -> dict[str, str]:
    """A Marketing List of contacts, as a job has it."""
    made = world.people.create(MarketingList.SET, {MarketingList.NAME: "Friends", "createdfromcode": 2})
    return {f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({made})"}


@pytest.mark.feature("SEC-01")
@pytest.mark.feature("SEC-02")
@pytest.mark.feature("GEN-01")
def test_the_first_jobs_of_an_empty_environment_end_with_the_role_that_the_set_up_gave(installed, light):
    around = installed.around
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
