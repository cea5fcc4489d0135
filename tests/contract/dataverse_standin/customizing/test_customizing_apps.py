"""Model-driven apps and site maps: what shows when, what is refused, who sees an app, and the rules of buttons."""

import base64
import io
import zipfile

import pytest

from sandbox.dataverse.installing.app_tables import DEFAULT_ICON
from tests.contract.dataverse_standin.customizing.support import CRM, SOLUTION, table_path
from tests.contract.dataverse_standin.support import error_code

JOB = "dh_spotlerjob"
UNPUBLISHED = f"{CRM}.RetrieveUnpublishedMultiple()"
APP = {"name": "Spotler Hub", "uniquename": "SpotlerHub", "clienttype": 4, "webresourceid": DEFAULT_ICON}
TITLES = '<Titles><Title LCID="1033" Title="Spotler"/></Titles>'
LINE = f'<SubArea Id="dh_jobs" Entity="{JOB}"/>'
RULE = "msdyn_Mscrm.SelectionCountAtLeastOne!0"


def site_map(*lines: str, group: str = "dh_work", titles: str = TITLES) -> str:
    return (
        f'<SiteMap><Area Id="dh_area" ShowGroups="true">{titles}<Group Id="{group}">{titles}{"".join(lines or (LINE,))}'
        "</Group></Area></SiteMap>"
    )


def map_row(xml: str | None = None, **more) -> dict:
    row = {"sitemapname": "Hub", "sitemapnameunique": "dh_SpotlerHub", "isappaware": True}
    return {**row, "sitemapxml": xml or site_map(), **more}


def component(table: str, column: str, row_id: str) -> dict:
    return {"@odata.type": f"{CRM}.{table}", column: row_id}


class Hub:
    """An app with a site map, and the calls about them."""

    def __init__(self, setup):
        self.setup, self.api = setup, setup.api
        setup.table()
        self.id = setup.make("appmodules", APP)
        self.map_id = setup.make("sitemaps", map_row())

    def add(self, *components, action="AddAppComponents", app=None):
        return self.setup.post(action, {"AppId": app or self.id, "Components": list(components)})

    def add_map(self):
        return self.add(component("sitemap", "sitemapid", self.map_id))

    def publish(self, kind="appmodule", row_id=None):
        xml = f"<importexportxml><{kind}s><{kind}>{row_id or self.id}</{kind}></{kind}s></importexportxml>"
        return self.setup.post("PublishXml", {"ParameterXml": xml})

    def shown(self) -> set[tuple[int, str]]:
        (app,) = self.api.rows(f"appmodules/{UNPUBLISHED}?$select=appmoduleidunique")
        condition = f"_appmoduleidunique_value eq {app['appmoduleidunique']}"
        rows = self.api.rows(f"appmodulecomponents?$filter={condition}")
        return {(row["componenttype"], row["objectid"]) for row in rows}

    def published(self) -> set[str]:
        return {row["objectid"] for row in self.api.rows(f"RetrieveAppComponents(AppModuleId={self.id})")}

    def validation(self) -> dict:
        return self.api.get(f"ValidateApp(AppModuleId={self.id})").json()["AppValidationResponse"]


@pytest.fixture
def hub(setup):
    return Hub(setup)


def test_trap_17_an_app_that_was_not_published_is_invisible_and_its_name_is_taken(hub):
    unpublished = hub.api.rows(f"appmodules/{UNPUBLISHED}?$select=uniquename")
    again = hub.setup.post("appmodules", APP)

    assert hub.api.get(f"appmodules({hub.id})").status_code == 404
    assert (hub.api.rows("appmodules"), hub.api.rows("sitemaps")) == ([], [])
    assert [row["uniquename"] for row in unpublished] == ["dh_SpotlerHub"]
    assert (again.status_code, again.json()["error"]) == (
        400, {"code": "0x80050135", "message": "-2147155681"},
    )  # fmt: skip
    assert hub.publish().status_code == 204
    assert [row["uniquename"] for row in hub.api.rows("appmodules")] == ["dh_SpotlerHub"]
    assert [row["sitemapid"] for row in hub.api.rows("sitemaps")] == [hub.map_id]


