"""Views, forms and buttons as XML and rows: what they hold, what counts as a difference, and what of others stays."""

from functools import cache
from pathlib import Path

import pytest

from connector.dataverse.names import Info, Job, Visitor
from connector.dataverse.schema import TABLES, installation as manifest
from connector.dataverse.schema.forms import DASHBOARDS, FORMS, RECORD_TABLES
from connector.dataverse.schema.interface import FormField, SubGrid, ViewKind
from connector.dataverse.schema.resources import BUTTONS, RESOURCES
from connector.dataverse.schema.views import VIEWS
from connector.setup.interface.buttons import ButtonPart
from connector.setup.interface.components import interface_components
from connector.setup.interface.form_xml import (
    dashboard_xml,
    holds_form,
    record_tab_of,
    tabs_of,
    with_form,
    without_tab,
)
from connector.setup.interface.view_xml import fetch_xml, layout_xml, same_fetch, same_layout
from connector.setup.interface.views import view_id
from connector.setup.interface.xml_compare import read_xml, shape
from connector.setup.plan import Extras
from tests.unit.setup.recorded import DUTCH_AND_ENGLISH

SCHEMAS = Path(__file__).parents[4] / "shared" / "dataverse-schemas"
#: An anchor in a pattern is a letter for XML Schema, and none for Microsoft.
ANCHORED = "doesn't match any pattern of ['^("
(JOB_FORM,) = [form for form in FORMS if form.table == Job.TABLE]
JOB_VIEW = next(view for view in VIEWS if (view.table, view.name) == (Job.TABLE, "failed"))
TABS = tabs_of(JOB_FORM, DUTCH_AND_ENGLISH)
EACH_VIEW = pytest.mark.parametrize("view", VIEWS, ids=lambda each: f"{each.table}.{each.name}")
EACH_FORM = pytest.mark.parametrize("form", FORMS, ids=lambda each: each.table)

FOREIGN_TAB = (
    '<tab name="mine" id="{11111111-0000-4000-8000-000000000000}"><labels><label description="Mine" '
    'languagecode="1033" /></labels><columns><column width="100%"><sections>'
    '<section id="{11111111-0000-4000-8000-000000000001}"><rows><row>'
    '<cell id="{11111111-0000-4000-8000-000000000002}"><control id="new_shoe" datafieldname="new_shoe" '
    'classid="{4273EDBD-AC1D-40d3-9FB2-095C621B552D}" /></cell></row></rows></section></sections></column></columns>'
    "</tab>"
)
FRESH_TAB = FOREIGN_TAB.replace("new_shoe", "dh_name").replace("11111111", "22222222")


def form_of(*tabs: str, more: str = "") -> str:
    return f"<form><tabs>{''.join(tabs)}</tabs>{more}</form>"


@cache
def schema(name: str):
    if not SCHEMAS.is_dir():
        pytest.skip("Microsoft's schemas are not part of the repository, and are not at hand here")
    import xmlschema

    return xmlschema.XMLSchema(str(SCHEMAS / name), validation="lax")


def refusals(name: str, text: str) -> list[str]:
    return [each.reason for each in schema(name).iter_errors(text) if ANCHORED not in each.reason]


# Against Microsoft's schemas


@EACH_VIEW
def test_the_query_of_each_view_is_valid(view):
    assert refusals("Fetch.xsd", fetch_xml(view)) == []


@EACH_FORM
def test_each_form_is_valid(form):
    tabs = tabs_of(form, DUTCH_AND_ENGLISH)
    name = TABLES[form.table].name_column

    assert refusals("FormXml.xsd", with_form(form_of(FOREIGN_TAB), tabs, form.script, name)) == []


def test_dashboards_and_the_tab_on_records_are_valid():
    for dashboard in DASHBOARDS:
        assert refusals("FormXml.xsd", dashboard_xml(dashboard, DUTCH_AND_ENGLISH)) == []
    for table in RECORD_TABLES:
        xml = with_form(form_of(FOREIGN_TAB), [record_tab_of(table, DUTCH_AND_ENGLISH)], None, "")
        assert refusals("FormXml.xsd", xml) == []


def test_the_schema_finds_what_is_wrong():
    assert refusals("FormXml.xsd", form_of(FOREIGN_TAB.replace("<control ", '<control visible="true" '))) != []
    assert refusals("Fetch.xsd", fetch_xml(JOB_VIEW).replace('operator="eq"', 'operator="nearly"')) != []


