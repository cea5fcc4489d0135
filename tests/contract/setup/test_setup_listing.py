"""A plan reads its components from lists: with far fewer calls, and with what it would find one by one."""

from dataclasses import replace

import pytest

from connector.dataverse.schema.app import SPOTLER_HUB
from connector.errors import Refused
from connector.setup.component import full_name
from connector.setup.interface.components import app_components
from connector.setup.listing import listed
from connector.setup.plan import SetupAction
from connector.setup.planning import make_plan
from tests import setup_installed
from tests.contract.setup.interface_changes import change_form
from tests.setup_world import SetupWorld

#: Of an installation of everything but the app, which has a query for each kind of what it shows.
#: 27 of them are for texts in other languages, which have no list.
CALLS = 95
#: Those of the app.
OF_APP = {each.kind for each in app_components(SPOTLER_HUB)}
COLUMN = "EntityDefinitions(LogicalName='dh_spotlerjob')/Attributes(LogicalName='dh_tag')"


class Counted:
    """Passes reads on, counts them, and refuses those that a test does not allow."""

    def __init__(self, calls):
        self.calls, self.paths = calls, []
        self.refused = lambda _path: False

    def __getattr__(self, name):
        return getattr(self.calls, name)

    def get(self, path):
        return self._read(self.calls.get, path)

    def find(self, path):
        return self._read(self.calls.find, path)

    def rows(self, path):
        return self._read(self.calls.rows, path)

    def _read(self, read, path):
        self.paths.append(path)
        if self.refused(path):
            raise Refused("A list that Dataverse does not give.")
        return read(path)


@pytest.fixture
def world(world):
    """Everything is installed, and changed here and there since."""
    return world.once(changed)


def changed(world: SetupWorld) -> None:
    """Somebody changed something of most kinds; the app, which has no lists, is not looked at."""
    world.once(setup_installed.whole)
    world.parts = [each for each in world.parts if each.kind not in OF_APP]
    column = world.calls.get(COLUMN)
    column.pop("@odata.context")
    world.calls.put(COLUMN, {**column, "@odata.type": str(column["@odata.type"]).removeprefix("#"), "MaxLength": 100})
    change_form(world.calls, "dh_spotlerinfo", lambda xml: xml.replace("</tabs>", "</tabs><!-- -->", 1))
    world.calls.delete("EntityDefinitions(LogicalName='list')/Attributes(LogicalName='dh_spotlersync')")
    step = world.rows("sdkmessageprocessingstep")[0]["sdkmessageprocessingstepid"]
    world.calls.patch(f"sdkmessageprocessingsteps({step})", {"statecode": 1, "statuscode": 2})


def plan_with(world, **changes):
    """A plan, and the calls that it took beyond those of the environment itself."""
    target = world.target()
    calls = Counted(target.calls)
    return make_plan(replace(target, calls=calls, **changes), world.parts), calls.paths


def test_a_plan_of_an_installed_environment_reads_lists(world):
    plan, paths = plan_with(world)

    assert len(paths) <= CALLS, len(paths)
    assert {each.action for each in plan.writes} == {SetupAction.DRIFT}
    assert {"column dh_spotlerjob.dh_tag", "column list.dh_spotlersync"} <= {each.component for each in plan.writes}


def test_what_lists_show_is_what_is_found_one_by_one(world):
    target = world.target()
    by_lists = listed(target, world.parts)

    for part in world.parts:
        if not part.left_alone(target):
            alone, together = part.read(target), part.read(by_lists)
            assert (alone is None) == (together is None), full_name(part)
            if alone is not None:
                assert part.compare(together, by_lists) == part.compare(alone, target), full_name(part)
                assert part.object_id(together) == part.object_id(alone), full_name(part)


def test_where_lists_are_refused_everything_is_read_by_itself(world):
    plan, _ = plan_with(world)
    target = world.target()
    calls = Counted(target.calls)
    calls.refused = lambda path: "%20or%20" in path and "rivileges" not in path
    without = make_plan(replace(target, calls=calls), world.parts)

    assert without == plan
    assert len(calls.paths) > CALLS


def test_while_a_set_up_is_under_way_nothing_is_taken_from_lists(world):
    target = world.target()
    calls = Counted(target.calls)
    make_plan(replace(target, calls=calls, version=""), world.parts)

    assert not any("Attributes?" in path for path in calls.paths)