def test_trap_17_the_name_of_an_app_can_stay_taken_when_the_app_is_gone(setup):
    setup.standin.side("customizing", {"app_names_stay": True})
    made = setup.make("appmodules", APP)
    assert setup.api.delete(f"appmodules({made})").status_code == 204

    assert error_code(setup.post("appmodules", APP)) == "0x80050135"
    assert setup.post("appmodules", {**APP, "uniquename": "Other"}).status_code == 204


def test_the_prefix_of_the_publisher_is_put_in_front_of_the_name_which_has_letters_and_digits_only(setup):
    setup.make("appmodules", {**APP, "uniquename": "One"})
    setup.api.create("appmodules", **{**APP, "uniquename": "Two"})
    setup.standin.side("customizing", {"plain_app_names": True})
    setup.make("appmodules", {**APP, "uniquename": "Three"})

    names = {row["uniquename"] for row in setup.api.rows(f"appmodules/{UNPUBLISHED}")}
    assert names == {"dh_One", "new_Two", "Three"}
    assert error_code(setup.post("appmodules", {**APP, "uniquename": "dh_Four"})) == "0x80050135"


@pytest.mark.parametrize(
    "body",
    [
        {**APP, "clienttype": 2},
        {name: value for name, value in APP.items() if name != "webresourceid"},
        {**APP, "webresourceid": "00000000-0000-4000-8000-000000000000"},
        {**APP, "webresourceid@odata.bind": f"/webresourceset({DEFAULT_ICON})"},
    ],
)
def test_an_app_has_an_icon_that_is_there_and_the_client_of_apps(setup, body):
    assert setup.post("appmodules", body).status_code in (400, 404)


def test_an_app_is_not_returned_and_its_unique_name_stays(hub):
    asked = hub.setup.post("appmodules", {**APP, "uniquename": "Two"}, Prefer="return=representation")

    assert asked.status_code == 400
    assert hub.api.patch(f"appmodules({hub.id})", {"uniquename": "Other"}).status_code == 400
    assert hub.api.patch(f"appmodules({hub.id})", {"name": "Hub"}).status_code == 204


@pytest.mark.parametrize(
    "xml",
    [
        site_map("<SubArea Id='dh_x'/>"),
        site_map(f'<SubArea Id="dh_x" Entity="{JOB}" Url="/x"/>'),
        site_map('<SubArea Id="dh_x" Entity="dh_nothing"/>'),
        site_map('<SubArea Id="dh_x" Url="/x"/>'),
        site_map(f'<SubArea Id="dh-x" Entity="{JOB}"/>'),
        site_map(LINE, LINE),
        site_map(f'<SubArea Id="dh_x" Entity="{JOB}" DashboardType="1"/>'),
        site_map(f'<SubArea Id="dh_x" Entity="{JOB}" VectorIcon="$webresource:dh_/no.svg"/>'),
        site_map(f'<SubArea Id="dh_x" Url="/workplace/home_dashboards.aspx">{TITLES}</SubArea>'),
        site_map(
            '<SubArea Id="dh_x" DefaultDashboard="{00000000-0000-4000-8000-000000000001}" '
            f'Url="/workplace/home_dashboards.aspx">{TITLES}</SubArea>'
        ),
        site_map(f'<SubArea Id="dh_x" Entity="{JOB}"><Privilege Entity="{JOB}" Privilege="See"/></SubArea>'),
        site_map(titles='<Titles><Title LCID="1043" Title="Spotler"/></Titles>'),
        site_map(titles=""),
        site_map(f"<Group/>{LINE}"),
        site_map().replace("<SiteMap>", '<SiteMap SiteMapName="x">'),
        "<SiteMap>",
        "<Map/>",
    ],
)
def test_what_the_schema_of_site_maps_refuses_and_what_would_show_broken(setup, xml):
    setup.table()

    assert error_code(setup.post("sitemaps", map_row(xml))) in ("0x80040203", "0x80040217")


