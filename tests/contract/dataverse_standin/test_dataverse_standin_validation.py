from uuid import uuid4

import pytest

from tests.contract.dataverse_standin.support import error_code

BAD_PAYLOAD = "0x80048d19"


@pytest.mark.parametrize(
    ("entity_set", "body", "status", "code"),
    [
        pytest.param("contacts", {"nosuchcolumn": 1}, 400, BAD_PAYLOAD, id="unknown column"),
        pytest.param("contacts", {"LastName": "x"}, 400, BAD_PAYLOAD, id="wrong case"),
        pytest.param("contacts", {"lastname": 5}, 400, BAD_PAYLOAD, id="number for text"),
        pytest.param("contacts", {"lastname": "x" * 51}, 400, "0x80044331", id="too long"),
        pytest.param("contacts", {"lastname": "🎉" * 26}, 400, "0x80044331", id="too long as .NET counts"),
        pytest.param("contacts", {"gendercode": 9}, 400, "0x8004431a", id="no such choice"),
        pytest.param("contacts", {"gendercode": "1"}, 400, BAD_PAYLOAD, id="text for choice"),
        pytest.param("contacts", {"donotemail": "true"}, 400, BAD_PAYLOAD, id="text for yes or no"),
        pytest.param("contacts", {"numberofchildren": 1.5}, 400, BAD_PAYLOAD, id="fraction for integer"),
        pytest.param("contacts", {"numberofchildren": True}, 400, BAD_PAYLOAD, id="yes for integer"),
        pytest.param("contacts", {"birthdate": "31-01-2000"}, 400, BAD_PAYLOAD, id="no date"),
        pytest.param("contacts", {"createdon": "2025-01-01T00:00:00Z"}, 400, "0x80040203", id="not writable"),
        pytest.param("contacts", {"fullname": "x"}, 400, "0x80040203", id="computed"),
        pytest.param("contacts", {"statuscode": 2}, 400, "0x80048408", id="status of another state"),
        pytest.param("contacts", {"statecode": 0, "statuscode": 2}, 400, "0x80048408", id="contradictory"),
        pytest.param("contacts", {"statecode": 7}, 400, "0x8004431a", id="no such state"),
        pytest.param("contacts", {"_parentcustomerid_value": str(uuid4())}, 400, "0x80060888", id="read name"),
        pytest.param("accounts", {"accountnumber": "1"}, 400, "0x80040203", id="required column missing"),
        pytest.param("dh_spotlerjobs", {"dh_startedon": "2025-01-01T00:00:00"}, 400, BAD_PAYLOAD, id="no offset"),
        pytest.param("dh_spotlerjobs", {"dh_customerid": None}, 400, BAD_PAYLOAD, id="logical name of a lookup"),
    ],
)
def test_a_body_that_does_not_fit_the_table_is_refused(api, entity_set, body, status, code):
    response = api.post(entity_set, body)

    assert (response.status_code, error_code(response)) == (status, code)


@pytest.mark.parametrize("navigation", ["dh_customerid_contact", "dh_CustomerId", "dh_customerid", "dh_LeadId"])
def test_navigation_properties_are_case_sensitive_and_know_their_tables(api, navigation):
    contact = api.create("contacts", lastname="x")
    response = api.post("dh_spotlerjobs", {f"{navigation}@odata.bind": f"/contacts({contact})"})

    assert (response.status_code, error_code(response)) == (400, BAD_PAYLOAD)


@pytest.mark.parametrize(
    "form", ["/contacts({id})", "contacts({id})", "{root}/contacts({id})", "/contacts(contactid={id})"]
)
def test_lookups_are_bound_by_any_spelling_of_the_address(api, form):
    contact = api.create("contacts", lastname="x")
    reference = form.format(id=contact, root=api.root)
    job = api.create("dh_spotlerjobs", **{"dh_CustomerId_contact@odata.bind": reference})

    assert api.get(f"dh_spotlerjobs({job})").json()["_dh_customerid_value"] == contact


def test_lookups_are_bound_by_alternate_key(api):
    visitor = api.create("dh_websitevisitors", dh_externalid="v1")
    reference = {"dh_key": "k1", "dh_WebsiteVisitorId@odata.bind": "/dh_websitevisitors(dh_externalid='v1')"}
    row = api.get(f"dh_marketinginteractions({api.create('dh_marketinginteractions', **reference)})").json()

    assert row["_dh_websitevisitorid_value"] == visitor


def test_a_lookup_to_a_missing_row_is_not_found(api):
    response = api.post("dh_spotlerjobs", {"dh_LeadId@odata.bind": f"/leads({uuid4()})"})

    assert (response.status_code, error_code(response)) == (404, "0x80040217")


def test_a_lookup_is_cleared_by_null(api):
    contact = api.create("contacts", lastname="x")
    job = api.create("dh_spotlerjobs", **{"dh_CustomerId_contact@odata.bind": f"/contacts({contact})"})
    api.patch(f"dh_spotlerjobs({job})", {"dh_CustomerId_contact": None})

    assert api.get(f"dh_spotlerjobs({job})").json()["_dh_customerid_value"] is None


def test_a_state_brings_its_first_status(api):
    contact = api.create("contacts", lastname="x")
    api.patch(f"contacts({contact})", {"statecode": 1})

    assert api.get(f"contacts({contact})").json()["statuscode"] == 2


