"""Views, forms, web resources and buttons: what is refused, what shows when it is published, and what is in use."""

import base64
import io
import zipfile

import pytest

from tests.contract.dataverse_standin.customizing.support import CRM, SOLUTION, column, label, lookup, table_path
from tests.contract.dataverse_standin.support import error_code

JOB = "dh_spotlerjob"
SCRIPT = {
    "name": "dh_/spotler/sync.js", "displayname": "Sync", "webresourcetype": 3,
    "content": base64.b64encode(b"1").decode(),
}  # fmt: skip
UNPUBLISHED = f"{CRM}.RetrieveUnpublishedMultiple()"
TEXT = "{4273EDBD-AC1D-40d3-9FB2-095C621B552D}"
GRID = "{E7A81278-8635-4d9e-8D4D-59480B391C5B}"


def guid(number: int) -> str:
    return f"{{00000000-0000-4000-8000-{number:012d}}}"


def form(*cells: str, tab: str = guid(1), section: str = 'columns="11"', more: str = "") -> str:
    rows = "".join(f'<row><cell id="{guid(10 + place)}">{cell}</cell></row>' for place, cell in enumerate(cells))
    return (
        f'<form><tabs><tab id="{tab}"><columns><column width="100%"><sections><section id="{guid(2)}" {section}>'
        f"<rows>{rows}</rows></section></sections></column></columns></tab></tabs>{more}</form>"
    )


def control(name: str, more: str = "", classid: str = TEXT, inside: str = "") -> str:
    field = "" if inside else f' datafieldname="{name}"'
    return f'<control id="{name}" classid="{classid}"{field} {more}>{inside}</control>'


@pytest.fixture
def job(setup):
    setup.table(column("dh_Tag"))
    return setup


def view(setup, *, columns=("dh_name",), condition="", code=None, **more) -> dict:
    code = code or setup.definition()["ObjectTypeCode"]
    attributes = "".join(f'<attribute name="{name}"/>' for name in columns)
    return {
        "name": "Jobs",
        "returnedtypecode": JOB,
        "querytype": 0,
        "fetchxml": f'<fetch><entity name="{JOB}">{attributes}<filter>{condition}</filter></entity></fetch>',
        "layoutxml": f'<grid name="resultset" object="{code}" jump="dh_name" select="1"><row name="result" '
        f'id="{JOB}id"><cell name="dh_name" width="100"/></row></grid>',
        **more,
    }


def main_form(setup) -> dict:
    return setup.api.rows(f"systemforms?$filter=objecttypecode eq '{JOB}' and type eq 2")[0]


def codes(setup, path: str, *bodies: dict) -> set[str]:
    responses = [setup.post(path, body) for body in bodies]
    assert {each.status_code for each in responses} == {400}, [each.text for each in responses]
    return {error_code(each) for each in responses}


def publish(setup, table: str = JOB) -> None:
    xml = f"<importexportxml><entities><entity>{table}</entity></entities></importexportxml>"
    assert setup.post("PublishXml", {"ParameterXml": xml}).status_code == 204


def test_a_new_table_has_views_of_each_kind_and_three_forms_which_go_with_it(job):
    views = job.api.rows(f"savedqueries?$filter=returnedtypecode eq '{JOB}'")
    forms = job.api.rows(f"systemforms?$filter=objecttypecode eq '{JOB}'")
    deleted = job.api.delete(table_path())

    assert sorted(each["querytype"] for each in views) == [0, 0, 1, 2, 4, 64]
    assert sorted(each["type"] for each in forms) == [2, 6, 11]
    assert deleted.status_code == 204
    assert job.api.rows(f"savedqueries?$filter=returnedtypecode eq '{JOB}'") == []


def test_only_public_views_are_made_and_deleted(job):
    made = job.make("savedqueries", view(job))
    quick = job.api.rows(f"savedqueries?$filter=returnedtypecode eq '{JOB}' and querytype eq 4")[0]

    assert codes(job, "savedqueries", view(job, querytype=4)) == {"0x80040203"}
    assert job.api.delete(f"savedqueries({quick['savedqueryid']})").status_code == 400
    assert job.api.delete(f"savedqueries({made})").status_code == 204


def test_a_view_of_our_table_is_inside_it_and_one_of_a_standard_table_is_a_member(job):
    before = job.members()
    job.make("savedqueries", view(job))
    inside = job.members()
    code = job.definition(table_path("lead"))["ObjectTypeCode"]
    fetch = '<fetch><entity name="lead"><attribute name="lastname"/></entity></fetch>'
    layout = view(job, code=code)["layoutxml"]
    made = job.make("savedqueries", {**view(job), "returnedtypecode": "lead", "fetchxml": fetch, "layoutxml": layout})

    assert inside == before
    assert (26, made) in job.members()


def test_trap_14_the_layout_must_name_the_table_by_its_code(job):
    without = {**view(job), "layoutxml": '<grid name="resultset"><row name="result" id="x"/></grid>'}

    assert codes(job, "savedqueries", view(job, code=1), without) == {"0x80040216"}


