"""Removals from a whole installation: all tables at once, each alone, and any components together.

Whatever is named, the removal is refused with the names of what is in its way and writes nothing, or nothing of what
was named is left. What the customer made is never touched.
"""

import re
from collections.abc import Iterable
from types import SimpleNamespace

import pytest
from hypothesis import given, settings, strategies as st
from pydantic import SecretStr

from connector.dataverse.schema import installation as manifest
from connector.setup.component import Removal, full_name
from connector.setup.components import components
from connector.setup.errors import SetupRefused
from connector.setup.inputs import EndpointInputs, SetupInputs
from connector.setup.plan import Extras
from sandbox.launch import ROOT
from tests.contract.setup.environment_state import state_of
from tests.contract.setup.interface_changes import FOREIGN_TAB, add_tab, change_form, main_form, publish
from tests.setup_world import SetupWorld

RECORDS = ("contact", "lead", "account")
VISITOR, INTERACTION = "table dh_websitevisitor", "table dh_marketinginteraction"
VISITOR_FORM = "form dh_websitevisitor"
SOLUTION, PUBLISHER = "solution SpotlerConnector", "publisher dhconnector"
#: What can be named in every environment.
NAMES = tuple(full_name(each) for each in components() if each.removal is Removal.NAMED and not each.part_of)
TABLES = tuple(f"table {table.name}" for table in manifest.OWN_TABLES)


@pytest.fixture(scope="module")
def installation():
    """Everything, with our tab on forms of the customer, who has made something of everything too."""
    world = SetupWorld()
    for table in RECORDS:
        change_form(world.calls, table, add_tab)
        publish(world.calls, table)
    world.make("EntityDefinitions(LogicalName='contact')/Attributes", text_column("new_Colour"))
    world.make("roles", {"name": "Sales", "businessunitid@odata.bind": f"/businessunits({root_unit(world)})"})
    for table in RECORDS:
        definition = world.calls.get(f"EntityDefinitions(LogicalName='{table}')?$select=ObjectTypeCode")
        world.make("savedqueries", own_view(table, definition["ObjectTypeCode"]))
    world.environment.clock.move(60)
    before = state_of(world.environment)
    forms = tuple(f"{table}:{main_form(world.calls, table)['formid']}" for table in RECORDS)
    inputs = SetupInputs(
        endpoint=EndpointInputs("sb://contoso.servicebus.windows.net/", key=SecretStr("a" * 44)),
        application=world.environment.settings.client_id,
    )
    world.parts = components(extras=Extras(buttons=True, forms=forms), inputs=inputs)
    completed(world)
    return SimpleNamespace(world=world, before=before, put_back=world.kept())


@pytest.fixture
def world(installation):
    """Everything is installed."""
    return installation.put_back()


def completed(world: SetupWorld) -> None:
    """Install what is not there."""
    world.calls = world.administrator()  # as in a command of its own
    world.applied()
    world.environment.clock.move(60)
    world.sent.clear()


def text_column(name: str) -> dict[str, object]:
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": name,
        "DisplayName": {"LocalizedLabels": [{"Label": name, "LanguageCode": 1033}]},
        "RequiredLevel": {"Value": "None"},
        "MaxLength": 50,
        "FormatName": {"Value": "Text"},
    }


def own_view(table: str, code: int) -> dict[str, object]:
    """A view as a customer may have written it, with blanks and an attribute of its own order."""
    return {
        "name": "Mine",
        "returnedtypecode": table,
        "querytype": 0,
        "fetchxml": f'<fetch  version="1.0"><entity name="{table}"><attribute name="{table}id" />'
        '<attribute name="createdon"  /></entity></fetch>',
        "layoutxml": f'<grid name="resultset" object="{code}" jump="{table}id" select="1" icon="1" preview="1">'
        f'<row name="result" id="{table}id"><cell name="createdon"  width="100" /></row></grid>',
    }


def root_unit(world: SetupWorld) -> str:
    return next(row["businessunitid"] for row in world.rows("businessunit"))


def nameable(world: SetupWorld) -> list[str]:
    """What can be named: it goes by itself, and may go."""
    return [full_name(each) for each in world.parts if not each.part_of and each.removal is not Removal.STAYS]


# What must be named with a component, read from the manifest


def needed_with(name: str, names: Iterable[str]) -> set[str]:
    """What cannot stay where this goes: tables that point to a table, what uses a choice, all of ours in a solution."""
    if name == PUBLISHER:
        return {SOLUTION}
    if name == SOLUTION:
        return set(names) - {SOLUTION, PUBLISHER}
    tables = (*manifest.OWN_TABLES, *manifest.EXTENDED_TABLES)
    kind, _, what = name.partition(" ")
    if kind == "table":
        pointing = {each.table for table in manifest.OWN_TABLES for each in manifest.relationships(table)
                    if each.target == what}  # fmt: skip
        return {f"table {table}" for table in pointing} - {name}
    if kind == "choice":
        return {
            f"table {table.name}" if table.own else f"column {table.name}.{column.name}"
            for table in tables
            for column in manifest.own_columns(table)
            if column.global_choice == what
        }
    return set()