def test_to_leave_a_state_both_must_be_sent(api):
    job = api.create("dh_spotlerjobs")
    alone = api.patch(f"dh_spotlerjobs({job})", {"statuscode": 2})
    both = api.patch(f"dh_spotlerjobs({job})", {"statecode": 1, "statuscode": 2})

    assert (alone.status_code, both.status_code) == (400, 204)


def test_an_empty_text_is_stored_as_null(api):
    assert api.get(f"contacts({api.create('contacts', lastname='')})").json()["lastname"] is None


def test_times_lose_their_fractions_and_become_utc(api):
    job = api.create("dh_spotlerjobs", dh_startedon="2025-06-01T12:00:00.987+02:00")

    assert api.get(f"dh_spotlerjobs({job})").json()["dh_startedon"] == "2025-06-01T10:00:00Z"


def test_a_body_must_be_declared_as_json(api):
    response = api.request("POST", "contacts", data=b"{}", headers={"Content-Type": "text/plain"})

    assert response.status_code == 415


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_a_body_must_be_a_json_object(api, body):
    response = api.request("POST", "contacts", data=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 400


def test_error_details_come_when_asked_for(api):
    plain = api.post("contacts", {"x": 1}).json()["error"]
    detailed = api.post("contacts", {"x": 1}, Prefer='odata.include-annotations="*"').json()["error"]

    assert set(plain) == {"code", "message"}
    assert "@Microsoft.PowerApps.CDS.InnerError.Message" in detailed


# Required columns


def message_of_contacts(standin):
    """The ids of the message Create, and of its filter for contacts."""
    (message,) = standin.admin.rows("sdkmessages?$select=sdkmessageid&$filter=name eq 'Create'")
    condition = f"_sdkmessageid_value eq {message['sdkmessageid']} and primaryobjecttypecode eq 'contact'"
    (of_table,) = standin.admin.rows(f"sdkmessagefilters?$select=sdkmessagefilterid&$filter={condition}")
    return message["sdkmessageid"], of_table["sdkmessagefilterid"]


@pytest.fixture
def valid(standin):
    """A row of each table that describes the service endpoint and the variable, with everything that it must have."""
    (endpoint,) = standin.load("serviceendpoint", ENDPOINT)
    message, of_table = message_of_contacts(standin)
    (definition,) = standin.load("environmentvariabledefinition", DEFINITION)
    step = {
        "name": "SpotlerAutomate: Create of contact",
        "stage": 40,
        "mode": 1,
        "rank": 1,
        "supporteddeployment": 0,
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
        "sdkmessageid@odata.bind": f"/sdkmessages({message})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({of_table})",
    }
    value = {
        "EnvironmentVariableDefinitionId@odata.bind": f"/environmentvariabledefinitions({definition})",
        "value": "x",
    }
    return {
        "serviceendpoints": ENDPOINT,
        "sdkmessageprocessingsteps": step,
        "environmentvariabledefinitions": {**DEFINITION, "schemaname": "dh_another"},
        "environmentvariablevalues": value,
    }


#: The stand-in posts through endpoints with a key only.
SAS = {
    "authtype": 2, "saskeyname": "send", "namespaceformat": 2, "namespaceaddress": "sb://localhost:1/",
    "messageformat": 2, "messagecharset": 1,
}  # fmt: skip
ENDPOINT = {
    "name": "Another",
    "contract": 6,
    **SAS,
    "connectionmode": 1,
    "userclaim": 1,
    "solutionnamespace": "example",
    "path": "dataverse",
}
DEFINITION = {"schemaname": "dh_one", "displayname": "One", "type": 100000000}


@pytest.mark.parametrize(
    ("entity_set", "column"),
    [
        *(("serviceendpoints", column) for column in ENDPOINT if column not in SAS),
        *(("environmentvariabledefinitions", column) for column in DEFINITION),
        *(
            ("sdkmessageprocessingsteps", column)
            for column in (
                "name",
                "stage",
                "mode",
                "rank",
                "supporteddeployment",
                "eventhandler_serviceendpoint@odata.bind",
                "sdkmessageid@odata.bind",
            )
        ),
        ("environmentvariablevalues", "EnvironmentVariableDefinitionId@odata.bind"),
    ],
)
def test_a_row_of_setup_needs_its_required_columns(api, valid, entity_set, column):
    row = {name: value for name, value in valid[entity_set].items() if name != column}
    response = api.post(entity_set, row)

    assert (response.status_code, error_code(response)) == (400, "0x80040203")
    logical = column.partition("@")[0].partition("_")[0].lower()
    assert f"Attribute: {logical} cannot be set to NULL" in response.json()["error"]["message"]
    assert api.post(entity_set, valid[entity_set]).status_code == 204


def test_a_required_column_cannot_be_cleared(api, valid):
    endpoint = api.create("serviceendpoints", **valid["serviceendpoints"])

    assert api.patch(f"serviceendpoints({endpoint})", {"path": None}).status_code == 400


@pytest.mark.parametrize("name", ["SdkMessageId", "eventhandler"])
def test_the_lookups_of_a_step_are_written_by_their_own_names(api, valid, name):
    row = {**valid["sdkmessageprocessingsteps"], f"{name}@odata.bind": "/serviceendpoints(x)"}

    assert api.post("sdkmessageprocessingsteps", row).status_code == 400


def test_an_endpoint_with_steps_cannot_be_deleted(api, valid):
    step = valid["sdkmessageprocessingsteps"]
    api.create("sdkmessageprocessingsteps", **step)
    endpoint = step["eventhandler_serviceendpoint@odata.bind"].removeprefix("/")

    assert error_code(api.delete(endpoint)) == "0x8004f01f"  # others need it
