"""The set-up of an environment without Dynamics 365 Sales, as customers of Power Apps have it.

It has no Marketing Lists, and usually no leads, that our tables could point to.
"""

from pathlib import Path

import pytest

from connector.dataverse.names import ENABLED_VARIABLE
from connector.mapping import load_mapping
from connector.setup.component import full_name
from connector.setup.components import components
from connector.setup.inputs import SetupInputs, needs_of, steps_of
from connector.setup.plan import Extras, SetupAction
from sandbox.launch import ROOT
from tests.setup_world import ENDPOINT, SetupWorld, nameable

MAPPING = load_mapping(Path(ROOT) / "mappings" / "default.json")
LICENCE = "they need a licence of Dynamics 365 Sales."


@pytest.fixture(scope="module")
def installed():
    """Everything of the manifest that such an environment can have."""
    world = SetupWorld()
    world.environment.light, world.environment.has_leads = True, False
    inputs = SetupInputs(
        needs_of(MAPPING), steps_of(MAPPING), ENDPOINT, world.environment.settings.client_id, {ENABLED_VARIABLE: "A"}
    )
    world.parts = components(extras=Extras(buttons=True), inputs=inputs)
    plan = world.planned()
    assert plan.refusals == ()
    world.applied(plan)
    world.environment.clock.move(60)
    return world.kept()


@pytest.fixture
def world(installed):
    """Nothing is to be done."""
    return installed()


def left_alone(plan) -> dict[str, str]:
    return {each.component: each.why for each in plan.components if "manifest" not in each.why}


def test_what_is_about_leads_and_lists_is_left_alone_with_the_reason_and_all_else_is_there(world):
    plan = world.planned()
    left = left_alone(plan)

    assert (plan.writes, plan.refusals) == ((), ())
    assert {why.partition(": ")[2] for why in left.values()} == {LICENCE}
    assert {
        "lookup dh_spotlerjob.dh_leadid", "lookup dh_spotlerjob.dh_listid", "column list.dh_spotlersync",
        "button lead.form.sync", "step SpotlerAutomate: Merge of lead", "switch of step SpotlerAutomate: Merge of lead",
    } <= left.keys()  # fmt: skip
    assert not any(word in name for name in left for word in ("contact", "account", "view", "form ", "table", "role"))


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("savedquery", "fetchxml"), ("savedquery", "layoutxml"), ("systemform", "formxml"), ("sitemap", "sitemapxml"),
        ("sdkmessageprocessingstep", "filteringattributes"), ("sdkmessageprocessingstepimage", "attributes"),
    ],
)  # fmt: skip
def test_nothing_names_a_column_that_is_not_there(world, table, column):
    naming = [
        row.get("name")
        for row in world.rows(table)
        if not {row.get("returnedtypecode"), row.get("objecttypecode")} & {"lead", "list"}
        and any(word in str(row[column]) for word in ("dh_leadid", "dh_listid", '"lead"', '"list"'))
    ]

    assert naming == []


def test_a_second_run_writes_nothing(world):
    world.applied()

    assert world.sent == []


def test_what_is_about_leads_and_lists_comes_with_the_licence(world):
    left = left_alone(world.planned()).keys()
    world.environment.light, world.environment.has_leads = False, True
    world.calls = world.administrator()
    plan = world.planned()
    world.applied(plan)
    world.calls = world.administrator()

    assert left <= {each.component for each in plan.writes}
    assert {each.action for each in plan.writes} == {SetupAction.DRIFT}
    assert (world.planned().writes, world.planned().refusals) == ((), ())


def test_all_of_it_can_be_removed(world):
    target = world.target()
    world.parts = [each for each in world.parts if not each.left_alone(target)]
    world.removed(*nameable(world.parts))
    target = world.target()

    left = [full_name(each) for each in world.parts if each.read(target) is not None]
    assert left == ["application user Spotler Connector"]  # Users are never deleted.