# The manifest


@EACH_VIEW
def test_each_view_shows_orders_and_filters_columns_of_its_table(view):
    known = {column.name for column in TABLES[view.table].columns} | {"createdon"}
    used = {*view.columns, view.order, *(each.column for each in view.conditions)}

    assert used <= known
    assert (view.title is None) == (view.kind is not ViewKind.PUBLIC)


def test_every_table_has_a_form_and_the_views_that_lists_begin_with():
    own = {table.name for table in manifest.OWN_TABLES}
    ids = [view_id(view.table, view.name) for view in VIEWS if view.kind is ViewKind.PUBLIC]

    assert {form.table for form in FORMS} == own
    for name in ("active", "associated", "all"):
        assert {view.table for view in VIEWS if view.name == name} == own
    assert len(set(ids)) == len(ids)
    assert {view.name for view in VIEWS if view.table == Visitor.TABLE} >= {"list", "hot", "my", "focused"}


def test_every_list_on_a_form_or_dashboard_begins_with_a_view_and_follows_a_relationship():
    public = {(view.table, view.name) for view in VIEWS if view.kind is ViewKind.PUBLIC}
    relationships = {each.name for table in manifest.OWN_TABLES for each in manifest.relationships(table)}
    cells = [cell for form in FORMS for tab in form.tabs for section in tab.sections for cell in section.cells]
    grids = [cell for cell in cells if isinstance(cell, SubGrid)]
    on_records = [record_tab_of(table, DUTCH_AND_ENGLISH) for table in RECORD_TABLES]

    assert {(grid.table, grid.view) for grid in grids} <= public
    assert {grid.relationship for grid in grids} <= relationships
    assert {(grid.table, grid.view) for dashboard in DASHBOARDS for grid in dashboard.grids} <= public
    for tab in on_records:
        assert {each.text for each in tab.iter("RelationshipName")} <= relationships


def test_of_spotler_info_only_keep_out_can_be_changed_on_the_form():
    (form,) = [form for form in FORMS if form.table == Info.TABLE]
    cells = [cell for tab in form.tabs for section in tab.sections for cell in section.cells]

    assert [cell.column for cell in cells if isinstance(cell, FormField) and not cell.locked] == [Info.KEEP_OUT]


def test_what_the_connector_writes_is_locked_on_the_form_of_a_job():
    cells = [cell for tab in JOB_FORM.tabs for section in tab.sections for cell in section.cells]
    locked = {cell.column for cell in cells if cell.locked}

    assert {Job.STATUS, Job.RESULT_CODE, Job.RESULT_MESSAGE, Job.ATTEMPTS, Job.NUMBER} <= locked
    assert Job.OPERATION not in locked
    assert not {Job.CLAIM, Job.LEASE_UNTIL} & {cell.column for cell in cells}


def test_names_of_components_are_unique_and_extras_come_only_when_asked_for():
    usual = interface_components(Extras())
    everything = interface_components(Extras(buttons=True, forms=("contact:11111111-0000-4000-8000-000000000000",)))
    names = [f"{part.kind} {part.name}" for part in everything]

    assert len(set(names)) == len(names) == len({*names})
    assert len(usual) == len(RESOURCES) + len(VIEWS) + len(FORMS) + len(DASHBOARDS) + 2
    assert len(everything) - len(usual) == len(BUTTONS) - 2 + 1
    assert len({ButtonPart(button).unique_name for button in BUTTONS}) == len(BUTTONS)


# Views that somebody changed


def test_a_query_is_the_same_in_another_order_and_with_further_columns():
    ours = fetch_xml(JOB_VIEW)
    moved = ours.replace('attribute="statuscode" operator="eq"', 'operator="eq" attribute="statuscode"')
    more = moved.replace("<order", '\n  <attribute name="new_shoe" />\n<order')

    assert same_fetch(ours, more)
    assert not same_fetch(ours, ours.replace("100000002", "1"))
    assert not same_fetch(ours, ours.replace('descending="true"', 'descending="false"'))
    assert not same_fetch(ours, ours.replace('<attribute name="dh_number" />', ""))
    assert not same_fetch(
        ours, ours.replace("</filter>", "</filter><filter><condition attribute='a' operator='null'/></filter>")
    )
    assert not same_fetch(ours, "<fetch")


