from uuid import uuid4

import pytest

from tests.contract.dataverse_standin.support import error_code


@pytest.fixture
def contact(api):
    return api.create("contacts", lastname="de Wit")


def etag(api, contact):
    return api.get(f"contacts({contact})?$select=contactid").json()["@odata.etag"]


def test_patch_without_condition_creates_a_missing_row_with_that_id(api):
    row_id = str(uuid4())
    response = api.patch(f"contacts({row_id})", {"lastname": "de Wit"})

    assert response.status_code == 204
    assert api.get(f"contacts({row_id})").json()["lastname"] == "de Wit"


def test_patch_that_creates_answers_201_with_representation(api):
    row_id = str(uuid4())
    response = api.patch(f"contacts({row_id})?$select=contactid", {"lastname": "x"}, Prefer="return=representation")

    assert (response.status_code, response.json()["contactid"]) == (201, row_id)
    assert response.headers["ETag"] == response.json()["@odata.etag"] == etag(api, row_id)


def test_patch_without_representation_shows_the_address_as_it_was_given_and_no_version(api, contact):
    by_id = api.patch(f"contacts({contact})", {"lastname": "x"})
    by_key = api.patch("dh_websitevisitors(dh_externalid='é 1')", {"dh_name": "x"})

    assert by_id.headers["OData-EntityId"] == f"{api.root}/contacts({contact})"
    assert by_key.headers["OData-EntityId"] == f"{api.root}/dh_websitevisitors(dh_externalid='%C3%A9%201')"
    assert {name.lower() for name in (*by_id.headers, *by_key.headers)} & {"etag", "location"} == set()


@pytest.mark.parametrize("condition", ["", "*", "version"])
def test_patch_with_representation_answers_the_version_that_the_next_write_needs(api, contact, condition):
    before = etag(api, contact)
    headers = {"If_Match": before if condition == "version" else condition} if condition else {}
    response = api.patch(
        f"contacts({contact})?$select=contactid", {"lastname": "x"}, Prefer="return=representation", **headers
    )

    assert response.status_code == 200
    assert set(response.json()) == {"@odata.context", "@odata.etag", "contactid"}
    assert "OData-EntityId" not in response.headers
    assert response.headers["ETag"] == response.json()["@odata.etag"] == etag(api, contact) != before
    assert api.patch(f"contacts({contact})", {"lastname": "y"}, If_Match=response.headers["ETag"]).status_code == 204


def test_patch_by_alternate_key_with_representation_answers_id_and_version(api):
    visitor = api.create("dh_websitevisitors", dh_externalid="v1")
    response = api.patch(
        "dh_websitevisitors(dh_externalid='v1')?$select=dh_websitevisitorid",
        {"dh_name": "x"},
        If_Match="*",
        Prefer="return=representation",
    )

    assert (response.status_code, response.json()["dh_websitevisitorid"]) == (200, visitor)
    assert api.get(f"dh_websitevisitors({visitor})").json()["@odata.etag"] == response.json()["@odata.etag"]


@pytest.mark.parametrize("condition", ["*", 'W/"1"'])
def test_patch_by_an_alternate_key_that_no_row_has_is_not_found(api, condition):
    response = api.patch("dh_websitevisitors(dh_externalid='v1')", {"dh_name": "x"}, If_Match=condition)

    assert (response.status_code, error_code(response)) == (404, "0x80060891")
    assert api.rows("dh_websitevisitors") == []


def test_patch_by_alternate_key_with_an_old_version_is_refused(api):
    visitor = api.create("dh_websitevisitors", dh_externalid="v1", dh_name="a")
    old = api.get(f"dh_websitevisitors({visitor})").json()["@odata.etag"]
    answers = [api.patch("dh_websitevisitors(dh_externalid='v1')", {"dh_name": name}, If_Match=old) for name in "bc"]

    assert [answer.status_code for answer in answers] == [204, 412]
    assert api.get(f"dh_websitevisitors({visitor})").json()["dh_name"] == "b"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("PATCH", {"If-Match": "1"}),
        ("PATCH", {"If-Match": '"1"'}),
        ("PATCH", {"If-None-Match": 'W/"1"'}),
        ("PATCH", {"If-Match": "*", "If-None-Match": "*"}),
        ("DELETE", {"If-None-Match": "*"}),
        ("GET", {"If-Match": "*"}),
        ("GET", {"If-None-Match": "*"}),
    ],
)
def test_conditions_that_are_refused(api, contact, method, headers):
    response = api.request(method, f"contacts({contact})", json={"lastname": "x"}, headers=headers)

    assert (response.status_code, error_code(response)) == (400, "0x80040203")


def test_a_create_takes_no_condition(api):
    assert api.post("contacts", {"lastname": "x"}, If_None_Match="*").status_code == 400
    assert api.post("contacts", {"lastname": "x"}, If_Match="*").status_code == 400


def test_patch_by_alternate_key_updates_or_creates_with_the_key(api):
    for name in ("first", "second"):
        assert api.patch("dh_websitevisitors(dh_externalid='v1')", {"dh_name": name}).status_code == 204

    rows = api.rows("dh_websitevisitors?$select=dh_name,dh_externalid")
    assert [(row["dh_name"], row["dh_externalid"]) for row in rows] == [("second", "v1")]


@pytest.mark.parametrize("value", ["v2", None])
@pytest.mark.parametrize("exists", [False, True])
def test_a_body_may_not_change_the_key_in_the_address(api, exists, value):
    """Dataverse drops such a value without a word when the row exists, and takes it when the row is new."""
    if exists:
        api.create("dh_websitevisitors", dh_externalid="v1")

    assert api.patch("dh_websitevisitors(dh_externalid='v1')", {"dh_externalid": value}).status_code == 400
    assert [row["dh_externalid"] for row in api.rows("dh_websitevisitors")] == ["v1"] * exists


def test_if_match_star_never_creates(api):
    response = api.patch(f"contacts({uuid4()})", {"lastname": "x"}, If_Match="*")

    assert (response.status_code, error_code(response)) == (404, "0x80040217")


def test_if_none_match_star_never_updates(api, contact):
    assert api.patch(f"contacts({contact})", {"lastname": "x"}, If_None_Match="*").status_code == 412
    assert api.patch(f"contacts({uuid4()})", {"lastname": "x"}, If_None_Match="*").status_code == 204


def test_a_write_with_an_old_etag_is_refused(api, contact):
    old = etag(api, contact)
    first = api.patch(f"contacts({contact})", {"lastname": "x"}, If_Match=old)
    second = api.patch(f"contacts({contact})", {"lastname": "y"}, If_Match=old)

    assert (first.status_code, second.status_code) == (204, 412)
    assert error_code(second) == "0x80060882"
    assert api.get(f"contacts({contact})").json()["lastname"] == "x"


def test_a_deletion_with_an_old_etag_is_refused(api, contact):
    old = etag(api, contact)
    api.patch(f"contacts({contact})", {"lastname": "x"})

    assert api.delete(f"contacts({contact})", If_Match=old).status_code == 412
    assert api.delete(f"contacts({contact})", If_Match=etag(api, contact)).status_code == 204


def test_a_read_of_a_known_version_answers_304(api, contact):
    known = etag(api, contact)

    assert api.get(f"contacts({contact})", headers={"If-None-Match": known}).status_code == 304
    assert api.get(f"contacts({contact})", headers={"If-None-Match": "null"}).status_code == 200
