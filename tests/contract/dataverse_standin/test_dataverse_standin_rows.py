from uuid import uuid4

import pytest

from tests.contract.dataverse_standin.support import created_id, error_code


def test_create_answers_204_with_the_address_of_the_row(api):
    response = api.post("contacts", {"firstname": "Zoë", "lastname": "de Wit"})

    assert response.status_code == 204
    assert response.headers["OData-EntityId"] == response.headers["Location"]
    assert response.headers["OData-EntityId"].startswith(f"{api.root}/contacts(")


def test_create_with_representation_answers_201_with_the_row(api):
    response = api.post(
        "contacts?$select=fullname", {"firstname": "Zoë", "lastname": "de Wit"}, Prefer="return=representation"
    )

    row = response.json()
    assert response.status_code == 201
    assert (row["fullname"], row["contactid"]) == ("Zoë de Wit", created_id(response))
    assert row["@odata.etag"].startswith('W/"')


def test_create_fills_in_what_the_platform_fills_in(api, standin):
    row = api.get(f"contacts({api.create('contacts', lastname='de Wit')})").json()

    assert (row["statecode"], row["statuscode"], row["donotbulkemail"]) == (0, 1, False)
    assert row["_ownerid_value"] == row["_createdby_value"] == row["_modifiedby_value"] == standin.ready.admin_user_id
    assert row["createdon"] == row["modifiedon"]
    assert row["@odata.etag"] == f'W/"{row["versionnumber"]}"'


def test_autonumbers_count_up_as_text_of_twelve_digits(api):
    jobs = [api.create("dh_spotlerjobs", dh_tag=tag) for tag in "ab"]
    first, second = [api.get(f"dh_spotlerjobs({job})?$select=dh_number").json()["dh_number"] for job in jobs]

    assert len(first) == len(second) == 12
    assert int(second) == int(first) + 1


def test_create_takes_a_given_id_once(api):
    row_id = str(uuid4())
    api.create("contacts", contactid=row_id, lastname="de Wit")
    response = api.post("contacts", {"contactid": row_id, "lastname": "de Wit"})

    assert (response.status_code, error_code(response)) == (412, "0x80040237")


def test_read_a_missing_row(api):
    response = api.get(f"contacts({uuid4()})")

    assert (response.status_code, error_code(response)) == (404, "0x80040217")


@pytest.mark.parametrize("spelling", ["contacts({id})", "contacts(contactid={id})"])
def test_a_row_has_two_spellings_of_its_key(api, spelling):
    row_id = api.create("contacts", lastname="de Wit")

    assert api.get(spelling.format(id=row_id)).json()["lastname"] == "de Wit"


def test_read_by_alternate_key_with_a_quote_in_it(api):
    row_id = api.create("dh_websitevisitors", dh_externalid="A'1/2 (x)")

    assert api.get("dh_websitevisitors(dh_externalid='A%27%271%2F2%20(x)')").json()["dh_websitevisitorid"] == row_id


def test_read_by_an_alternate_key_that_nobody_has(api):
    response = api.get("dh_websitevisitors(dh_externalid='nobody')")

    assert (response.status_code, error_code(response)) == (404, "0x80060891")


def test_a_column_that_is_no_key_cannot_stand_in_the_address(api):
    assert api.get("contacts(lastname='x')").status_code == 400


def test_an_alternate_key_is_unique_whatever_the_case(api):
    api.create("dh_websitevisitors", dh_externalid="abc")
    response = api.post("dh_websitevisitors", {"dh_externalid": "ABC"})

    assert (response.status_code, error_code(response)) == (412, "0x80060892")


def test_an_update_changes_only_what_was_sent_and_the_version(api):
    row_id = api.create("contacts", firstname="Zoë", lastname="de Wit")
    before = api.get(f"contacts({row_id})").json()
    response = api.patch(f"contacts({row_id})", {"lastname": "Wit"}, If_Match="*")
    after = api.get(f"contacts({row_id})").json()

    assert response.status_code == 204
    assert (after["firstname"], after["lastname"], after["fullname"]) == ("Zoë", "Wit", "Zoë Wit")
    assert after["versionnumber"] > before["versionnumber"]


def test_an_update_with_representation_answers_200(api):
    row_id = api.create("contacts", lastname="de Wit")
    response = api.patch(f"contacts({row_id})?$select=lastname", {"lastname": "Wit"}, Prefer="return=representation")

    assert (response.status_code, response.json()["lastname"]) == (200, "Wit")


def test_row_versions_are_shared_by_all_tables(api):
    contact = api.get(f"contacts({api.create('contacts', lastname='x')})").json()
    lead = api.get(f"leads({api.create('leads', lastname='x')})").json()

    assert lead["versionnumber"] > contact["versionnumber"]


def test_single_properties_are_read_written_and_cleared(api):
    row_id = api.create("contacts", lastname="de Wit")
    api.request("PUT", f"contacts({row_id})/emailaddress1", json={"value": "zoe@example.org"})
    read = api.get(f"contacts({row_id})/emailaddress1").json()["value"]
    cleared = api.delete(f"contacts({row_id})/emailaddress1").status_code

    assert (read, cleared) == ("zoe@example.org", 204)
    assert api.get(f"contacts({row_id})/emailaddress1").status_code == 204


def test_deletion_removes_the_row(api):
    row_id = api.create("contacts", lastname="de Wit")

    assert api.delete(f"contacts({row_id})").status_code == 204
    assert api.delete(f"contacts({row_id})").status_code == 404


def test_deletion_clears_lookups_to_the_row(api):
    contact = api.create("contacts", lastname="de Wit")
    job = api.create("dh_spotlerjobs", **{"dh_CustomerId_contact@odata.bind": f"/contacts({contact})"})
    api.delete(f"contacts({contact})")

    assert api.get(f"dh_spotlerjobs({job})").json()["_dh_customerid_value"] is None


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("nosuchset", 404, "0x8006088a"),
        ("Contacts", 404, "0x8006088a"),
        ("contacts/nosuchaction", 404, "0x8006088a"),
        ("contacts/Microsoft.Dynamics.CRM.DeleteMultiple", 404, "0x8006088a"),
    ],
)
def test_unknown_segments_are_not_found(api, path, status, code):
    response = api.get(path)

    assert (response.status_code, error_code(response)) == (status, code)


def test_lookups_are_linked_and_unlinked_by_reference(api):
    contact = api.create("contacts", lastname="de Wit")
    account = api.create("accounts", name="Voorbeeld BV")
    address = {"@odata.id": f"{api.root}/contacts({contact})"}
    linked = api.request("PUT", f"accounts({account})/primarycontactid/$ref", json=address)

    assert linked.status_code == 204
    assert api.get(f"accounts({account})/primarycontactid?$select=lastname").json()["lastname"] == "de Wit"
    assert api.delete(f"accounts({account})/primarycontactid/$ref").status_code == 204
    assert api.get(f"accounts({account})").json()["_primarycontactid_value"] is None
