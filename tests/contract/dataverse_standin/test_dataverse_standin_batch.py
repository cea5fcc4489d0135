import re

import pytest

from tests.contract.dataverse_standin.support import change_set, error_code, multipart, part, statuses


@pytest.fixture
def contact(api):
    return api.create("contacts", firstname="Zoë", lastname="de Wit")


def last_names(api):
    return [row["lastname"] for row in api.rows("contacts?$select=lastname")]


@pytest.mark.parametrize("prefix", ["", "/api/data/v9.2/", "{root}/"])
def test_addresses_may_be_relative_rooted_or_absolute(api, contact, prefix):
    url = f"{prefix.format(root=api.root)}contacts({contact})?$select=lastname"
    response = api.batch(multipart("b", part("GET", url)))

    assert statuses(response) == [200]
    assert '"lastname":"de Wit"' in response.text


@pytest.mark.parametrize(
    ("content_type", "prelude"),
    [
        ("multipart/mixed; boundary=b", ""),
        ('multipart/mixed; boundary="b"', ""),
        ("multipart/mixed;boundary=b", "\r\n"),
        ("multipart/mixed; boundary=b; charset=utf-8", "\r\n\r\n"),
    ],
)
def test_boundaries_and_preludes_of_real_clients(api, contact, content_type, prelude):
    body = prelude + multipart("b", part("GET", f"contacts({contact})"))

    assert statuses(api.batch(body, content_type)) == [200]


def test_lines_may_end_with_a_line_feed_alone(api, contact):
    body = multipart("b", part("PATCH", f"contacts({contact})", {"lastname": "x"}), part("GET", "WhoAmI"))

    assert statuses(api.batch(body.replace("\r\n", "\n"))) == [204, 200]
    assert last_names(api) == ["x"]


def test_answers_come_in_the_order_of_the_requests(api):
    body = multipart(
        "b",
        part("POST", "contacts", {"lastname": "a"}),
        part("GET", "contacts/$count"),
        part("POST", "contacts", {"lastname": "b"}, Prefer="return=representation"),
        part("GET", "contacts/$count"),
    )
    response = api.batch(body)

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert statuses(response) == [204, 200, 201, 200]
    assert response.text.count("OData-EntityId: https://") == 2


def test_processing_stops_at_the_first_failure(api):
    body = multipart(
        "b",
        part("POST", "contacts", {"lastname": "a"}),
        part("POST", "contacts", {"nosuch": "b"}),
        part("POST", "contacts", {"lastname": "c"}),
    )
    response = api.batch(body)

    assert (response.status_code, statuses(response)) == (400, [204, 400])
    assert last_names(api) == ["a"]


def test_processing_goes_on_if_asked_to(api):
    body = multipart(
        "b",
        part("POST", "contacts", {"lastname": "a"}),
        part("POST", "contacts", {"nosuch": "b"}),
        part("POST", "contacts", {"lastname": "c"}),
    )
    response = api.batch(body, prefer="odata.continue-on-error")

    assert (response.status_code, statuses(response)) == (200, [204, 400, 204])
    assert last_names(api) == ["a", "c"]


def test_each_request_has_its_own_condition(api, contact):
    etag = api.get(f"contacts({contact})").json()["@odata.etag"]
    claim = part("PATCH", f"contacts({contact})", {"lastname": "x"}, If_Match=etag)
    response = api.batch(multipart("b", claim, claim), prefer="odata.continue-on-error")

    assert statuses(response) == [204, 412]


@pytest.fixture
def visitor(api):
    return api.create("dh_websitevisitors", dh_externalid="v1", dh_name="a")


VISITOR = "dh_websitevisitors(dh_externalid='{}')"


@pytest.mark.usefixtures("visitor")
def test_writes_by_alternate_key_change_rows_that_have_it_and_create_none(api):
    body = multipart(
        "b",
        part("PATCH", VISITOR.format("v1"), {"dh_name": "b"}, If_Match="*"),
        part("PATCH", VISITOR.format("v2"), {"dh_name": "c"}, If_Match="*"),
    )
    response = api.batch(body, prefer="odata.continue-on-error")

    assert (response.status_code, statuses(response)) == (200, [204, 404])
    assert "0x80060891" in response.text
    assert [row["dh_name"] for row in api.rows("dh_websitevisitors")] == ["b"]


@pytest.mark.usefixtures("visitor")
def test_inserts_by_alternate_key_create_rows_and_change_none(api):
    body = multipart(
        "b",
        part("PATCH", VISITOR.format("v1"), {"dh_name": "b"}, If_None_Match="*"),
        part("PATCH", VISITOR.format("v2"), {"dh_name": "c"}, If_None_Match="*"),
    )
    response = api.batch(body, prefer="odata.continue-on-error")

    assert statuses(response) == [412, 204]
    assert [row["dh_name"] for row in api.rows("dh_websitevisitors")] == ["a", "c"]


def test_a_claim_in_a_batch_answers_the_version_that_later_writes_need(api, contact):
    old = api.get(f"contacts({contact})").json()["@odata.etag"]
    claim = part(
        "PATCH",
        f"contacts({contact})?$select=contactid",
        {"lastname": "x"},
        If_Match=old,
        Prefer="return=representation",
    )
    claimed = api.batch(multipart("b", claim))
    (version,) = set(re.findall(r"^ETag: (.+?)\r?$", claimed.text, re.MULTILINE))
    writes = [part("PATCH", f"contacts({contact})", {"lastname": "y"}, If_Match=etag) for etag in (old, version)]
    written = api.batch(multipart("b", *writes), prefer="odata.continue-on-error")

    assert (statuses(claimed), statuses(written)) == ([200], [412, 204])
    assert last_names(api) == ["y"]


