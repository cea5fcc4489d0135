"""The removal from an environment: what goes, what stays, and what is refused."""

import pytest
from pydantic import SecretStr

from connector.dataverse.api import Locked
from connector.setup.component import full_name
from connector.setup.components import components
from connector.setup.errors import SetupPlanOutdated, SetupRefused
from connector.setup.inputs import EndpointInputs, SetupInputs
from tests.setup_world import SMALL, Death, named

PARTS = named(*SMALL)
VISITOR, INTERACTION = "table dh_websitevisitor", "table dh_marketinginteraction"
EVERYTHING = [full_name(each) for each in PARTS if not each.part_of]


@pytest.fixture
def installed(world):
    world.parts = PARTS
    world.applied()
    world.environment.clock.move(60)  # columns of new tables are not listed at once
    world.sent.clear()
    return world


def test_nothing_that_holds_data_is_removed_unless_it_is_named(installed):
    plan = installed.removal()
    report = installed.removed(plan=plan)

    assert (plan.removed, plan.refusals) == ((), ())
    assert {each.component for each in plan.components} == set(EVERYTHING)
    assert (report.writes, installed.sent) == (0, [])


def test_everything_goes_in_the_right_order_where_everything_is_named_and_a_second_time_writes_nothing(installed):
    plan = installed.removal(*EVERYTHING)
    report = installed.removed(plan=plan)
    written = len(installed.sent)
    again = installed.removed(plan=plan)

    assert plan.refusals == ()
    assert set(report.done) == set(EVERYTHING)
    assert report.done[-2:] == ("solution SpotlerConnector", "publisher dhconnector")
    assert (again.done, len(installed.sent)) == ((), written)
    assert not any(name.startswith("dh_") for name in installed.environment.customizing.parts.definitions.tables)
    assert [row["uniquename"] for row in installed.rows("solution")] == ["Default"]


def test_what_was_removed_is_made_again_by_the_next_set_up(installed):
    installed.removed(INTERACTION)
    plan = installed.planned()
    report = installed.applied()

    # It was removed on purpose, so it is no drift.
    assert {each.action.value for each in plan.writes} == {"create", "change"}
    assert INTERACTION in report.done
    assert installed.planned().writes == ()


def test_rows_of_tables_that_stay_are_as_they_were(installed):
    installed.load("dh_websitevisitor", dh_name="Contoso")
    before = installed.rows("dh_websitevisitor")

    installed.removed(INTERACTION)

    assert installed.rows("dh_websitevisitor") == before


def test_a_table_that_another_one_of_ours_points_to_goes_only_with_it(installed):
    (refusal,) = installed.removal(VISITOR).refusals
    with pytest.raises(SetupRefused, match="cannot be carried out"):
        installed.removed(VISITOR)

    assert "column dh_marketinginteraction.dh_websitevisitorid" in refusal
    assert installed.sent == []
    assert installed.removal(VISITOR, INTERACTION).refusals == ()


def test_a_column_that_somebody_added_and_a_lookup_of_theirs_are_named_and_nothing_is_removed(installed):
    text = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "new_Colour",
        "DisplayName": {"LocalizedLabels": [{"Label": "Colour", "LanguageCode": 1033}]},
        "RequiredLevel": {"Value": "None"},
        "MaxLength": 50,
        "FormatName": {"Value": "Text"},
    }
    lookup = {
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "SchemaName": "new_visitor_contact",
        "ReferencedEntity": "dh_websitevisitor",
        "ReferencingEntity": "contact",
        "Lookup": {
            "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
            "SchemaName": "new_VisitorId",
            "DisplayName": {"LocalizedLabels": [{"Label": "Visitor", "LanguageCode": 1033}]},
        },
    }
    installed.make("EntityDefinitions(LogicalName='dh_websitevisitor')/Attributes", text)
    installed.make("RelationshipDefinitions", lookup)
    installed.sent.clear()

    refusals = installed.removal(VISITOR, INTERACTION).refusals

    assert "column dh_websitevisitor.new_colour" in refusals[0]
    assert "column contact.new_visitorid" in refusals[1]
    with pytest.raises(SetupRefused):
        installed.removed(VISITOR, INTERACTION)
    assert installed.sent == []


def test_what_dataverse_does_not_list_is_told_when_it_refuses_to_delete(installed):
    installed.environment.customizing.knobs.hidden_dependants = 9
    with pytest.raises(SetupRefused, match="does not name them"):
        installed.removed(VISITOR)

    assert installed.calls.find("EntityDefinitions(LogicalName='dh_websitevisitor')") is not None


def test_a_removal_that_died_goes_on(installed):
    plan = installed.removal(*EVERYTHING)

    def die(number, _method, _path):
        if number == 4:
            raise Death

    installed.after = die
    with pytest.raises(Death):
        installed.removed(plan=plan)
    installed.after = lambda *_: None
    report = installed.removed(plan=plan)

    assert len(report.done) == len(EVERYTHING) - 2  # the first of the four writes marked the solution as unfinished
    assert installed.removal().components == ()


def test_a_plan_of_before_is_refused_where_there_is_more_by_now(installed):
    installed.removed(INTERACTION)
    plan = installed.removal(VISITOR, INTERACTION)
    installed.applied()
    installed.environment.clock.move(60)
    installed.sent.clear()

    with pytest.raises(SetupPlanOutdated, match=INTERACTION):
        installed.removed(plan=plan)
    assert installed.sent == []


def test_an_import_of_somebody_else_is_waited_for(installed):
    plan = installed.removal(INTERACTION)
    installed.environment.customizing.lock.begin_foreign("Import", 25)
    installed.slept.clear()
    installed.removed(plan=plan)

    assert installed.slept[:2] == [10, 20]


def test_an_import_that_does_not_end_ends_the_removal_with_what_to_do(installed):
    plan = installed.removal(INTERACTION)
    installed.environment.customizing.lock.begin_foreign("Import", 10_000)
    with pytest.raises(Locked, match="customising"):
        installed.removed(plan=plan)


def test_of_a_whole_installation_steps_endpoint_app_roles_buttons_and_dashboard_go(world):
    key, address = SecretStr("a" * 44), "sb://contoso.servicebus.windows.net/"
    application = world.environment.settings.client_id
    world.parts = components(inputs=SetupInputs(endpoint=EndpointInputs(address, key=key), application=application))
    world.applied()
    world.environment.clock.move(60)
    world.parts = components(inputs=SetupInputs(endpoint=EndpointInputs("")))  # no key is needed to remove

    plan = world.removal()
    done = world.removed(plan=plan).done
    written = len(world.sent)
    again = world.removed(plan=plan)

    assert {name.split()[0] for name in done} == {"step", "service", "app", "site", "role", "button", "dashboard"}
    assert done[0].startswith("step ")  # from then on nothing more is posted
    assert (world.removal().removed, again.done) == ((), ())
    assert len(world.sent) == written
    for table in (each.table for each in world.parts if each.kind == "table"):
        assert world.calls.rows(f"{table.set_name}?$top=1") == []
