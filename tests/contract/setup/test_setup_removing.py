"""The removal from an environment: what goes, what stays, and what is refused."""

from uuid import uuid4

import pytest
from pydantic import SecretStr

from connector.cli.setup_environment import installed_components
from connector.dataverse.api import Locked
from connector.dataverse.permission_tables import PermissionLookup, PermissionTable
from connector.mapping import load_mapping
from connector.setup.component import full_name
from connector.setup.components import components
from connector.setup.errors import SetupPlanOutdated, SetupRefused
from connector.setup.inputs import EndpointInputs, SetupInputs, steps_of
from sandbox.launch import ROOT
from tests import setup_installed
from tests.setup_world import SMALL, Death, named

DEFAULT = ROOT / "mappings" / "default.json"
PARTS = named(*SMALL)
VISITOR, INTERACTION = "table dh_websitevisitor", "table dh_marketinginteraction"
EVERYTHING = [full_name(each) for each in PARTS if not each.part_of]


@pytest.fixture
def installed(world):
    return world.once(setup_installed.small)


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


def test_pairs_of_rows_that_somebody_added_are_named_and_nothing_is_removed(installed):
    menu = {"Behavior": "UseCollectionName"}
    pairs = {
        "@odata.type": "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
        "SchemaName": "new_visitor_contacts",
        "IntersectEntityName": "new_visitor_contacts",
        "Entity1LogicalName": "dh_websitevisitor",
        "Entity2LogicalName": "contact",
        "Entity1AssociatedMenuConfiguration": menu,
        "Entity2AssociatedMenuConfiguration": menu,
    }
    installed.make("RelationshipDefinitions", pairs)
    installed.sent.clear()

    assert "relationship new_visitor_contacts" in installed.removal(VISITOR, INTERACTION).refusals[0]
    with pytest.raises(SetupRefused):
        installed.removed(VISITOR, INTERACTION)
    assert installed.sent == []


def test_an_endpoint_of_somebody_with_the_name_of_ours_stays(world):
    world.once(setup_installed.each)
    (ours,) = world.rows("serviceendpoint")
    unwanted = ("serviceendpointid", "issaskeyset", "createdon", "modifiedon", "versionnumber")
    values = {
        name: value for name, value in ours.items() if value is not None and name not in unwanted and name[0] != "_"
    }
    theirs = world.make("serviceendpoints", {**values, "path": "theirs"})
    world.calls = world.administrator()
    report = world.removed()

    assert "service endpoint SpotlerAutomate" in report.done
    assert [row["serviceendpointid"] for row in world.rows("serviceendpoint")] == [theirs]


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


def test_of_a_whole_installation_steps_endpoint_roles_buttons_and_dashboard_go(world):
    world.once(setup_installed.whole)
    world.parts = components(inputs=SetupInputs(endpoint=EndpointInputs("")))  # no key is needed to remove

    plan = world.removal()
    done = world.removed(plan=plan).done
    written = len(world.sent)
    again = world.removed(plan=plan)

    assert {name.split()[0] for name in done} == {"step", "service", "role", "button", "dashboard", "app", "site"}
    assert done[0].startswith("step ")  # from then on nothing more is posted
    assert (world.removal().removed, again.done) == ((), ())
    assert len(world.sent) == written
    for table in (each.table for each in world.parts if each.kind == "table"):
        assert world.calls.rows(f"{table.set_name}?$top=1") == []


# Roles that people have, and steps of tables with other names