@pytest.mark.parametrize(
    "changes", [{"sitemapnameunique": None}, {"sitemapnameunique": "a-b"}, {"sitemapnameunique": "a" * 41},
                {"isappaware": False}],
)  # fmt: skip
def test_a_site_map_is_of_an_app(setup, changes):
    setup.table()

    assert setup.post("sitemaps", map_row(**changes)).status_code == 400


def test_the_name_of_a_site_map_is_there_once_and_stays(hub):
    assert hub.setup.post("sitemaps", map_row()).status_code == 412
    assert hub.api.patch(f"sitemaps({hub.map_id})", {"sitemapnameunique": "other"}).status_code == 400
    assert hub.api.patch(f"sitemaps({hub.map_id})", {"sitemapxml": "<SiteMap/>"}).status_code == 204


def test_trap_16_a_site_map_is_published_with_its_app_and_never_by_itself(hub):
    hub.publish()
    changed = site_map(LINE.replace("dh_jobs", "dh_all"))
    hub.api.patch(f"sitemaps({hub.map_id})", {"sitemapxml": changed})
    alone = hub.publish("sitemap", hub.map_id)
    before = hub.api.rows("sitemaps")[0]["sitemapxml"]
    hub.publish()

    assert alone.status_code == 400
    assert (before, hub.api.rows("sitemaps")[0]["sitemapxml"]) == (site_map(), changed)


def test_an_app_without_a_site_map_is_not_valid(hub):
    (issue,) = hub.validation()["ValidationIssueList"]
    hub.add_map()
    valid = hub.validation()

    assert (issue["ErrorType"], issue["CRMErrorCode"]) == ("Error", -2147155684)
    assert valid["ValidationSuccess"] is True
    assert [each["ErrorType"] for each in valid["ValidationIssueList"]] == ["Warning"]  # the table has no views in it


def test_what_an_app_shows_is_there_at_once_and_is_published_with_it(hub):
    view = hub.api.rows(f"savedqueries?$filter=returnedtypecode eq '{JOB}' and isdefault eq true and querytype eq 0")
    view_id = view[0]["savedqueryid"]
    never = hub.api.get(f"RetrieveAppComponents(AppModuleId={hub.id})")
    hub.add_map()
    hub.publish()
    hub.add(component("savedquery", "savedqueryid", view_id))
    before = hub.published()
    hub.publish()

    assert never.status_code == 404
    assert hub.shown() == {(62, hub.map_id), (26, view_id)}
    assert (before, hub.published()) == ({hub.map_id}, {hub.map_id, view_id})
    assert hub.api.rows(f"appmodulecomponents?$filter=_appmoduleidunique_value eq {hub.id}") == []  # the wrong id
    assert hub.validation()["ValidationIssueList"] == []
    hub.add(component("savedquery", "savedqueryid", view_id), action="RemoveAppComponents")
    assert hub.shown() == {(62, hub.map_id)}


def test_trap_18_components_are_added_all_or_none(hub):
    good = component("sitemap", "sitemapid", hub.map_id)
    icon = component("webresource", "webresourceid", hub.map_id)
    missing = component("savedquery", "savedqueryid", hub.map_id)
    definition = hub.setup.definition()
    wrong_key = component("entity", "metadataid", definition["MetadataId"])
    answers = [hub.add(good, wrong) for wrong in (icon, missing, wrong_key, component("contact", "contactid", hub.id))]

    assert [answer.status_code for answer in answers] == [400, 404, 400, 400]
    assert error_code(answers[0]) == "0x80050112"
    assert hub.shown() == set()
    assert hub.add(good, app="00000000-0000-4000-8000-000000000000").status_code == 404
    assert hub.setup.post("AddAppComponents", {"AppId": hub.id}).status_code == 400


