"""Spotler Hub against the stand-in: made, given to its role, set right when somebody changed it, and removed."""

import io
import zipfile

import pytest

from connector.dataverse.schema.resources import BUTTONS
from connector.setup.component import full_name
from connector.setup.errors import ExportFailed, SetupRefused
from connector.setup.interface.buttons import ButtonPart
from connector.setup.interface.views import view_id
from connector.setup.plan import SetupAction
from sandbox.dataverse.installing.app_tables import DEFAULT_ICON
from sandbox.dataverse.installing.tables import BUTTON_RULE_TABLE
from tests import setup_installed
from tests.contract.setup.interface_changes import texts
from tests.setup_hub import HUB, hub_parts
from tests.setup_world import Death, named

CRM = "Microsoft.Dynamics.CRM"
APP, SITE_MAP, CONTENTS = "app Spotler Hub", "site map Spotler Hub", "contents of app Spotler Hub"
ROLE = "role of app Spotler Hub.Spotler User"
PARTS = [APP, SITE_MAP, CONTENTS, ROLE]
HOT = view_id("dh_websitevisitor", "hot")


@pytest.fixture
def base(world):
    """All that the app needs is installed."""
    return world.once(setup_installed.base)


@pytest.fixture
def installed(world):
    return world.once(setup_installed.hub)


def the_app(world) -> dict:
    (app,) = world.calls.rows("appmodules?$select=appmoduleid,appmoduleidunique,uniquename,name,webresourceid")
    return app


def lines(world) -> list[str]:
    (found,) = world.calls.rows("sitemaps?$select=sitemapxml")
    return [part.partition('"')[0] for part in found["sitemapxml"].split('<SubArea Id="')[1:]]


def shown(world) -> set[str]:
    """What the app shows, as it was published."""
    rows = world.calls.rows(f"RetrieveAppComponents(AppModuleId={the_app(world)['appmoduleid']})")
    return {row["objectid"] for row in rows}


def take(world, table: str, column: str, row_id: str) -> None:
    """Somebody takes something out of the app, and publishes that."""
    app_id = the_app(world)["appmoduleid"]
    component = {"@odata.type": f"{CRM}.{table}", column: row_id}
    world.calls.act("RemoveAppComponents", {"AppId": app_id, "Components": [component]})
    publish(world)


def publish(world) -> None:
    xml = f"<importexportxml><appmodules><appmodule>{the_app(world)['appmoduleid']}</appmodule></appmodules>"
    world.calls.act("PublishXml", {"ParameterXml": f"{xml}</importexportxml>"})


def only(plan) -> dict[str, list[str]]:
    return {each.component: [one.property for one in each.differences] for each in plan.writes}


def test_the_app_is_made_last_and_a_second_run_writes_nothing(base):
    plan = base.planned()
    report = base.applied(plan)
    written = len(base.sent)
    base.applied()

    assert list(only(plan)) == PARTS
    assert list(report.done) == PARTS
    assert (len(base.sent), base.planned().refusals) == (written, ())
    app = the_app(base)
    assert (app["name"], app["uniquename"]) == ("Spotler Hub", "dh_SpotlerHub")
    assert {row["name"] for row in base.rows("webresource") if row["webresourceid"] == app["webresourceid"]} == {
        "dh_/spotler/icon.svg"
    }
    assert lines(base) == ["dh_list", "dh_marketinginteraction", "dh_websitevisitor"]
    assert HOT in shown(base)
    roles = base.calls.rows(f"appmodules({app['appmoduleid']})/appmoduleroles_association?$select=name")
    assert [role["name"] for role in roles] == ["Spotler User"]
    validation = base.calls.get(f"ValidateApp(AppModuleId={app['appmoduleid']})")["AppValidationResponse"]
    assert [issue["Message"] for issue in validation["ValidationIssueList"]] == [
        "The table list has no views and forms in the app: all of them show."
    ]