def closed(named: Iterable[str], names: list[str]) -> set[str]:
    """These names with all that must be named with them."""
    found, new = set(), set(named)
    while new:
        found |= new
        new = {each for name in new for each in needed_with(name, names)} - found
    return found


def check_removal(installation, named: Iterable[str]) -> None:
    """Remove these, from everything."""
    world = installation.put_back()
    taken = {full_name(each) for each in world.parts if each.removal is Removal.TAKEN and not each.part_of}
    missing = {name for name in named if needed_with(name, nameable(world)) - set(named) - taken}
    before = state_of(world.environment)
    plan = world.removal(*named)
    refused = {refusal.partition(":")[0] for refusal in plan.refusals}

    assert refused == missing, plan.refusals
    if plan.refusals:
        with pytest.raises(SetupRefused):
            world.removed(plan=plan)
        assert world.sent == []
        assert state_of(world.environment) == before
        return
    done = world.removed(plan=plan).done
    sent = len(world.sent)
    after = state_of(world.environment)

    assert set(done) == {*named, *taken, *plan.changed}
    assert world.removed(*named).done == ()
    assert len(world.sent) == sent
    assert [key for key, value in installation.before.items() if after.get(key, key) != value] == []
    stays = set(nameable(world)) - set(done)
    assert {each.component for each in world.removal().components} >= stays
    completed(world)
    assert world.planned().writes == ()


def test_nothing_of_ours_is_left_where_all_tables_are_named_and_then_all_else(installation, world):
    world.removed(*TABLES)
    tables = set(world.environment.customizing.parts.definitions.tables)
    world.removed(*nameable(world))
    left = state_of(world.environment)
    users = {key for key in left if key[0] in ("systemuser", "usersettings")}

    assert not any(name.startswith("dh_") for name in tables)
    assert {key: left[key] for key in left.keys() - users} == {
        key: value for key, value in installation.before.items() if key not in users
    }
    # Users are never deleted; without our role this one has no rights of ours.
    assert [each.component for each in world.removal().components] == ["application user Spotler Connector"]


#: The tables that others point to or show, and one that is alone; the others are in the nightly run.
USUAL = (VISITOR, INTERACTION, "table dh_spotlerjob")


@pytest.mark.parametrize(
    "table", [pytest.param(each, marks=[] if each in USUAL else [pytest.mark.nightly]) for each in TABLES]
)
def test_a_table_alone_is_removed_or_kept_for_the_tables_that_point_to_it(installation, table):
    check_removal(installation, [table])


@pytest.mark.nightly
@settings(max_examples=20)
@given(named=st.sets(st.sampled_from(NAMES), min_size=1, max_size=6), with_all_that_needs_them=st.booleans())
def test_any_components_together_are_removed_or_kept_for_what_needs_them(installation, named, with_all_that_needs_them):
    check_removal(
        installation, sorted(closed(named, nameable(installation.world)) if with_all_that_needs_them else named)
    )


def test_a_list_of_rows_is_taken_out_of_the_form_that_shows_it_before_its_table_goes(world):
    change_form(world.calls, VISITOR_FORM.removeprefix("form "), add_tab)
    publish(world.calls, "dh_websitevisitor")
    world.sent.clear()
    plan = world.removal(INTERACTION)
    world.removed(plan=plan)
    form = main_form(world.calls, "dh_websitevisitor")["formxml"]

    assert plan.changed == (VISITOR_FORM,)
    assert "dh_marketinginteraction" not in form
    assert 'name="mine"' in form
    assert all(f'name="{name}"' in form for name in ("company", "visits"))
    completed(world)
    assert "dh_marketinginteraction" in main_form(world.calls, "dh_websitevisitor")["formxml"]
    assert 'name="mine"' in main_form(world.calls, "dh_websitevisitor")["formxml"]


def test_a_list_that_somebody_added_to_our_form_is_told_and_nothing_is_removed(world):
    grid = (
        '<control id="mine" classid="{e7a81278-8635-4d9e-8d4d-59480b391c5b}"><parameters><TargetEntityType>'
        "dh_marketinginteraction</TargetEntityType></parameters></control>"
    )
    cell = f'<row><cell id="{{22222222-0000-4000-8000-000000000002}}">{grid}</cell></row>'
    tab = FOREIGN_TAB.replace("<rows />", f"<rows>{cell}</rows>").replace("11111111", "22222222")
    change_form(world.calls, "dh_websitevisitor", lambda xml: xml.replace("</tabs>", f"{tab}</tabs>"))
    world.sent.clear()
    (refusal,) = world.removal(INTERACTION).refusals
    with pytest.raises(SetupRefused, match="others put table dh_marketinginteraction there too"):
        world.removed(INTERACTION)

    assert refusal.startswith(f"{VISITOR_FORM}: ")
    assert world.sent == []


def test_what_the_documentation_names_can_be_removed(world):
    pages = (ROOT / "docs" / "command-line.md", ROOT / "docs" / "administrators" / "dataverse.md")
    examples = [re.findall(r'setup remove --also "([^"]+)"', page.read_text(encoding="utf-8")) for page in pages]

    assert all(examples)
    assert {name: world.removal(name).refusals for names in examples for name in names} == {INTERACTION: ()}
