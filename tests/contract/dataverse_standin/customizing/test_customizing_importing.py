"""Import of a solution: what it switches off, what it loses, what it brings back, and what cannot be imported."""

import base64
import io
import zipfile

import pytest

from tests.contract.dataverse_standin.customizing.support import SOLUTION, Setup, column, table_path
from tests.contract.dataverse_standin.support import error_code

OFF = {"statecode": 1, "statuscode": 2}
WANTED = {"OverwriteUnmanagedCustomizations": True, "PublishWorkflows": False}
ENDPOINT = {
    "name": "Tester", "contract": 6, "authtype": 2, "saskeyname": "send", "saskey": "a" * 44, "path": "jobs",
    "namespaceaddress": "sb://localhost/", "namespaceformat": 2, "solutionnamespace": "localhost", "messageformat": 2,
    "messagecharset": 1, "connectionmode": 1, "userclaim": 1,
}  # fmt: skip


@pytest.fixture
def installed(setup) -> Setup:
    """A table with a view that is off, an endpoint with a key, and a step that is on."""
    setup.table(column("dh_Tag"))
    api = setup.api
    (view,) = api.rows("savedqueries?$select=savedqueryid&$filter=returnedtypecode eq 'dh_spotlerjob' and "
                       "querytype eq 0 and isdefault eq false")  # fmt: skip
    api.patch(f"savedqueries({view['savedqueryid']})", OFF)
    api.post("PublishXml", {"ParameterXml": "<importexportxml><entities><entity>dh_spotlerjob</entity></entities>"
                                            "</importexportxml>"})  # fmt: skip
    endpoint = setup.make("serviceendpoints", ENDPOINT)
    message = api.rows("sdkmessages?$select=sdkmessageid&$filter=name eq 'Create'")[0]["sdkmessageid"]
    table_filter = api.rows(
        f"sdkmessagefilters?$select=sdkmessagefilterid&$filter=_sdkmessageid_value eq {message} and "
        "primaryobjecttypecode eq 'dh_spotlerjob'"
    )[0]["sdkmessagefilterid"]
    setup.make(
        "sdkmessageprocessingsteps",
        {
            "name": "Tester: Create", "stage": 40, "mode": 1, "rank": 1, "supporteddeployment": 0,
            "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
            "sdkmessageid@odata.bind": f"/sdkmessages({message})",
            "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({table_filter})",
        },
    )  # fmt: skip
    return setup


def exported(setup: Setup, *, managed: bool = False) -> str:
    answer = setup.api.post("ExportSolution", {"SolutionName": SOLUTION, "Managed": managed})
    return answer.json()["ExportSolutionFile"]


def states(setup: Setup) -> dict[str, object]:
    """Whether the step is on, whether the endpoint has a key, and how many views of the table are off."""
    views = setup.api.rows("savedqueries?$select=statecode&$filter=returnedtypecode eq 'dh_spotlerjob'")
    return {
        "step": setup.api.rows("sdkmessageprocessingsteps?$select=statecode")[0]["statecode"] == 0,
        "key": setup.api.rows("serviceendpoints?$select=issaskeyset")[0]["issaskeyset"],
        "views off": len([each for each in views if each["statecode"] == 1]),
    }


@pytest.mark.parametrize("activates", [False, True])
def test_trap_24_an_import_leaves_steps_off_no_key_and_active_views(installed, activates):
    before = states(installed)
    body = {**WANTED, "PublishWorkflows": activates, "CustomizationFile": exported(installed)}
    done = installed.api.post("ImportSolution", body)

    assert before == {"step": True, "key": True, "views off": 1}
    assert done.status_code == 204, done.text
    assert states(installed) == {"step": activates, "key": False, "views off": 0}


def test_trap_24_an_import_in_the_background_locks_customisations_until_it_has_ended(installed):
    installed.standin.side("customizing", {"import_seconds": 60})
    begun = installed.api.post("ImportSolutionAsync", {**WANTED, "CustomizationFile": exported(installed)}).json()
    job = f"asyncoperations({begun['AsyncOperationId']})?$select=statecode,statuscode"
    meanwhile = installed.post(f"{table_path()}/Attributes", column("dh_New"))
    running, still = installed.api.get(job).json()["statecode"], states(installed)
    installed.move(61)

    assert (meanwhile.status_code, error_code(meanwhile)) == (429, "0x80071151")
    assert (running, still["step"]) == (0, True)
    assert installed.api.get(job).json()["statuscode"] == 30
    assert states(installed) == {"step": False, "key": False, "views off": 0}
    assert installed.post(f"{table_path()}/Attributes", column("dh_New")).status_code == 204


def changed(file: str, old: str, new: str) -> str:
    """The file with other words in its manifest."""
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(file))) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert old in files["solution.xml"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content.replace(old, new) if name == "solution.xml" else content)
    return base64.b64encode(buffer.getvalue()).decode()


def test_the_solution_has_the_version_of_the_file_afterwards(installed):
    newer = changed(exported(installed), "<Version>1.0.0.0<", "<Version>1.1.0.0<")
    installed.api.post("ImportSolution", {**WANTED, "CustomizationFile": newer})

    (row,) = installed.api.rows(f"solutions?$select=version&$filter=uniquename eq '{SOLUTION}'")
    assert row["version"] == "1.1.0.0"


def test_what_cannot_be_imported_is_refused_and_changes_nothing(installed):
    file, before = exported(installed), states(installed)
    bodies = {
        "no file": WANTED,
        "no zip": {**WANTED, "CustomizationFile": base64.b64encode(b"no zip").decode()},
        "no Base64": {**WANTED, "CustomizationFile": "*"},
        "managed": {**WANTED, "CustomizationFile": exported(installed, managed=True)},
        "of another solution": {
            **WANTED,
            "CustomizationFile": changed(file, f"<UniqueName>{SOLUTION}<", "<UniqueName>x<"),
        },
        "a component that is not there": {
            **WANTED,
            "CustomizationFile": changed(
                file, "<RootComponents>", '<RootComponents><RootComponent type="92" id="{1}" behavior="0" />'
            ),
        },
        "an unknown parameter": {**WANTED, "CustomizationFile": file, "Colour": 1},
    }
    refused = {why: installed.api.post("ImportSolution", body).status_code for why, body in bodies.items()}

    assert {why for why, status in refused.items() if status not in (400, 404)} == set()
    assert states(installed) == before