def test_trap_18_a_role_is_passed_over_and_a_table_too_unless_the_environment_takes_it(hub):
    role = hub.api.rows("roles?$select=roleid")[0]["roleid"]
    table = component("entity", "entityid", hub.setup.definition()["MetadataId"])
    first = hub.add(component("role", "roleid", role), table)
    passed_over = hub.shown()
    hub.setup.standin.side("customizing", {"tables_in_apps": True})
    hub.add(table, table)

    assert (first.status_code, passed_over) == (204, set())
    assert hub.shown() == {(1, table["entityid"])}


def test_components_are_written_by_the_actions_only(hub):
    hub.add_map()
    row = hub.api.rows("appmodulecomponents")[0]["appmodulecomponentid"]

    assert hub.api.post("appmodulecomponents", {"componenttype": 26, "objectid": hub.id}).status_code == 400
    assert hub.api.patch(f"appmodulecomponents({row})", {"componenttype": 26}).status_code == 400
    assert hub.api.delete(f"appmodulecomponents({row})").status_code == 400


def test_trap_25_what_an_app_shows_cannot_be_deleted_and_an_app_with_settings_stays(hub):
    view_id = hub.setup.make("savedqueries", view_of(hub.setup))
    hub.add(component("savedquery", "savedqueryid", view_id), component("sitemap", "sitemapid", hub.map_id))
    paths = (f"savedqueries({view_id})", f"sitemaps({hub.map_id})", table_path())
    needed = {error_code(hub.api.delete(path)) for path in paths}
    (listed,) = hub.api.rows(f"RetrieveDependenciesForDelete(ObjectId={view_id},ComponentType=26)")
    setting = hub.api.create(
        "appsettings", displayname="x", **{"ParentAppModuleId@odata.bind": f"/appmodules({hub.id})"}
    )
    kept = hub.api.delete(f"appmodules({hub.id})")
    hub.api.delete(f"appsettings({setting})")

    assert needed == {"0x8004f01f"}
    assert (listed["dependentcomponenttype"], listed["dependentcomponentobjectid"]) == (80, hub.id)
    assert error_code(kept) == "0x80048d21"
    deleted = [hub.api.delete(path).status_code for path in (f"appmodules({hub.id})", *reversed(paths))]
    assert deleted == [204, 400, 204, 204]  # the site map leads to the table
    assert (hub.api.rows("appmodulecomponents"), hub.api.delete(table_path()).status_code) == ([], 204)


def view_of(setup) -> dict:
    code = setup.definition()["ObjectTypeCode"]
    return {
        "name": "Jobs",
        "returnedtypecode": JOB,
        "querytype": 0,
        "fetchxml": f'<fetch><entity name="{JOB}"><attribute name="dh_name"/></entity></fetch>',
        "layoutxml": f'<grid name="resultset" object="{code}"><row name="result" id="{JOB}id"/></grid>',
    }


def test_an_app_and_its_site_map_are_members_and_in_the_file_by_their_unique_name(hub):
    hub.add_map()
    hub.publish()
    answer = hub.setup.post("ExportSolution", {"SolutionName": SOLUTION, "Managed": False}).json()
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(answer["ExportSolutionFile"]))) as file:
        solution, rest = file.read("solution.xml").decode(), file.read("customizations.xml").decode()

    assert hub.setup.members() >= {(80, hub.id), (62, hub.map_id)}
    assert '<RootComponent type="80" schemaName="dh_SpotlerHub"' in solution
    assert '<RootComponent type="62" schemaName="dh_SpotlerHub"' in solution
    assert "<AppModule><UniqueName>dh_SpotlerHub</UniqueName>" in rest
    assert site_map() in rest


# Who sees an app


