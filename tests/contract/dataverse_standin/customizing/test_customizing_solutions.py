import base64
import io
import zipfile

from tests.contract.dataverse_standin.customizing.support import CRM, SOLUTION, choice, column, table, table_path
from tests.contract.dataverse_standin.support import error_code

EXPORT = {"SolutionName": SOLUTION, "Managed": True}


def files(content: str) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(content))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_component_is_added_and_removed_and_adding_twice_is_harmless(setup):
    setup.api.post("EntityDefinitions", table())
    table_id = setup.definition()["MetadataId"]
    body = {"ComponentId": table_id, "ComponentType": 1, "SolutionUniqueName": SOLUTION, "AddRequiredComponents": False}
    first, again = setup.api.post("AddSolutionComponent", body), setup.api.post("AddSolutionComponent", body)
    added = setup.members()
    named = {"@odata.type": f"{CRM}.solutioncomponent", "solutioncomponentid": table_id}
    gone = setup.api.post(
        "RemoveSolutionComponent", {"SolutionComponent": named, "ComponentType": 1, "SolutionUniqueName": SOLUTION}
    )

    assert (first.status_code, again.status_code, gone.status_code) == (200, 200, 200)
    assert first.json()["id"] == again.json()["id"]
    assert (added, setup.members()) == ({(1, table_id)}, set())


def test_a_row_that_is_a_component_joins_by_the_header(setup):
    body = {"schemaname": "dh_variable", "displayname": "x", "type": 100000000}
    inside = setup.post("environmentvariabledefinitions", body)
    outside = setup.api.create("environmentvariabledefinitions", **{**body, "schemaname": "dh_other"})

    assert inside.status_code == 204, inside.text
    assert [kind for kind, _ in setup.members()] == [380]
    assert (380, outside) in setup.members("Default")


def test_an_export_has_the_components_and_no_others(setup):
    setup.table(column("dh_Tag"))
    setup.make("GlobalOptionSetDefinitions", choice())
    setup.api.post("EntityDefinitions", table("dh_Foreign"))
    answer = setup.api.post("ExportSolution", EXPORT)
    found = files(answer.json()["ExportSolutionFile"])

    assert set(found) == {"[Content_Types].xml", "solution.xml", "customizations.xml"}
    assert "<Managed>1</Managed>" in found["solution.xml"]
    assert 'schemaName="dh_spotlerjob"' in found["solution.xml"]
    assert 'PhysicalName="dh_Tag"' in found["customizations.xml"]
    assert "dh_Foreign" not in "".join(found.values())
    refused = setup.api.post("ExportSolution", {**EXPORT, "SolutionName": "Nosuch"})
    assert (refused.status_code, error_code(refused)) == (404, "0x80040217")


def test_an_asynchronous_export_is_a_system_job(setup):
    setup.table()
    setup.standin.side("customizing", {"export_seconds": 20})
    begun = setup.api.post("ExportSolutionAsync", EXPORT).json()
    job = f"asyncoperations({begun['AsyncOperationId']})?$select=statecode,statuscode"
    early = setup.api.post("DownloadSolutionExportData", {"ExportJobId": begun["ExportJobId"]})
    waiting = setup.api.get(job).json()["statuscode"]
    setup.move(21)
    done = setup.api.get(job).json()
    late = setup.api.post("DownloadSolutionExportData", {"ExportJobId": begun["ExportJobId"]})

    assert (early.status_code, waiting) == (404, 0)
    assert (done["statecode"], done["statuscode"]) == (3, 30)
    assert "solution.xml" in files(late.json()["ExportSolutionFile"])


def test_what_is_published_must_be_there(setup):
    xml = "<importexportxml><entities><entity>dh_nosuch</entity></entities></importexportxml>"

    assert setup.api.post("PublishXml", {"ParameterXml": xml}).status_code == 400
    assert setup.api.post("PublishXml", {"ParameterXml": "<x"}).status_code == 400
    assert setup.api.request("POST", "PublishAllXml").status_code == 204


def test_a_column_is_changed_as_a_whole_and_deleted(setup):
    setup.table(column("dh_Tag"))
    setup.api.create("dh_spotlerjobs", dh_tag="a")
    path = f"{table_path()}/Attributes(LogicalName='dh_tag')"
    body = setup.definition(f"{path}/{CRM}.StringAttributeMetadata")
    del body["@odata.context"]
    changed = setup.put(path, {**body, "MaxLength": 300}, **{"MSCRM.MergeLabels": "true"})

    assert changed.status_code == 204, changed.text
    assert setup.definition(f"{path}/{CRM}.StringAttributeMetadata") == {
        **setup.definition(f"{path}/{CRM}.StringAttributeMetadata"),
        **body,
        "MaxLength": 300,
    }
    assert setup.api.post("dh_spotlerjobs", {"dh_tag": "x" * 300}).status_code == 204
    assert setup.api.delete(path).status_code == 204
    assert "dh_tag" not in setup.api.rows("dh_spotlerjobs")[0]


def test_the_behaviour_of_a_date_changes_once(setup):
    setup.table(column("dh_When", "DateTime", Format="DateOnly", DateTimeBehavior={"Value": "UserLocal"}))
    path = f"{table_path()}/Attributes(LogicalName='dh_when')"

    def change(behavior: str) -> int:
        return setup.put(path, column("dh_When", "DateTime", DateTimeBehavior={"Value": behavior})).status_code

    assert change("DateOnly") == 204
    assert change("UserLocal") == 400
    wrong = column("dh_X", "DateTime", Format="DateAndTime", DateTimeBehavior={"Value": "DateOnly"})
    assert setup.post(f"{table_path()}/Attributes", wrong).status_code == 400
