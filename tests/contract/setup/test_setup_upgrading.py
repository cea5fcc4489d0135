"""An upgrade from an older manifest adds what is new of every kind, and drops nothing that the new one has not."""

from dataclasses import replace

import pytest

from connector.dataverse.names import Interaction
from connector.dataverse.schema.installation import SOLUTION
from connector.setup.component import SetupPhase, full_name
from connector.setup.errors import SetupRefused
from connector.setup.interface.components import app_components
from connector.setup.plan import SetupAction
from tests.contract.setup.environment_state import state_of
from tests.setup_hub import HUB, base_parts, hub_parts
from tests.setup_world import nameable, named, one_of_each

#: What an older manifest had; a newer one has one more of every kind.
OLDER = (
    "table dh_marketinginteraction",
    "column dh_marketinginteraction.dh_on",
)
VERSION = "0.9.0.0"
#: What shows a table has no older version without it in these tests.
SHOWS_TABLES = ("form", "form tab", "dashboard")


def older_of_each(world):
    """An older version with one component of every kind."""
    world.install_version(VERSION, one_of_each(world.form_of_contacts, world.environment.settings.client_id))


def without_interactions(parts):
    """Of a manifest that did not have the table yet."""
    return [each for each in parts if Interaction.TABLE not in each.name and each.kind not in SHOWS_TABLES]


def without_version(state):
    """Everything but the row of our solution, and who is in a solution."""
    return {key: value for key, value in state.items() if key[0] not in ("solution", "solutioncomponent")}


def test_what_is_new_of_every_kind_is_added_and_what_was_there_is_as_it_was(world, every):
    world.install_version(VERSION, named(*OLDER))
    before = without_version(state_of(world.environment))
    older = {full_name(each) for each in world.parts}
    world.parts = every
    plan = world.planned()
    report = world.applied(plan)
    after = state_of(world.environment)
    actions = {each.component: each.action for each in plan.components}

    assert plan.refusals == ()
    assert {name for name, action in actions.items() if action is SetupAction.CREATE} == actions.keys() - older
    assert {each.kind for each in every if full_name(each) not in older} >= {
        each.kind for each in every if each.phase not in (SetupPhase.FOUNDATION, SetupPhase.END)
    }
    assert {name for name in older if actions[name] is not SetupAction.LEAVE} == {"version SpotlerConnector"}
    assert set(report.done) == actions.keys() - older
    assert not any(method == "DELETE" for method, _ in world.sent)
    definitions = {key: value for key, value in before.items() if key[0] in ("table", "column", "key", "relationship")}
    assert ("column", "dh_marketinginteraction", "dh_on") in definitions
    assert {key: after[key] for key in definitions} == definitions
    assert world.planned().writes == ()


def test_a_role_gets_its_rights_on_a_new_table_by_the_same_plan(world, every):
    world.install_version(VERSION, without_interactions(every))
    world.parts = every
    plan = world.planned()
    report = world.applied(plan)
    (role,) = [each for each in plan.components if each.component == "role Spotler Service"]

    assert role.action is SetupAction.CHANGE
    assert "privilege prvCreatedh_MarketingInteraction" in {each.property for each in role.differences}
    assert role.component in report.done
    assert world.planned().writes == ()


def test_an_app_shows_a_new_table_by_the_same_plan(world):
    (group,) = HUB.groups
    older = tuple(entry for entry in group.entries if entry.table != Interaction.TABLE)
    app = replace(HUB, groups=(replace(group, entries=older),))
    parts = [*without_interactions(base_parts()), *app_components(app)]
    world.install_version(VERSION, sorted(parts, key=lambda each: each.phase))
    world.parts = hub_parts()
    plan = world.planned()
    world.applied(plan)
    (contents,) = [each for each in plan.components if each.component == f"contents of app {HUB.name}"]

    assert {"view dh_marketinginteraction.all", "form dh_marketinginteraction"} <= {
        each.property for each in contents.differences
    }
    assert world.planned().writes == ()


def test_what_the_new_manifest_does_not_have_is_not_dropped_whatever_its_kind(world):
    world.once(older_of_each)
    before = without_version(state_of(world.environment))
    world.parts = named(*OLDER)
    plan = world.planned()
    world.applied(plan)

    assert [each.component for each in plan.writes] == ["version SpotlerConnector"]
    assert plan.refusals == ()
    assert without_version(state_of(world.environment)) == before
    assert world.target().version == SOLUTION.version


def test_what_others_made_under_the_same_names_is_refused_one_by_one_and_stays_as_it_is(world, every):
    """As after somebody else's installation: everything is there, and nothing of it is in a solution of ours."""
    world.once(older_of_each)
    world.calls.delete(f"solutions({world.target().solution_id})")
    before = state_of(world.environment)
    sent = len(world.sent)
    plan = world.planned()
    with pytest.raises(SetupRefused):
        world.applied(plan)
    refused = {refusal.partition(": it exists already")[0] for refusal in plan.refusals}

    assert refused == {full_name(each) for each in every if each.component_type is not None}
    assert state_of(world.environment) == before
    assert len(world.sent) == sent
    # Our tab is known by its id; it is in no solution.
    assert {name.partition(" dh")[0].partition(" contact")[0] for name in world.removal(*nameable(every)).removed} == {
        "form tab",
        "publisher",
    }