def test_a_write_with_a_version_changes_nothing_once_somebody_else_wrote(api, contact):
    old = api.get(f"contacts({contact})").json()["@odata.etag"]
    api.patch(f"contacts({contact})", {"firstname": "Other"})
    response = api.batch(multipart("b", part("PATCH", f"contacts({contact})", {"lastname": "x"}, If_Match=old)))

    assert statuses(response) == [412]
    assert "0x80060882" in response.text
    assert last_names(api) == ["de Wit"]


def test_a_write_to_a_row_that_is_gone_is_not_found(api, contact):
    old = api.get(f"contacts({contact})").json()["@odata.etag"]
    api.delete(f"contacts({contact})")
    writes = [part("PATCH", f"contacts({contact})", {"lastname": "x"}, If_Match=etag) for etag in (old, "*")]
    response = api.batch(multipart("b", *writes), prefer="odata.continue-on-error")

    assert statuses(response) == [404, 404]
    assert last_names(api) == []


def test_a_change_set_happens_as_a_whole(api):
    body = multipart(
        "b",
        change_set(
            part("POST", "contacts", {"lastname": "a"}, content_id="1"),
            part("POST", "contacts", {"lastname": "b"}, content_id="2"),
        ),
    )
    response = api.batch(body)

    assert statuses(response) == [204, 204]
    assert "Content-ID: 2" in response.text
    assert last_names(api) == ["a", "b"]


def test_a_change_set_fails_as_a_whole(api, standin, contact):
    body = multipart(
        "b",
        change_set(
            part("PATCH", f"contacts({contact})", {"lastname": "x"}, content_id="1"),
            part("POST", "contacts", {"lastname": "a"}, content_id="2"),
            part("DELETE", "contacts(d00d0000-2222-4f11-9f89-000d3ab0c020)", content_id="3"),
        ),
        part("POST", "contacts", {"lastname": "after"}),
    )
    before = standin.side("journal")
    response = api.batch(body, prefer="odata.continue-on-error")

    assert statuses(response) == [404, 204]
    assert "Content-ID: 3" in response.text
    assert last_names(api) == ["de Wit", "after"]
    assert len(standin.side("journal")) == len(before) + 1


def test_requests_of_a_change_set_refer_to_rows_made_before(api):
    body = multipart(
        "b",
        change_set(
            part("POST", "contacts", {"lastname": "a"}, content_id="1"),
            part("POST", "dh_spotlerjobs", {"dh_CustomerId_contact@odata.bind": "$1"}, content_id="2"),
            part("PATCH", "$1", {"firstname": "A"}, content_id="3"),
            part("POST", "dh_spotlerjobs", {"dh_CustomerId_contact@odata.bind": "/$1"}, content_id="4"),
        ),
    )
    response = api.batch(body)
    (row,) = api.rows("contacts?$select=fullname")
    customers = {job["_dh_customerid_value"] for job in api.rows("dh_spotlerjobs?$select=_dh_customerid_value")}

    assert statuses(response) == [204] * 4
    assert (row["fullname"], customers) == ("A a", {row["contactid"]})


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(part("GET", "contacts", content_id="1"), id="read in a change set"),
        pytest.param(part("POST", "contacts", {"lastname": "a"}), id="no content id"),
    ],
)
def test_change_sets_that_are_refused(api, inner):
    response = api.batch(multipart("b", change_set(inner)))

    assert statuses(response) == [400]
    assert last_names(api) == []


def test_a_batch_within_a_batch_is_refused(api):
    assert statuses(api.batch(multipart("b", part("POST", "$batch", {})))) == [400]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", "{}"),
        ("multipart/mixed", "--b--"),
        ("multipart/mixed; boundary=b", ""),
        ("multipart/mixed; boundary=b", "--b\r\nContent-Type: application/http\r\n\r\nGET WhoAmI HTTP/1.1\r\n\r\n"),
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole_with_json(api, content_type, body):
    response = api.batch(body, content_type)

    assert (response.status_code, error_code(response)) == (400, "0x80048d19")


def test_a_thousand_operations_are_the_most(api):
    operation = part("GET", "WhoAmI")
    allowed = api.batch(multipart("b", *[operation] * 1000))
    refused = api.batch(multipart("b", *[operation] * 1001))

    assert statuses(allowed) == [200] * 1000
    assert refused.status_code == 400


def test_an_address_in_a_batch_may_have_64_kilobytes(api):
    def length(size):
        return part("GET", f"contacts?$filter=lastname%20eq%20'{'x' * size}'")

    assert statuses(api.batch(multipart("b", length(60_000)))) == [200]
    assert statuses(api.batch(multipart("b", length(66_000)))) == [414]


def test_a_batch_is_one_http_call(api, standin):
    standin.side("calls/reset", {})
    api.batch(multipart("b", *[part("GET", "contacts")] * 3))
    report = standin.side("calls")

    assert (report["total"], report["inner_total"]) == (1, 3)
    assert report["inner"] == [{"method": "GET", "set": "contacts", "status": 200, "count": 3}]