def test_a_layout_is_the_same_with_another_code_other_widths_and_further_columns():
    ours, theirs = layout_xml(JOB_VIEW, 0), layout_xml(JOB_VIEW, 10_393)
    more = theirs.replace('width="150"', 'width="90"').replace("</row>", '<cell name="new_shoe" width="1"/></row>')

    assert same_layout(ours, more)
    assert not same_layout(ours, theirs.replace("dh_number", "dh_name"))
    assert not same_layout(ours, None)


# Forms that somebody changed


def test_our_tabs_take_the_place_of_the_tab_of_a_new_table_and_others_stay():
    made = with_form(form_of(FRESH_TAB, FOREIGN_TAB), TABS, JOB_FORM.script, "dh_name")
    tabs = [tab.get("name") for tab in read_xml(made).iter("tab")]

    assert tabs == ["general", "administration", "mine"]
    assert holds_form(made, TABS, JOB_FORM.script)


def test_an_empty_tab_of_somebody_stays():
    empty = FOREIGN_TAB.replace("<row>", "<!--").replace("</row>", "-->")

    assert 'name="mine"' in with_form(form_of(empty), TABS, JOB_FORM.script, "dh_name")


def test_writing_a_form_again_changes_nothing():
    once = with_form(form_of(FOREIGN_TAB), TABS, JOB_FORM.script, "dh_name")

    assert with_form(once, TABS, JOB_FORM.script, "dh_name") == once


def test_a_form_is_the_same_as_dataverse_rewrites_it():
    made = with_form(None, TABS, JOB_FORM.script, "dh_name")
    rewritten = made.replace('showlabel="true"', 'locklevel="0" showlabel="true"').replace("><", ">\n  <")
    lowered = rewritten.replace(TABS[0].get("id"), TABS[0].get("id").strip("{}").upper())

    assert holds_form(lowered, TABS, JOB_FORM.script)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('disabled="true"', 'disabled="false"'),
        ('datafieldname="dh_tag"', 'datafieldname="dh_audience"'),
        ('description="Result"', 'description="Outcome"'),
        ('functionName="Spotler.jobForm.onLoad"', 'functionName="nothing"'),
        ('enabled="true"', 'enabled="false"'),
        ('<Library name="dh_/spotler/job_form.js"', '<Library name="other.js"'),
    ],
)
def test_a_changed_form_is_set_right_and_nothing_else_of_it(old, new):
    made = with_form(form_of(FOREIGN_TAB), TABS, JOB_FORM.script, "dh_name")
    assert old in made
    changed = made.replace(old, new)
    again = with_form(changed, TABS, JOB_FORM.script, "dh_name")

    assert not holds_form(changed, TABS, JOB_FORM.script)
    assert holds_form(again, TABS, JOB_FORM.script)
    assert "new_shoe" in again


def test_handlers_of_others_stay():
    theirs = (
        '<events><event name="onload"><Handlers><Handler functionName="Mine.load" libraryName="new_/mine.js" '
        'handlerUniqueId="{33333333-0000-4000-8000-000000000000}" /></Handlers></event></events>'
        '<formLibraries><Library name="new_/mine.js" libraryUniqueId="{44444444-0000-4000-8000-000000000000}" />'
        "</formLibraries>"
    )
    root = read_xml(with_form(form_of(FOREIGN_TAB, more=theirs), TABS, JOB_FORM.script, "dh_name"))
    events = root.findall("events/event[@name='onload']")

    assert [each.get("functionName") for each in events[0].iter("Handler")] == ["Mine.load", "Spotler.jobForm.onLoad"]
    assert [each.get("name") for each in root.iter("Library")] == ["new_/mine.js", "dh_/spotler/job_form.js"]


def test_the_tab_on_a_record_is_one_more_tab_and_can_be_taken_away_again():
    before = form_of(FOREIGN_TAB, FRESH_TAB)
    tab = record_tab_of("lead", DUTCH_AND_ENGLISH)
    made = with_form(before, [tab], None, "")

    assert [each.get("name") for each in read_xml(made).iter("tab")] == ["mine", "mine", "dh_spotler"]
    assert holds_form(made, [tab])
    assert shape(read_xml(without_tab(made, tab))) == shape(read_xml(before))