def test_a_role_is_taken_from_users_and_teams_of_every_unit_before_it_is_deleted(world):
    world.parts = [each for each in components() if each.kind in ("publisher", "solution", "table", "role", "version")]
    unit = next(row["businessunitid"] for row in world.rows("businessunit"))
    bind = {"parentbusinessunitid@odata.bind": f"/businessunits({unit})"}
    branch = world.make("businessunits", {"name": "Branch", **bind})
    sales = world.make("roles", {"name": "Sales", "businessunitid@odata.bind": f"/businessunits({unit})"})
    world.applied()
    roles = {row["_businessunitid_value"]: row["roleid"] for row in world.rows("role") if row["name"] == "Spotler User"}
    users = [
        world.make(
            "systemusers", {"applicationid": str(uuid4()), "businessunitid@odata.bind": f"/businessunits({each})"}
        )
        for each in (unit, branch)
    ]
    team = world.make("teams", {"name": "Marketing"})
    for holder, role in ((f"systemusers({users[0]})/systemuser", roles[unit]), (f"teams({team})/team", roles[unit]),
                         (f"systemusers({users[1]})/systemuser", roles[branch]),
                         (f"systemusers({users[0]})/systemuser", sales)):  # fmt: skip
        world.calls.refer(f"{holder}roles_association/$ref", f"roles({role})")
    world.removed()
    left = [
        row["name"]
        for address in (
            f"systemusers({users[0]})/systemuser",
            f"systemusers({users[1]})/systemuser",
            f"teams({team})/team",
        )
        for row in world.calls.rows(f"{address}roles_association?$select=name")
    ]

    assert left == ["Sales"]
    assert {row["name"] for row in world.rows("role")} == {"System Administrator", "Sales"}


@pytest.mark.parametrize("is_there", [True, False])
def test_the_steps_of_periodieken_go_whatever_the_settings_say_by_now(world, is_there):
    of_contact = PermissionLookup(column="new_contactid", navigation="new_ContactId")
    periodiek = PermissionTable(
        table="new_periodiek", set="new_periodieks", id="new_periodiekid", name="new_name", subscribed="new_subscribed",
        lookups={"contact": of_contact},
    )  # fmt: skip
    make_periodieken(world)
    endpoint = EndpointInputs("sb://contoso.servicebus.windows.net/", key=SecretStr("a" * 44))
    steps = tuple(step for step in steps_of(load_mapping(DEFAULT), periodiek) if "periodiek" in step.table)
    inputs = SetupInputs(endpoint=endpoint, steps=steps)
    kinds = ("publisher", "solution", "service endpoint", "step", "step image", "switch of step", "version")
    world.parts = [each for each in components(inputs=inputs) if each.kind in kinds]
    world.applied()
    if not is_there:
        world.calls.delete("EntityDefinitions(LogicalName='new_periodiek')")
    world.parts = installed_components(world.target())
    plan = world.removal()
    done = world.removed(plan=plan).done

    assert len(steps) == 3
    assert {name.partition(":")[0] for name in done} == {"step SpotlerAutomate", "service endpoint SpotlerAutomate"}
    assert (world.rows("sdkmessageprocessingstep"), world.rows("sdkmessageprocessingstepimage")) == ([], [])
    assert world.rows("serviceendpoint") == []


def make_periodieken(world):
    """The table of the customer, with its columns."""
    label = {"LocalizedLabels": [{"Label": "Periodiek", "LanguageCode": 1033}]}
    common = {"DisplayName": label, "RequiredLevel": {"Value": "None"}}
    text = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", "SchemaName": "new_Name", "MaxLength": 50,
        "FormatName": {"Value": "Text"}, "IsPrimaryName": True, **common,
    }  # fmt: skip
    table = {
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata", "SchemaName": "new_Periodiek", "DisplayName": label,
        "DisplayCollectionName": label, "OwnershipType": "UserOwned", "IsActivity": False, "HasActivities": False,
        "HasNotes": False, "Attributes": [text],
    }  # fmt: skip
    world.make("EntityDefinitions", table)
    world.environment.clock.move(60)
    subscribed = {**text, "SchemaName": "new_Subscribed", "IsPrimaryName": False}
    lookup = {
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata", "SchemaName": "new_contact_periodiek",
        "ReferencedEntity": "contact", "ReferencingEntity": "new_periodiek",
        "Lookup": {
            "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata", "SchemaName": "new_ContactId", **common,
        },
    }  # fmt: skip
    world.make("EntityDefinitions(LogicalName='new_periodiek')/Attributes", subscribed)
    world.make("RelationshipDefinitions", lookup)
    world.environment.clock.move(60)
