"""The app Spotler Hub: its site map as XML, what counts as a difference, and the order in which it is removed."""

from dataclasses import replace
from pathlib import Path

import pytest

from connector.dataverse.names import MarketingList
from connector.dataverse.schema import TABLES
from connector.dataverse.schema.app import SPOTLER_HUB
from connector.dataverse.schema.forms import DASHBOARDS
from connector.dataverse.schema.installation import OWN_TABLES
from connector.dataverse.schema.labels import Text
from connector.setup.component import Publication, full_name, in_order_of_removal
from connector.setup.components import components
from connector.setup.errors import SetupIncomplete
from connector.setup.inputs import EndpointInputs, SetupInputs
from connector.setup.interface.app import AppPart, SiteMapPart
from connector.setup.interface.app_contents import AppContentsPart, AppRolePart
from connector.setup.interface.site_map_xml import merged_site_map, same_site_map, site_map_xml
from connector.setup.interface.xml_compare import read_xml
from connector.setup.labels import Languages
from connector.setup.publishing import parameter_xml
from tests.unit.setup.recorded import DUTCH_AND_ENGLISH, target

SCHEMAS = Path(__file__).parents[4] / "shared" / "dataverse-schemas"
OURS = site_map_xml(SPOTLER_HUB, DUTCH_AND_ENGLISH)
FOREIGN_LINE = '<SubArea Id="new_shoes" Entity="new_shoe" />'
FOREIGN_GROUP = f'<Group Id="new_group">{FOREIGN_LINE.replace("new_shoes", "new_more")}</Group>'
FOREIGN_AREA = f'<Area Id="new_area">{FOREIGN_GROUP.replace("new_more", "new_most")}</Area>'
APP_ID = "44444444-0000-4000-8000-000000000000"
APP_ROWS = "appmodules/Microsoft.Dynamics.CRM.RetrieveUnpublishedMultiple()"


def theirs(xml: str = OURS) -> str:
    """Our site map with a line, a group and an area of a customer."""
    first = xml.replace("</Group>", f"{FOREIGN_LINE}</Group>", 1)
    return first.replace("</Area>", f"{FOREIGN_GROUP}</Area>").replace("</SiteMap>", f"{FOREIGN_AREA}</SiteMap>")


def ids(xml: str, tag: str = "SubArea") -> list[str]:
    return [each.get("Id") for each in read_xml(xml).iter(tag)]


# Against Microsoft's schema


@pytest.fixture(scope="module")
def schema():
    if not SCHEMAS.is_dir():
        pytest.skip("Microsoft's schemas are not part of the repository, and are not at hand here")
    import xmlschema

    return xmlschema.XMLSchema(str(SCHEMAS / "SiteMap.xsd"))


@pytest.mark.parametrize("xml", [OURS, merged_site_map(OURS, theirs())], ids=["ours", "with additions"])
def test_the_site_map_is_valid(schema, xml):
    assert [each.reason for each in schema.iter_errors(xml)] == []


def test_the_schema_finds_what_is_wrong(schema):
    for wrong in (
        OURS.replace('Id="dh_variables"', ""),
        OURS.replace('Privilege="Write"', 'Privilege="See"'),
        OURS.replace("<SiteMap ", '<SiteMap SiteMapName="x" '),
        OURS.replace('LCID="1033"', 'LCID="English"'),
    ):
        assert wrong != OURS
        assert list(schema.iter_errors(wrong)) != []


# The manifest


def test_every_table_of_ours_has_a_line_and_every_line_leads_to_something_that_is_there():
    entries = SPOTLER_HUB.entries

    assert {table.name for table in OWN_TABLES} <= {entry.table for entry in entries}
    assert {entry.table for entry in entries} - {""} <= TABLES.keys()
    assert {entry.dashboard for entry in entries} - {""} == {each.name for each in DASHBOARDS}
    assert all((bool(each.table) + bool(each.dashboard) + bool(each.address)) == 1 for each in entries)
    assert len({entry.name for entry in entries}) == len(entries)


def test_titles_are_in_both_languages_and_a_line_of_a_table_has_the_name_of_the_table():
    root = read_xml(OURS)
    titled = [*root.iter("Area"), *root.iter("Group"), *(each for each in root.iter("SubArea") if each.get("Url"))]

    assert all([title.get("LCID") for title in each.find("Titles")] == ["1033", "1043"] for each in titled)
    assert all(each.find("Titles") is None for each in root.iter("SubArea") if each.get("Entity"))
    french = site_map_xml(SPOTLER_HUB, Languages(1036, frozenset({1036})))
    assert {each.get("LCID") for each in read_xml(french).iter("Title")} == {"1036"}


def test_without_marketing_lists_there_is_no_line_for_them_and_an_empty_group_is_left_out():
    light = str(SiteMapPart(SPOTLER_HUB).values(target(has_lists=False))["sitemapxml"])
    usual = str(SiteMapPart(SPOTLER_HUB).values(target())["sitemapxml"])
    none = site_map_xml(SPOTLER_HUB, DUTCH_AND_ENGLISH, {"contact", "lead", "account", MarketingList.TABLE})

    assert set(ids(usual)) - set(ids(light)) == {"dh_list"}
    assert set(ids(OURS, "Group")) - set(ids(none, "Group")) == {"dh_records"}


