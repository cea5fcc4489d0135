"""What the stand-in does not know, it refuses with 400 and never ignores."""

import pytest
import requests

from sandbox.dataverse.environment import Environment
from sandbox.dataverse.settings import Settings
from tests.contract.dataverse_standin.support import DEADLINE_SECONDS, error_code, multipart, part, statuses

INVALID_ARGUMENT = "0x80040203"
BAD_QUERY = "0x80060888"
BAD_PAYLOAD = "0x80048d19"
NOBODY = "d00d0000-2222-4f11-9f89-000d3ab0c020"


@pytest.fixture
def contact(api):
    return api.create("contacts", lastname="de Wit")


def object_id(user_client_id):
    """The Entra id of the application user of a client; it is derived from the client id."""
    return Environment(Settings(client_id=user_client_id)).connector.object_id


# Headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MSCRM.MergeLabels", "true"),
        ("MSCRM.BypassCustomPluginExecution", "true"),
        ("MSCRM.BypassBusinessLogicExecution", "CustomAsink"),
        ("MSCRM.SuppressDuplicateDetection", "false"),
        ("MSCRM.SuppressCallbackRegistrationExpanderJob", "true"),
        ("If-Modified-Since", "Sat, 31 Jan 2026 10:00:00 GMT"),
        ("Accept", "application/xml"),
        ("Accept", "application/json;odata.metadata=full"),
        ("OData-Version", "4.01"),
        ("OData-MaxVersion", "3.0"),
        ("Consistency", "Weak"),
        ("X-Anything", "1"),
    ],
)
def test_headers_that_are_refused(api, name, value):
    response = api.post("contacts", {"lastname": "x"}, **{name: value})

    assert (response.status_code, error_code(response)) == (400, INVALID_ARGUMENT)
    assert name.lower() in response.json()["error"]["message"]
    assert api.rows("contacts") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MSCRM.SuppressDuplicateDetection", "true"),
        ("MSCRM.BypassBusinessLogicExecution", "CustomSync,CustomAsync"),
        ("Accept", "application/json, */*;q=0.5"),
        ("OData-Version", "4.0"),
        ("Consistency", "Strong"),
        ("If-None-Match", "null"),
        ("x-ms-client-request-id", NOBODY),
    ],
)
def test_headers_that_are_taken(api, name, value):
    assert api.post("contacts", {"lastname": "x"}, **{name: value}).status_code == 204


def test_a_solution_that_does_not_exist_is_not_found(api):
    response = api.post("contacts", {"lastname": "x"}, **{"MSCRM.SolutionUniqueName": "Nosuch"})

    assert (response.status_code, error_code(response)) == (404, "0x80040217")
    assert "Nosuch" in response.json()["error"]["message"]


# The caller


def test_a_caller_is_named_by_the_object_id_of_entra(standin):
    header = {"CallerObjectId": object_id(standin.ready.client_id)}
    response = standin.admin.post("contacts", {"lastname": "x"}, **header)
    (row,) = standin.admin.rows("contacts?$select=_createdby_value")

    assert response.status_code == 204
    assert row["_createdby_value"] == standin.ready.user_id


def test_a_caller_by_object_id_has_only_the_privileges_of_that_user(standin, contact):
    header = {"CallerObjectId": object_id(standin.ready.client_id)}

    assert standin.admin.delete(f"contacts({contact})", **header).status_code == 403


def test_to_name_a_caller_by_object_id_needs_the_privilege_to_act_for_others(standin):
    header = {"CallerObjectId": object_id(standin.ready.admin_client_id)}
    response = standin.connector.post("contacts", {"lastname": "x"}, **header)

    assert (response.status_code, error_code(response)) == (403, "0x80040220")


@pytest.mark.parametrize("name", ["CallerObjectId", "MSCRMCallerID"])
@pytest.mark.parametrize(("value", "status"), [(NOBODY, 403), ("me", 400)])
def test_a_caller_that_does_not_exist_is_refused(api, name, value, status):
    assert api.get("contacts", headers={name: value}).status_code == status


def test_a_caller_is_named_in_one_way_only(standin):
    both = {"MSCRMCallerID": standin.ready.user_id, "CallerObjectId": object_id(standin.ready.client_id)}

    assert standin.admin.get("contacts", headers=both).status_code == 400


# Preferences