def test_the_query_of_a_view_is_read(job):
    unknown = view(job, columns=("dh_nothing",))
    wrong = view(job, condition='<condition attribute="dh_name" operator="nearly" value="1"/>')

    codes(job, "savedqueries", unknown, wrong, {**view(job), "fetchxml": "<fetch>"})


def test_a_new_default_view_takes_the_place_of_the_old_one(job):
    made = job.make("savedqueries", view(job, isdefault=True))
    defaults = job.api.rows(
        f"savedqueries?$filter=returnedtypecode eq '{JOB}' and querytype eq 0 and isdefault eq true"
    )

    assert [each["savedqueryid"] for each in defaults] == [made]
    assert job.api.patch(f"savedqueries({made})", {"statecode": 1, "statuscode": 2}).status_code == 400


@pytest.mark.parametrize(
    "xml",
    [
        form(control("dh_name"), tab="general"),
        form(control("dh_name"), control("dh_name")),
        form(control("dh_name", 'visible="false"')),
        form(control("dh_name"), section='columns="4"'),
        form(control("dh_nothing")),
        form(control("jobs", classid=GRID, inside="<parameters><ViewId/></parameters>")),
        form(control("dh_name"), more='<formLibraries><Library name="dh_/no.js"/></formLibraries>'),
        form(control("dh_name")).replace(guid(2), guid(1)),
        "<form><tabs>",
        "<div/>",
    ],
)
def test_trap_15_what_the_schema_of_forms_refuses(job, xml):
    address = f"systemforms({main_form(job)['formid']})"

    assert job.api.patch(address, {"formxml": xml}).status_code == 400


def test_trap_15_a_sub_grid_of_a_view_that_is_not_there_is_stored(job):
    grid = control(
        "jobs",
        classid=GRID,
        inside=f"<parameters><ViewId>{guid(7)}</ViewId><RelationshipName>no_such</RelationshipName>"
        f"<TargetEntityType>{JOB}</TargetEntityType></parameters>",
    )

    assert job.api.patch(f"systemforms({main_form(job)['formid']})", {"formxml": form(grid)}).status_code == 204


def test_a_quick_create_form_has_one_column_in_a_section(job):
    body = {"name": "Quick", "objecttypecode": JOB, "type": 7, "formxml": form(control("dh_name"))}

    assert codes(job, "systemforms", body, {**body, "type": 10}) == {"0x80040203"}
    assert (
        job.post("systemforms", {**body, "formxml": form(control("dh_name"), section='columns="1"')}).status_code == 204
    )


def test_trap_16_a_plain_read_shows_what_was_published(job):
    found = main_form(job)
    address = f"systemforms({found['formid']})"
    changed = form(control("dh_name"), control("dh_tag"))
    assert job.api.patch(address, {"formxml": changed}).status_code == 204
    condition = f"?$select=formxml&$filter=formid eq {found['formid']}"
    (unpublished,) = job.api.rows(f"systemforms/{UNPUBLISHED}{condition}")
    single = job.api.get(f"{address}/{CRM}.RetrieveUnpublished()").json()["formxml"]
    before = main_form(job)["formxml"]
    publish(job, "lead")
    still = main_form(job)["formxml"]
    publish(job)

    assert (before, still) == (found["formxml"], found["formxml"])
    assert unpublished["formxml"] == single == main_form(job)["formxml"] == changed


def test_trap_16_a_change_on_top_of_an_old_read_loses_the_one_before_it(job):
    address = f"systemforms({main_form(job)['formid']})"
    first = main_form(job)["formxml"].replace("</tabs>", form(control("dh_tag"))[12:-14] + "</tabs>")
    job.api.patch(address, {"formxml": first})
    job.api.patch(address, {"formxml": main_form(job)["formxml"].replace("General", "All")})
    publish(job)

    assert "dh_tag" not in main_form(job)["formxml"]


def test_trap_16_a_web_resource_is_published_by_its_id(setup):
    made = setup.make("webresourceset", SCRIPT)
    setup.api.patch(f"webresourceset({made})", {"content": base64.b64encode(b"2").decode()})
    before = setup.api.rows("webresourceset")[0]["content"]
    xml = f"<importexportxml><webresources><webresource>{{{made}}}</webresource></webresources></importexportxml>"
    setup.post("PublishXml", {"ParameterXml": xml})

    assert [base64.b64decode(each) for each in (before, setup.api.rows("webresourceset")[0]["content"])] == [b"1", b"2"]


def test_trap_16_an_export_has_what_was_published_without_the_code_of_the_table(job):
    job.make("webresourceset", SCRIPT)
    made = job.make("savedqueries", view(job, columns=("dh_name", "dh_tag")))
    job.api.patch(f"systemforms({main_form(job)['formid']})", {"formxml": form(control("dh_tag"))})
    job.api.patch(f"savedqueries({made})", {"fetchxml": view(job)["fetchxml"]})

    def exported() -> str:
        answer = job.post("ExportSolution", {"SolutionName": SOLUTION, "Managed": False}).json()
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(answer["ExportSolutionFile"]))) as file:
            return file.read("customizations.xml").decode()

    before = exported()
    publish(job)
    after = exported()

    assert 'object="' not in before
    assert ('id="dh_tag"' in before, 'attribute name="dh_tag"' in before) == (False, True)
    assert ('id="dh_tag"' in after, 'attribute name="dh_tag"' in after) == (True, False)
    assert "<Name>dh_/spotler/sync.js</Name>" in after