def test_the_description_is_in_both_languages(installed):
    found = texts(installed.calls, "appmodules", the_app(installed)["appmoduleid"], "description")

    assert found == {1033: HUB.description.en, 1043: HUB.description.nl}


def test_the_app_is_in_our_solution_and_in_its_file(installed):
    app = the_app(installed)
    content = installed.exported()
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        solution = file.read("solution.xml").decode()

    assert app["appmoduleid"] in installed.target().members
    assert 'type="80" schemaName="dh_SpotlerHub"' in solution


def test_an_app_of_others_in_our_solution_is_not_passed_on(installed):
    other = {"name": "Other", "uniquename": "Other", "clienttype": 4, "webresourceid": DEFAULT_ICON}
    installed.make("appmodules", other, "SpotlerConnector")

    with pytest.raises(ExportFailed, match="dh_other"):
        installed.exported()


def test_what_somebody_changed_is_set_right_and_what_they_added_stays(installed):
    calls, app = installed.calls, the_app(installed)
    (found,) = calls.rows("sitemaps?$select=sitemapid,sitemapxml")
    xml = found["sitemapxml"].replace('<SubArea Id="dh_list"', '<SubArea Id="new_lists"')
    contact = '<SubArea Id="new_contacts" Entity="contact" />'
    calls.patch(f"sitemaps({found['sitemapid']})", {"sitemapxml": xml.replace("</Group>", f"{contact}</Group>")})
    calls.patch(f"appmodules({app['appmoduleid']})", {"webresourceid": DEFAULT_ICON})
    extra = calls.rows("savedqueries?$filter=returnedtypecode eq 'contact' and querytype eq 0&$select=savedqueryid")
    added = {"@odata.type": f"{CRM}.savedquery", "savedqueryid": extra[0]["savedqueryid"]}
    calls.act("AddAppComponents", {"AppId": app["appmoduleid"], "Components": [added]})
    take(installed, "savedquery", "savedqueryid", HOT)
    (role,) = calls.rows("roles?$filter=name eq 'Spotler User' and _parentroleid_value eq null&$select=roleid")
    calls.delete(f"appmodules({app['appmoduleid']})/appmoduleroles_association({role['roleid']})/$ref")

    plan = installed.planned()
    report = installed.applied()

    assert only(plan) == {
        APP: ["webresourceid"], SITE_MAP: ["sitemapxml"], CONTENTS: ["view dh_websitevisitor.hot"], ROLE: [],
    }  # fmt: skip
    assert {each.action for each in plan.writes} == {SetupAction.DRIFT}
    assert list(report.done) == PARTS
    assert set(lines(installed)) == {
        "dh_list", "dh_marketinginteraction", "dh_websitevisitor", "new_lists", "new_contacts",
    }  # fmt: skip
    assert {HOT, extra[0]["savedqueryid"]} <= shown(installed)
    assert installed.planned().writes == ()


def test_a_site_map_that_somebody_deleted_is_made_again_and_the_app_is_valid(installed):
    (found,) = installed.calls.rows("sitemaps?$select=sitemapid")
    take(installed, "sitemap", "sitemapid", found["sitemapid"])
    installed.calls.delete(f"sitemaps({found['sitemapid']})")

    plan = installed.planned()
    installed.applied()

    assert only(plan) == {SITE_MAP: [], CONTENTS: ["validation"]}
    assert installed.planned().writes == ()
    assert lines(installed) == ["dh_list", "dh_marketinginteraction", "dh_websitevisitor"]


def test_a_dutch_environment_has_the_app_in_dutch(world):
    world.environment.customizing.knobs.languages = [1043]
    world.environment.follow_languages()
    world.parts = hub_parts()
    world.applied()

    (app,) = world.calls.rows("appmodules?$select=description")
    (site_map,) = world.calls.rows("sitemaps?$select=sitemapxml")
    assert app["description"] == HUB.description.nl
    assert ("1033" in site_map["sitemapxml"], 'LCID="1043"' in site_map["sitemapxml"]) == (False, True)
    assert world.planned().writes == ()


