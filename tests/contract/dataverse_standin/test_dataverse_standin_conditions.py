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
    response = api.patch(f"contacts({uuid4()})", {"lastname": "x"}, Prefer="return=representation")

    assert response.status_code == 201


def test_patch_by_alternate_key_updates_or_creates_with_the_key(api):
    for name in ("first", "second"):
        assert api.patch("dh_websitevisitors(dh_externalid='v1')", {"dh_name": name}).status_code == 204

    rows = api.rows("dh_websitevisitors?$select=dh_name,dh_externalid")
    assert [(row["dh_name"], row["dh_externalid"]) for row in rows] == [("second", "v1")]


def test_a_body_may_not_contradict_the_key_in_the_address(api):
    assert api.patch("dh_websitevisitors(dh_externalid='v1')", {"dh_externalid": "v2"}).status_code == 400


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