@pytest.mark.parametrize(
    "prefer",
    [
        "respond-async",
        "odata.track-changes",
        "return=minimal",
        "return=representations",
        "odata.maxpagesize=0",
        "odata.maxpagesize=ten",
        "odata.maxpagesize=5,odata.maxpagesize=6",
        'odata.include-annotations="Nosuch.Annotation"',
        "odata.continue-on-error",
        "return=representation",
        "odata.maxpagesize=5;respond-async",
    ],
)
def test_preferences_that_are_refused_on_a_query(api, prefer):
    response = api.get("contacts", prefer=prefer)

    assert (response.status_code, error_code(response)) == (400, INVALID_ARGUMENT)


@pytest.mark.parametrize(
    ("method", "path", "prefer"),
    [
        ("GET", "contacts({contact})", "odata.maxpagesize=5"),
        ("PATCH", "contacts({contact})", "odata.maxpagesize=5"),
        ("DELETE", "contacts({contact})", "return=representation"),
        ("PUT", "contacts({contact})/lastname", "return=representation"),
        ("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", "return=representation"),
        ("GET", "EntityDefinitions", "odata.maxpagesize=5"),
    ],
)
def test_preferences_without_effect_are_refused(api, contact, method, path, prefer):
    headers = {"Prefer": prefer}
    response = api.request(method, path.format(contact=contact), json={"lastname": "x"}, headers=headers)

    assert (response.status_code, error_code(response)) == (400, INVALID_ARGUMENT)


def test_several_preferences_share_one_header(api, standin):
    standin.load("contact", *({"lastname": name} for name in "abc"))
    prefer = 'odata.maxpagesize=2,odata.include-annotations="OData.*,Microsoft.Dynamics.CRM.lookuplogicalname"'
    content = api.get("contacts?$select=donotemail", prefer=prefer).json()

    assert len(content["value"]) == 2
    assert content["value"][0]["donotemail@OData.Community.Display.V1.FormattedValue"] == "Allow"


# Query options


@pytest.mark.parametrize(
    "query",
    [
        "savedQuery=00000000-0000-4000-8000-000000000001",
        "userQuery=00000000-0000-4000-8000-000000000001",
        "SolutionUniqueName=SpotlerConnector",
        "$search=x",
        "$format=json",
        "select=lastname",
        "tag=x",
        "$filter=",
        "$select=",
        "$count=yes",
        "$top=1&$top=2",
        "@name='x'",
        "fetchXml=<fetch><entity name='contact'/></fetch>&$select=lastname",
    ],
)
def test_query_options_that_are_refused(api, query):
    response = api.get(f"contacts?{query}")

    assert (response.status_code, error_code(response)) == (400, BAD_QUERY)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "contacts?$select=lastname"),
        ("PATCH", "contacts({contact})?$select=lastname"),
        ("PATCH", "contacts({contact})?$filter=lastname eq 'x'"),
        ("DELETE", "contacts({contact})?$select=lastname"),
        ("GET", "contacts({contact})?$filter=lastname eq 'x'"),
        ("GET", "contacts({contact})/lastname?$select=lastname"),
        ("GET", "contacts/$count?$top=1"),
        ("GET", "WhoAmI?$select=UserId"),
        ("GET", "EntityDefinitions?$top=1"),
    ],
)
def test_query_options_without_effect_are_refused(api, contact, method, path):
    response = api.request(method, path.format(contact=contact), json={"lastname": "x"})

    assert (response.status_code, error_code(response)) == (400, BAD_QUERY)


def test_top_does_not_go_with_pages(api):
    assert api.get("contacts?$top=1", prefer="odata.maxpagesize=5").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "EntityDefinitions?$select=NoSuch",
        "EntityDefinitions(LogicalName='contact')?$filter=LogicalName eq 'contact'",
        "EntityDefinitions(LogicalName='contact')/Attributes?$select=Targets",
        "EntityDefinitions(LogicalName='contact')/Attributes?$expand=OptionSet",
        "EntityDefinitions(LogicalName='contact')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$expand=x",
    ],
)
def test_questions_about_definitions_that_are_refused(api, path):
    response = api.get(path)

    assert (response.status_code, error_code(response)) == (400, BAD_QUERY)