def test_what_a_run_that_died_did_not_publish_is_published_by_the_next_one(installed):
    take(installed, "savedquery", "savedqueryid", HOT)

    def die(_number, _method, path):
        if path == "AddAppComponents":
            raise Death

    installed.after = die
    with pytest.raises(Death):
        installed.applied()
    installed.after = lambda *_: None
    before = shown(installed)
    installed.applied()

    assert (HOT in before, HOT in shown(installed)) == (False, True)
    assert installed.planned().writes == ()


def test_an_app_that_was_not_published_is_found_by_its_name_and_not_made_twice(base):
    def die(_number, _method, path):
        if path == "appmodules":
            raise Death

    base.after = die
    with pytest.raises(Death):
        base.applied()
    base.after = lambda *_: None
    invisible = base.calls.rows("appmodules")
    plan = base.planned()
    base.applied()

    assert invisible == []
    assert APP in only(plan)
    assert len(base.rows("appmodule")) == 1
    assert base.planned().writes == ()


def test_an_environment_that_puts_no_prefix_in_front_of_the_name_is_as_good(base):
    base.environment.customizing.knobs.plain_app_names = True
    base.applied()

    assert the_app(base)["uniquename"] == "SpotlerHub"
    assert base.planned().writes == ()


def test_an_environment_that_shows_tables_as_components_is_as_good(base):
    base.environment.customizing.knobs.tables_in_apps = True
    base.applied()

    assert base.planned().writes == ()
    kinds = [row["componenttype"] for row in base.rows("appmodulecomponent")]
    assert kinds.count(1) == len(HUB.entries)


def test_an_app_of_the_same_name_that_is_not_ours_is_not_touched(base):
    base.calls.patch(f"solutions({base.target().solution_id})", {"version": "0.0.0.1"})  # a set-up that has not ended
    base.environment.customizing.knobs.plain_app_names = True
    row = {"name": "Theirs", "uniquename": "SpotlerHub", "clienttype": 4, "webresourceid": DEFAULT_ICON}
    base.make("appmodules", row)

    refusals = base.planned().refusals

    assert [refusal.partition(":")[0] for refusal in refusals] == [APP]


def test_a_line_for_marketing_lists_comes_when_the_environment_gets_them(base):
    base.environment.light = True
    base.parts = [each for each in hub_parts() if "list." not in full_name(each)]
    base.applied()
    light = lines(base)
    base.environment.light = False
    plan = base.planned()
    base.applied()

    assert light == ["dh_marketinginteraction", "dh_websitevisitor"]
    assert only(plan) == {SITE_MAP: ["sitemapxml"]}
    assert lines(base) == ["dh_list", *light]


def test_the_app_is_removed_with_its_settings_and_its_site_map_and_the_rest_stays(installed):
    app_id = the_app(installed)["appmoduleid"]
    bind = {"ParentAppModuleId@odata.bind": f"/appmodules({app_id})"}
    installed.make("appsettings", {"displayname": "Theirs", **bind})

    plan = installed.removal()
    report = installed.removed(plan=plan)
    written = len(installed.sent)
    installed.removed(plan=plan)

    assert (plan.refusals, report.done) == ((), (APP, SITE_MAP, "role Spotler User"))
    for table in ("appmodule", "sitemap", "appmodulecomponent", "appmoduleroles", "appsetting"):
        assert installed.rows(table) == []
    assert len(installed.sent) == written
    assert installed.calls.find("EntityDefinitions(LogicalName='dh_websitevisitor')") is not None


def test_tables_go_after_the_app_that_leads_to_them(world):
    # The form of Website Visitor shows Marketing Interactions, which would keep their table.
    world.parts = [each for each in hub_parts() if full_name(each) != "form dh_websitevisitor"]
    world.applied()
    world.environment.clock.move(60)

    plan = world.removal("table dh_websitevisitor", "table dh_marketinginteraction")
    report = world.removed(plan=plan)

    assert plan.refusals == ()
    assert report.done == (
        APP, SITE_MAP, "role Spotler User", "table dh_marketinginteraction", "table dh_websitevisitor",
    )  # fmt: skip


