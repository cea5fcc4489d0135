"""Somebody imports our solution over itself: what the import switched off and lost is drift, and is set back."""

import pytest

from connector.setup.component import full_name
from connector.setup.errors import SetupIncomplete
from tests import setup_installed
from tests.contract.setup.drifts import VISITOR, WRONG, of_column, put
from tests.setup_world import STEPS, SetupWorld

IMPORT = {"OverwriteUnmanagedCustomizations": True, "PublishWorkflows": False}


@pytest.fixture
def installed(world) -> SetupWorld:
    return world.once(setup_installed.each)


def export(world: SetupWorld) -> object:
    file = world.calls.act("ExportSolution", {"SolutionName": "SpotlerConnector", "Managed": False})
    return file["ExportSolutionFile"]


def test_steps_that_an_import_left_off_and_a_key_that_it_lost_are_set_back(installed):
    installed.calls.act("ImportSolution", {**IMPORT, "CustomizationFile": export(installed)})
    installed.calls = installed.administrator()

    plan = installed.planned()
    switches = {full_name(each) for each in installed.parts if each.kind == "switch of step"}
    assert len(switches) == len(STEPS)
    assert {each.component for each in plan.writes} == {*switches, "service endpoint SpotlerAutomate"}
    installed.applied(plan)
    assert installed.planned().writes == ()


def test_a_set_up_waits_for_an_import_that_runs_and_says_what_it_lost(installed):
    file = export(installed)
    put(of_column(VISITOR, "dh_domain"), DisplayName=WRONG)(installed)
    installed.calls.act("ImportSolutionAsync", {**IMPORT, "PublishWorkflows": True, "CustomizationFile": file})
    installed.calls = installed.administrator()
    installed.slept.clear()
    with pytest.raises(SetupIncomplete, match="service endpoint SpotlerAutomate"):
        installed.applied()

    assert sum(installed.slept) >= 60  # the stand-in takes 60 s for it
    installed.applied()
    assert installed.planned().writes == ()
