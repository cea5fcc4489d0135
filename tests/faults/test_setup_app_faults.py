"""The app with a fault at one of the writes of its set-up or its removal: one app, published, or none.

A sample of all faults is in the usual run; every one is in the nightly run.
"""

import pytest

from tests import setup_installed
from tests.faults.setup_faults import carried_out, faults, strike
from tests.setup_world import SetupWorld

#: The writes of an uninterrupted run where all that the app needs is there; the last tests count them.
WRITES = {"apply": 10, "remove": 5}


@pytest.fixture(scope="module")
def empty():
    return SetupWorld()


@pytest.fixture
def world(empty):
    """All that the app needs is installed."""
    return empty.once(setup_installed.base)


@pytest.fixture
def installed(empty):
    """Somebody changed a setting of the app."""
    world = empty.once(setup_installed.hub)
    app = world.rows("appmodule")[0]["appmoduleid"]
    world.make("appsettings", {"displayname": "x", "ParentAppModuleId@odata.bind": f"/appmodules({app})"})
    world.sent.clear()
    return world


def apps(world):
    """The apps, with what they show as it was published, and the roles that see them."""
    rows = world.calls.rows("appmodules?$select=appmoduleid,name")
    return [
        (
            row["name"],
            len(world.calls.rows(f"RetrieveAppComponents(AppModuleId={row['appmoduleid']})")),
            [role["name"] for role in world.calls.rows(f"appmodules({row['appmoduleid']})/appmoduleroles_association")],
        )
        for row in rows
    ]


@pytest.mark.parametrize(("kind", "number"), faults("app", WRITES["apply"]))
def test_the_app_is_there_once_and_published_whatever_happens_at_one_of_its_writes(world, kind, number):
    happened = strike(world, kind, number, second=world.applied)

    carried_out(world.applied)
    assert happened == [kind]
    written = len(world.sent)
    world.applied()

    (found,) = apps(world)
    assert found == ("Spotler Hub", len(world.rows("appmodulecomponent")), ["Spotler User"])
    assert (len(world.rows("sitemap")), world.planned().writes, world.planned().refusals) == (1, (), ())
    assert len(world.sent) == written


@pytest.mark.parametrize(("kind", "number"), faults("no app", WRITES["remove"]))
def test_the_app_is_gone_with_its_site_map_whatever_happens_at_one_of_the_writes(installed, kind, number):
    happened = strike(installed, kind, number, second=installed.removed)

    carried_out(installed.removed)
    assert happened == [kind]
    written = len(installed.sent)
    installed.removed()

    assert installed.removal().removed == ()
    assert [installed.rows(table) for table in ("appmodule", "sitemap", "appsetting")] == [[], [], []]
    assert len(installed.sent) == written


def test_the_numbers_of_writes_are_those_of_an_uninterrupted_run(world):
    world.applied()

    assert len(world.sent) == WRITES["apply"]


def test_the_numbers_of_deletions_are_those_of_an_uninterrupted_run(installed):
    installed.removed()

    assert len(installed.sent) == WRITES["remove"]