@pytest.mark.parametrize(
    "path",
    [
        "WhoAmI(x)",
        "WhoAmI/x",
        "contacts({contact})/lastname/x",
        "contacts({contact})/lastname/$value",
        "contacts({contact})/ownerid/$ref",
        "EntityDefinitions(LogicalName='contact')/Attributes/Microsoft.Dynamics.CRM.NosuchAttributeMetadata",
        "EntityDefinitions(LogicalName='contact')/Keys/x",
    ],
)
def test_segments_that_are_not_known_are_not_found(api, contact, path):
    assert api.get(path.format(contact=contact)).status_code == 404


@pytest.mark.parametrize(
    "key", ["x,dh_externalid='v1'", "dh_externalid='v1',dh_externalid='v2'", "dh_externalid='v1',", "dh_externalid=v1"]
)
def test_keys_that_are_refused(api, key):
    api.create("dh_websitevisitors", dh_externalid="v1")

    assert api.get(f"dh_websitevisitors({key})").status_code == 400


def test_who_am_i_is_only_read(api):
    assert api.get("WhoAmI()").status_code == 200
    assert api.post("WhoAmI", {}).status_code == 405


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        {"@odata.etag": 'W/"1"'},
        {"@odata.context": "x"},
        {"@odata.type": "Microsoft.Dynamics.CRM.lead"},
        {"lastname@odata.type": "Edm.String"},
        {"_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "systemuser"},
    ],
)
def test_annotations_in_a_body_that_are_refused(api, body):
    response = api.post("contacts", {"lastname": "x", **body})

    assert (response.status_code, error_code(response)) == (400, BAD_PAYLOAD)


def test_a_body_may_name_its_type(api):
    body = {"@odata.type": "#Microsoft.Dynamics.CRM.contact", "lastname": "x"}

    assert api.post("contacts", body).status_code == 204


def test_a_reference_has_one_property(api, contact):
    address = {"@odata.id": f"{api.root}/systemusers(x)", "more": 1}

    assert api.request("PUT", f"contacts({contact})/ownerid/$ref", json=address).status_code == 400


def test_fixtures_with_unknown_annotations_are_refused(standin):
    response = requests.post(
        f"{standin.ready.url}/_sandbox/rows",
        json={"contact": [{"lastname": "x", "lastname@x": "y"}]},
        verify=standin.ready.ca_file,
        timeout=DEADLINE_SECONDS,
    )

    assert response.status_code == 400


# Batches


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CallerObjectId", NOBODY),
        ("MSCRMCallerID", NOBODY),
        ("MSCRM.BypassBusinessLogicExecution", "CustomAsync"),
        ("If-Match", "*"),
        ("Prefer", "return=representation"),
        ("Prefer", 'odata.include-annotations="*"'),
        ("X-Anything", "1"),
    ],
)
def test_a_batch_hands_no_headers_on_to_its_parts(api, name, value):
    body = multipart("b", part("POST", "contacts", {"lastname": "x"}))
    headers = {"Content-Type": "multipart/mixed; boundary=b", name: value}
    response = api.request("POST", "$batch", data=body.encode(), headers=headers)

    assert (response.status_code, error_code(response)) == (400, INVALID_ARGUMENT)
    assert api.rows("contacts") == []


def test_a_batch_takes_no_query_options(api):
    body = multipart("b", part("GET", "WhoAmI")).encode()
    headers = {"Content-Type": "multipart/mixed; boundary=b"}

    assert api.request("POST", "$batch?tag=x", data=body, headers=headers).status_code == 400


def test_a_part_of_a_batch_has_no_other_headers(api):
    body = multipart("b", part("GET", "WhoAmI").replace("binary", "binary\r\nX-Anything: 1"))

    assert api.batch(body).status_code == 400


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(part("GET", "https://other.example/api/data/v9.2/WhoAmI"), id="another host"),
        pytest.param(part("GET", "WhoAmI").replace("HTTP/1.1", "HTTP/1.1\r\nno header"), id="no header"),
    ],
)
def test_requests_in_a_batch_that_are_refused(api, inner):
    assert statuses(api.batch(multipart("b", inner))) == [400]


def test_a_request_in_a_batch_is_checked_like_one_by_itself(api):
    body = multipart(
        "b",
        part("POST", "contacts", {"lastname": "a"}, Prefer="respond-async"),
        part("POST", "contacts", {"lastname": "b"}, X_Anything="1"),
        part("GET", "contacts?savedQuery=x"),
        part("GET", "contacts/$count"),
    )

    assert statuses(api.batch(body, prefer="odata.continue-on-error")) == [400, 400, 400, 200]