@pytest.fixture
def people(hub):
    """Two roles that may read apps, and the connector's application as a person with none of them."""
    hub.setup.standin.side("customizing", {"privilege_lag": 0})
    api = hub.api
    (unit,) = api.rows("businessunits?$select=businessunitid&$filter=_parentbusinessunitid_value eq null")
    bind = {"businessunitid@odata.bind": f"/businessunits({unit['businessunitid']})"}
    (read,) = api.rows("privileges?$select=privilegeid&$filter=name eq 'prvReadappmodule'")
    roles = [api.create("roles", name=name, **bind) for name in ("Seller", "Spotler")]
    for role in roles:
        item = {"PrivilegeId": read["privilegeid"], "Depth": "Global"}
        api.post(f"roles({role})/{CRM}.AddPrivilegesRole", {"Privileges": [item]})
    body = {"applicationid": hub.setup.standin.ready.client_id, "firstname": "A", "lastname": "B"}
    user = api.create("systemusers", **body, **bind)

    def give(role):
        address = f"systemusers({user})/systemuserroles_association/$ref"
        return api.post(address, {"@odata.id": f"{api.root}/roles({role})"})

    return *roles, give


def test_who_has_none_of_the_roles_of_an_app_does_not_see_it(hub, people):
    seller, spotler, give = people
    hub.publish()
    person, path = hub.setup.standin.connector, f"appmodules({hub.id})/appmoduleroles_association"
    nobody = person.get("appmodules").status_code
    give(seller)
    before = person.rows("appmodules")
    assert hub.api.post(f"{path}/$ref", {"@odata.id": f"{hub.api.root}/roles({spotler})"}).status_code == 204
    still = person.rows("appmodules")
    give(spotler)

    assert (nobody, before, still) == (403, [], [])
    assert [row["name"] for row in person.rows("appmodules")] == ["Spotler Hub"]
    assert person.get(f"appmodules({hub.id})").status_code == 200
    assert [row["roleid"] for row in hub.api.rows(f"{path}?$select=roleid")] == [spotler]
    assert [row["name"] for row in hub.api.rows("appmodules")] == ["Spotler Hub"]  # whoever makes apps sees all
    assert hub.add_map().status_code == 204
    assert person.post("AddAppComponents", {"AppId": hub.id, "Components": []}).status_code == 403


def test_an_app_that_was_not_published_cannot_be_given_to_a_role(hub, people):
    _, spotler, _ = people
    path = f"appmodules({hub.id})/appmoduleroles_association"

    assert hub.api.post(f"{path}/$ref", {"@odata.id": f"{hub.api.root}/roles({spotler})"}).status_code == 404
    assert hub.api.get(path).status_code == 404


# Rules of buttons


def test_rules_of_buttons_are_microsofts_and_a_button_with_rules_is_not_deleted(setup):
    contact = setup.definition(table_path("contact"))["MetadataId"]
    bind = {"ContextEntity@odata.bind": f"/entities({contact})"}
    button = setup.make(
        "appactions", {"name": "x", "uniquename": "dh_x", "location": 1, "visibilitytype": 2, "context": 1,
                       "contextvalue": "contact", **bind},
    )  # fmt: skip
    (rule,) = setup.api.rows(f"appactionrules?$filter=uniquename eq '{RULE}'")
    path = f"appactions({button})/appaction_appactionrule_classicrules"
    address = {"@odata.id": f"{setup.api.root}/appactionrules({rule['appactionruleid']})"}
    paired = setup.api.post(f"{path}/$ref", address)
    shown = [row["uniquename"] for row in setup.api.rows(path)]
    kept = setup.api.delete(f"appactions({button})").status_code
    setup.api.delete(f"{path}({rule['appactionruleid']})/$ref")

    assert (paired.status_code, shown, kept) == (204, [RULE], 400)
    assert setup.api.delete(f"appactions({button})").status_code == 204
    own = setup.post("appactionrules", {"name": "x", "uniquename": "dh_x", "type": 0})
    assert error_code(own) == "0x80040265"