def test_who_may_not_change_environment_variables_does_not_see_their_line():
    (privilege,) = read_xml(OURS).iter("Privilege")

    assert privilege.attrib == {"Entity": "environmentvariabledefinition", "Privilege": "Write"}


# A site map that somebody changed


def test_what_customers_added_is_no_difference_and_stays_where_ours_is_written_anew():
    changed = theirs().replace("Omgevingsvariabelen", "Iets anders").replace('Id="dh_dashboard"', 'Id="dh_gone"')
    merged = merged_site_map(OURS, changed)

    assert same_site_map(OURS, theirs())
    assert not same_site_map(OURS, changed)
    assert same_site_map(OURS, merged)
    assert set(ids(merged)) - set(ids(OURS)) == {"new_shoes", "new_more", "new_most"}
    assert merged_site_map(OURS, merged) == merged


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('Entity="dh_spotlerjob"', 'Entity="account"'),
        ('Title="Overzicht"', 'Title="Anders"'),
        ('Privilege="Write"', 'Privilege="Read"'),
        ('<SubArea Id="dh_contact"', '<SubArea Id="new_contact"'),
        ("/workplace/home_dashboards.aspx", "/other"),
    ],
)
def test_what_somebody_changed_of_ours_is_a_difference(old, new):
    assert old in OURS
    assert not same_site_map(OURS, OURS.replace(old, new))


def test_a_site_map_is_the_same_as_dataverse_rewrites_it():
    rewritten = OURS.replace(' IntroducedVersion="7.0.0.0"', ' IsProfile="false"').replace("><", ">\n  <")

    assert same_site_map(OURS, rewritten.replace("{", "").replace("}", ""))
    assert merged_site_map(OURS, "<SiteMap") == OURS


# Publishing, membership and removal


def test_an_app_is_published_without_braces_and_its_site_map_with_it():
    found = {"sitemapid": "1", "(app)": APP_ID}

    assert SiteMapPart(SPOTLER_HUB).publications(found) == (Publication("appmodule", APP_ID),)
    assert SiteMapPart(SPOTLER_HUB).publications({"sitemapid": "1"}) == ()
    assert parameter_xml([Publication("appmodule", APP_ID), Publication("webresource", APP_ID)]) == (
        f"<importexportxml><appmodules><appmodule>{APP_ID}</appmodule></appmodules><webresources><webresource>"
        f"{{{APP_ID}}}</webresource></webresources></importexportxml>"
    )


def test_an_app_goes_after_steps_and_endpoint_and_before_what_it_shows_and_its_site_map_after_it():
    parts = components(inputs=SetupInputs(endpoint=EndpointInputs("sb://localhost:1/")))
    order = [full_name(each) for each in in_order_of_removal(parts)]
    app = order.index("app Spotler Hub")

    assert sorted(order) == sorted(map(full_name, parts))
    assert order[app + 1] == "site map Spotler Hub"
    assert order.index("service endpoint SpotlerAutomate") < app < order.index("role Spotler User")
    assert app < order.index("dashboard overview") < order.index("table dh_spotlerjob")
    assert [name for name in order if name.startswith("table")] == [
        full_name(each) for each in reversed(parts) if each.kind == "table"
    ]


def test_what_hangs_on_the_app_is_part_of_it_and_in_no_solution_by_itself():
    for part in (AppContentsPart(SPOTLER_HUB), AppRolePart(SPOTLER_HUB, "Spotler User")):
        assert (part.part_of, part.component_type) == ("app Spotler Hub", None)
    assert (AppPart(SPOTLER_HUB).component_type, SiteMapPart(SPOTLER_HUB).component_type) == (80, 62)


def test_the_texts_of_the_app_are_a_name_and_a_description():
    texts = AppPart(replace(SPOTLER_HUB, name="Hub", description=Text("a", "b"))).texts

    assert texts == {"name": Text("Hub", "Hub"), "description": Text("a", "b")}


def test_without_the_app_nothing_that_hangs_on_it_is_there_or_can_be_made():
    empty = target({APP_ROWS: []})
    parts = [AppContentsPart(SPOTLER_HUB), AppRolePart(SPOTLER_HUB, "Spotler User")]

    assert [part.read(empty) for part in parts] == [None, None]
    for part in (*parts, SiteMapPart(SPOTLER_HUB)):
        with pytest.raises(SetupIncomplete, match="not there"):
            part.create(empty)


def test_an_app_that_dataverse_does_not_accept_ends_the_set_up_with_its_reason():
    issues = [
        {"ErrorType": "Warning", "Message": "All views show."},
        {"ErrorType": "Error", "Message": "App does not contain a site map."},
    ]
    place = target({f"ValidateApp(AppModuleId={APP_ID})": {"AppValidationResponse": {"ValidationIssueList": issues}}})
    part, found = AppContentsPart(replace(SPOTLER_HUB, groups=())), {"appmoduleid": APP_ID}

    (difference,) = part.compare(found, place)
    assert (difference.property, difference.found) == ("validation", "App does not contain a site map.")
    with pytest.raises(SetupIncomplete, match="does not contain a site map"):
        part.change(found, [difference], place)
    assert place.calls.sent == []