def test_a_view_that_an_app_of_somebody_else_shows_is_named_and_its_table_stays(installed):
    row = {"name": "Theirs", "uniquename": "Theirs", "clienttype": 4, "webresourceid": DEFAULT_ICON}
    app_id = installed.make("appmodules", row)
    view = {"@odata.type": f"{CRM}.savedquery", "savedqueryid": HOT}
    installed.calls.act("AddAppComponents", {"AppId": app_id, "Components": [view]})
    xml = f"<importexportxml><appmodules><appmodule>{app_id}</appmodule></appmodules></importexportxml>"
    installed.calls.act("PublishXml", {"ParameterXml": xml})

    refusals = installed.removal("table dh_websitevisitor", "table dh_marketinginteraction").refusals

    assert any("app Theirs" in refusal for refusal in refusals)


def test_an_app_that_is_made_again_gets_another_name_where_dataverse_keeps_the_old_one(installed):
    installed.environment.customizing.knobs.app_names_stay = True
    installed.removed()
    installed.applied()

    assert the_app(installed)["uniquename"] == "dh_SpotlerHub2"
    assert [row["sitemapnameunique"] for row in installed.rows("sitemap")] == ["dh_SpotlerHub2"]
    assert installed.planned().writes == ()


def test_where_every_name_is_taken_the_set_up_says_so(base):
    base.environment.installing.apps.taken.update(f"dh_{name}".lower() for name in HUB.candidates)

    with pytest.raises(SetupRefused, match="SpotlerHub, SpotlerHub2"):
        base.applied()


# The rule of buttons above lists


@pytest.fixture
def buttons(world):
    """The buttons of contacts."""
    world.parts = [
        *named("web resource dh_/spotler/commands.js"),
        *(ButtonPart(each) for each in BUTTONS if each.table == "contact"),
    ]
    world.parts.sort(key=lambda each: each.phase)
    return world


def visibility(world) -> dict[int, int]:
    return {row["location"]: row["visibilitytype"] for row in world.rows("appaction")}


def test_a_button_above_a_list_shows_while_rows_are_selected_and_one_on_a_form_always(buttons):
    buttons.applied()
    (pair,) = buttons.rows("appaction_appactionrule_classicrules")
    rules = {row["appactionruleid"]: row["uniquename"] for row in buttons.rows(BUTTON_RULE_TABLE)}
    buttons.sent.clear()
    buttons.applied()

    assert visibility(buttons) == {0: 0, 1: 2}
    assert rules[pair["_appactionruleid_value"]] == "msdyn_Mscrm.SelectionCountAtLeastOne!0"
    assert (buttons.planned().writes, buttons.sent) == ((), [])


def test_a_button_that_was_made_before_gets_its_rule_and_never_waits_for_rules_without_one(buttons):
    seen = []

    def look(_number, method, path):
        if path.startswith("appactions"):
            waits = [row["appactionid"] for row in buttons.rows("appaction") if row["visibilitytype"] == 2]
            pairs = {row["_appactionid_value"] for row in buttons.rows("appaction_appactionrule_classicrules")}
            seen.append((method, set(waits) <= pairs))

    buttons.after = look
    buttons.applied()

    assert [ok for _, ok in seen] == [True] * len(seen)
    assert "PATCH" in {method for method, _ in seen}


def test_where_the_rule_is_missing_a_button_shows_as_before(buttons):
    buttons.environment.store.tables[BUTTON_RULE_TABLE].rows.clear()
    buttons.applied()

    assert visibility(buttons) == {0: 0, 1: 0}
    assert buttons.planned().writes == ()


def test_a_button_is_removed_with_its_rule(buttons):
    buttons.applied()
    buttons.removed()

    assert (buttons.rows("appaction"), buttons.rows("appaction_appactionrule_classicrules")) == ([], [])
    assert len(buttons.rows(BUTTON_RULE_TABLE)) == 2
