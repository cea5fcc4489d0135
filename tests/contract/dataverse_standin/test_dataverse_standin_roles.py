import pytest

from tests.contract.dataverse_standin.support import error_code


@pytest.fixture
def rows(standin):
    (contact,) = standin.load("contact", {"lastname": "x"})
    (account,) = standin.load("account", {"name": "x"})
    (job,) = standin.load("dh_spotlerjob", {})
    (mailing,) = standin.load("list", {"listname": "x", "createdfromcode": 2})
    return {"contact": contact, "account": account, "job": job, "list": mailing}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "contacts({contact})"),
        ("DELETE", "lists({list})"),
        ("PATCH", "systemusers({user})"),
        ("DELETE", "asyncoperations"),
    ],
)
def test_the_connector_lacks_privileges(standin, rows, method, path):
    address = path.format(**rows, user=standin.ready.user_id)
    response = standin.connector.request(method, address, json={})

    assert response.status_code in (403, 405)


def test_a_missing_privilege_is_named(standin, rows):
    response = standin.connector.delete(f"contacts({rows['contact']})")

    assert (response.status_code, error_code(response)) == (403, "0x80040220")
    assert "prvDelete" in response.json()["error"]["message"]
    assert standin.ready.user_id in response.json()["error"]["message"]


def test_the_connector_may_not_create_users(standin):
    assert standin.connector.post("systemusers", {"applicationid": "x"}).status_code == 403
    assert standin.connector.patch("teams(d00d0000-2222-4f11-9f89-000d3ab0c020)", {"name": "x"}).status_code == 403


def test_what_the_synchronisation_needs_is_allowed(standin, rows):
    connector = standin.connector

    assert connector.post("contacts", {"lastname": "x"}).status_code == 204
    assert connector.patch(f"accounts({rows['account']})", {"donotbulkemail": True}).status_code == 204
    assert connector.patch(f"dh_spotlerjobs({rows['job']})", {"dh_attempts": 1}).status_code == 204
    assert connector.get("lists?$select=listname,query").status_code == 200
    assert connector.patch(f"lists({rows['list']})", {"dh_spotlersync": True}).status_code == 204
    assert connector.get("asyncoperations?$select=name,message,statuscode").status_code == 200


def test_silencing_steps_needs_a_privilege(standin):
    header = {"MSCRM.BypassBusinessLogicExecution": "CustomAsync"}

    assert standin.connector.request("POST", "contacts", json={"lastname": "x"}, headers=header).status_code == 403
    assert standin.admin.request("POST", "contacts", json={"lastname": "x"}, headers=header).status_code == 204


def test_acting_for_another_user_needs_a_privilege(standin):
    header = {"MSCRMCallerID": standin.ready.user_id}
    body = {"lastname": "x"}
    for_connector = standin.admin.request("POST", "contacts", json=body, headers=header)
    refused = standin.connector.request("POST", "contacts", json=body, headers=header)
    (row,) = standin.admin.rows("contacts?$select=_createdby_value")

    assert (for_connector.status_code, refused.status_code) == (204, 403)
    assert row["_createdby_value"] == standin.ready.user_id
