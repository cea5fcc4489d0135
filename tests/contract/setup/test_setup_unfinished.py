"""A set-up whose last reading back finds something missing is unfinished, until one finds everything."""

import pytest

from connector.dataverse.schema.installation import SOLUTION
from connector.setup.applying import apply_setup
from connector.setup.errors import SetupIncomplete, SetupRefused
from connector.setup.exporting import export_solution
from connector.setup.patience import Patience
from connector.setup.plan import SetupAction
from connector.setup.target import UNFINISHED, find_solution
from tests.setup_world import SMALL, named

COLUMN = "column list.dh_spotlersync"
VERSION = "version SpotlerConnector"
ADDRESS = "EntityDefinitions(LogicalName='list')/Attributes(LogicalName='dh_spotlersync')"


def applied_while(world, act):
    """Apply the plan of now; somebody does something when all is made, and only publishing is left."""

    def told(_number, name):
        if name == "publish":
            with world.another():
                act()

    return apply_setup(world.planned(), world.target(), world.parts, Patience(world.clock), told)


def removed(world):
    world.calls.delete(ADDRESS)


def version_of(world):
    return find_solution(world.calls, SOLUTION.name)["version"]


@pytest.fixture
def unfinished(world):
    world.parts = named(*SMALL)
    with pytest.raises(SetupIncomplete, match=f"Not as the manifest says: {COLUMN}"):
        applied_while(world, lambda: removed(world))
    return world


def test_the_version_is_not_written_before_everything_was_found(unfinished):
    assert version_of(unfinished) == UNFINISHED
    assert {each.component: (each.action, each.why) for each in unfinished.planned().writes} == {
        COLUMN: (SetupAction.CREATE, "It is not there."),
        VERSION: (SetupAction.CHANGE, "The installation is not complete."),
    }
    with pytest.raises(SetupRefused, match="does not have version"):
        export_solution(unfinished.target(), unfinished.parts, Patience(unfinished.clock))


def test_the_next_run_makes_what_was_missing_and_ends_the_set_up(unfinished):
    report = unfinished.applied()

    assert report.done == (COLUMN,)
    assert version_of(unfinished) == SOLUTION.version
    assert unfinished.planned().writes == ()


def test_an_upgrade_that_misses_something_in_the_end_is_unfinished_too(world):
    world.install_version("0.9.0.0", named(*(each for each in SMALL if each != COLUMN)))
    world.parts = named(*SMALL)

    with pytest.raises(SetupIncomplete, match=COLUMN):
        applied_while(world, lambda: removed(world))
    assert version_of(world) == UNFINISHED


def test_a_version_that_somebody_else_wrote_meanwhile_does_not_count(world):
    """As an import of our solution does."""
    world.parts = named(*SMALL)

    def imported():
        removed(world)
        world.calls.patch(f"solutions({world.target().solution_id})", {"version": SOLUTION.version})

    with pytest.raises(SetupIncomplete, match=COLUMN):
        applied_while(world, imported)
    assert version_of(world) == UNFINISHED


def test_the_version_of_a_newer_connector_that_came_meanwhile_stays(world):
    world.parts = named(*SMALL)

    def upgraded():
        removed(world)
        world.calls.patch(f"solutions({world.target().solution_id})", {"version": "99.0.0.0"})

    with pytest.raises(SetupIncomplete, match=COLUMN):
        applied_while(world, upgraded)
    assert version_of(world) == "99.0.0.0"


def test_what_somebody_takes_out_of_our_solution_while_a_set_up_runs_is_put_back(world):
    """Of an unfinished set-up it could not be told from what others made, and the next plan would be refused."""
    world.install_version("0.9.0.0", named(*SMALL))
    world.parts = named(*SMALL)
    table = world.calls.get("EntityDefinitions(LogicalName='dh_websitevisitor')?$select=MetadataId")["MetadataId"]
    named_component = {"@odata.type": "Microsoft.Dynamics.CRM.solutioncomponent", "solutioncomponentid": table}
    body = {"SolutionComponent": named_component, "ComponentType": 1, "SolutionUniqueName": SOLUTION.name}

    applied_while(world, lambda: world.calls.act("RemoveSolutionComponent", body))

    assert version_of(world) == SOLUTION.version
    assert world.planned().writes == ()