def test_trap_19_names_of_web_resources_and_buttons_have_the_prefix(setup):
    button = {"name": "Sync", "uniquename": "sync", "location": 0}

    codes(setup, "webresourceset", {**SCRIPT, "name": "sync.js"}, {**SCRIPT, "name": "xx_sync.js"})
    assert codes(setup, "appactions", button) == {"0x800608ad"}
    assert setup.post("webresourceset", {**SCRIPT, "content": "%"}).status_code == 400


def test_trap_12_and_22_lookups_of_buttons_have_capitals_and_their_origin_stays(setup):
    contact = setup.definition(table_path("contact"))["MetadataId"]
    body = {
        "name": "Sync", "uniquename": "dh_sync", "location": 0, "context": 1, "contextvalue": "contact",
        "ContextEntity@odata.bind": f"/entities({contact})",
    }  # fmt: skip
    small = {**body, "contextentity@odata.bind": f"/entities({contact})"}
    del small["ContextEntity@odata.bind"]
    made = setup.make("appactions", body)
    answer = setup.api.patch(f"appactions({made})", {"origin": 1})

    assert codes(setup, "appactions", small) == {"0x80048d19"}
    assert answer.status_code == 204
    assert setup.api.rows("appactions")[0]["origin"] == 0
    assert any(object_id == made for _, object_id in setup.members())


def test_trap_25_what_a_form_or_a_button_uses_cannot_be_deleted(job):
    script, shown = job.make("webresourceset", SCRIPT), job.make("savedqueries", view(job))
    relationship = job.make("RelationshipDefinitions", lookup("lead"))
    grid = control(
        "jobs", classid=GRID, inside=f"<parameters><ViewId>{{{shown.upper()}}}</ViewId><RelationshipName>dh_lead_{JOB}"
        f"</RelationshipName><TargetEntityType>{JOB}</TargetEntityType></parameters>",
    )  # fmt: skip
    library = f'<formLibraries><Library name="{SCRIPT["name"]}" libraryUniqueId="{guid(9)}"/></formLibraries>'
    lead_form = job.api.rows("systemforms?$filter=objecttypecode eq 'lead' and type eq 2")[0]["formid"]
    assert job.api.patch(f"systemforms({lead_form})", {"formxml": form(grid, more=library)}).status_code == 204
    needed = [
        f"webresourceset({script})", f"savedqueries({shown})", f"RelationshipDefinitions({relationship})", table_path(),
    ]  # fmt: skip
    (listed,) = job.api.rows(f"RetrieveDependenciesForDelete(ObjectId={script},ComponentType=61)")

    assert {error_code(job.api.delete(path)) for path in needed} == {"0x8004f01f"}
    assert (listed["dependentcomponenttype"], listed["dependentcomponentobjectid"]) == (60, lead_form)


def test_texts_in_other_languages_are_set_and_read_and_shown_when_published(job):
    made = job.make("savedqueries", view(job))
    body = {
        "EntityMoniker": {"@odata.type": f"{CRM}.savedquery", "savedqueryid": made},
        "AttributeName": "name",
        "Labels": label("All jobs", "Alle taken")["LocalizedLabels"],
    }

    def texts(unpublished: str) -> dict:
        moniker = f"{{'@odata.id':'savedqueries({made})'}}"
        call = "RetrieveLocLabels(EntityMoniker=@p1,AttributeName=@p2,IncludeUnpublished=@p3)"
        found = job.api.get(f"{call}?@p1={moniker}&@p2='name'&@p3={unpublished}").json()["Label"]
        return {each["LanguageCode"]: each["Label"] for each in found["LocalizedLabels"]}

    assert job.post("SetLocLabels", body).status_code == 204
    assert (texts("true"), 1043 in texts("false")) == ({1033: "All jobs", 1043: "Alle taken"}, False)
    publish(job)
    assert texts("false") == {1033: "All jobs", 1043: "Alle taken"}
    french = {**body, "Labels": [{"Label": "Tous", "LanguageCode": 1036}]}
    assert codes(job, "SetLocLabels", french, {**body, "AttributeName": "fetchxml"}) == {"0x80040203"}


def test_a_dashboard_has_all_parameters_of_its_grids(setup):
    grid = control("jobs", classid=GRID, inside="<parameters><TargetEntityType>lead</TargetEntityType></parameters>")
    body = {"name": "Spotler", "objecttypecode": "none", "type": 0, "formxml": form(grid)}

    codes(setup, "systemforms", body, {**body, "objecttypecode": "lead"})


def test_the_role_of_the_connector_changes_no_interface(setup):
    assert setup.standin.connector.post("webresourceset", SCRIPT).status_code == 403
