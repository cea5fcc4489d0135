from urllib.parse import parse_qs, urlsplit

import pytest

from connector.dataverse.api import (
    NotDataverse,
    NotFound,
    Query,
    etag,
    filters,
    formatted,
    lookup_id,
    lookup_table,
    text,
)
from connector.dataverse.api.client import LONGEST_ADDRESS
from connector.errors import Misconfigured, Transient
from tests.unit.dataverse_client.wire import batch_answer, error_body, inner_answer, read_batch
from tests.unit.scripted_server import Answer

ID = "5531d753-95af-e711-a94e-000d3a11e605"


def asked(received):
    """The query of a request, decoded."""
    return {name: values[0] for name, values in parse_qs(urlsplit(received.path).query).items()}


def test_a_query_asks_for_what_it_is_given(server, dataverse):
    server.answer(Answer(200, {"value": [{"fullname": "A"}]}))

    rows = dataverse.query(
        "contacts",
        select=["fullname", "_parentcustomerid_value"],
        filter=filters.eq("lastname", "O'Neil & Zoë + 100%"),
        orderby=["createdon desc", "fullname"],
        top=5,
        expand=["parentcustomerid_account($select=name)"],
    )

    assert rows == [{"fullname": "A"}]
    assert server.received[0].path.startswith("/api/data/v9.2/contacts?")
    assert asked(server.received[0]) == {
        "$select": "fullname,_parentcustomerid_value",
        "$filter": "lastname eq 'O''Neil & Zoë + 100%'",
        "$orderby": "createdon desc,fullname",
        "$top": "5",
        "$expand": "parentcustomerid_account($select=name)",
    }


def test_every_call_carries_the_token_and_the_version_of_odata(server, dataverse, tokens):
    server.answer(Answer(200, {"value": []}))

    dataverse.query("contacts", select=["fullname"])

    headers = server.received[0].headers
    assert headers["authorization"] == "Bearer token 1"
    assert headers["accept"] == "application/json"
    assert headers["odata-version"] == headers["odata-maxversion"] == "4.0"
    assert tokens.scopes == {f"{server.url}/.default"}


def test_all_pages_are_read_with_the_same_preferences(server, dataverse):
    link = f"{server.url}/api/data/v9.2/contacts?$select=fullname&$skiptoken=%3Ccookie%20pagenumber=%222%22%20/%3E"
    server.answer(
        Answer(200, {"value": [{"n": 1}, {"n": 2}], "@odata.nextLink": link}),
        Answer(200, {"value": [{"n": 3}]}),
    )

    rows = dataverse.query("contacts", select=["fullname"], annotations=True, page_size=2)

    first, second = server.received
    assert [row["n"] for row in rows] == [1, 2, 3]
    assert asked(second)["$skiptoken"] == '<cookie pagenumber="2" />'
    assert first.headers["prefer"] == second.headers["prefer"]
    assert first.headers["prefer"].startswith("odata.maxpagesize=2,odata.include-annotations=")


def test_pages_are_fetched_only_when_they_are_wanted(server, dataverse):
    link = f"{server.url}/api/data/v9.2/contacts?$skiptoken=2"
    server.answer(Answer(200, {"value": [{"n": 1}], "@odata.nextLink": link}))

    pages = dataverse.pages(Query(set_name="contacts", select=["n"]))

    assert next(pages) == [{"n": 1}]
    assert len(server.received) == 1


def test_a_link_to_another_host_never_gets_the_token(server, dataverse):
    link = "https://elsewhere.example/api/data/v9.2/contacts?$skiptoken=2"
    server.answer(Answer(200, {"value": [], "@odata.nextLink": link}), Answer(200, {"value": [{"n": 1}]}))

    assert dataverse.query("contacts", select=["n"]) == [{"n": 1}]
    assert server.received[1].path == "/api/data/v9.2/contacts?$skiptoken=2"


def test_a_link_back_to_a_page_is_not_followed_for_ever(server, dataverse):
    link = f"{server.url}/api/data/v9.2/contacts?$skiptoken=2"
    server.answer(Answer(200, {"value": [{"n": 1}], "@odata.nextLink": link}))

    with pytest.raises(NotDataverse, match="did not answer GET contacts like Dataverse"):
        dataverse.query("contacts", select=["n"])
    assert len(server.received) == 2


def test_the_page_size_is_not_combined_with_top(server, dataverse):
    server.answer(Answer(200, {"value": []}))

    dataverse.query("contacts", select=["n"], top=3, page_size=100)

    assert "prefer" not in server.received[0].headers


def test_a_query_that_is_too_long_for_an_address_travels_in_a_batch(server, dataverse):
    names = [f"name {number}" for number in range(3000)]
    server.answer(batch_answer(inner_answer(200, {"value": [{"n": 1}]})))

    rows = dataverse.query("contacts", select=["n"], filter=filters.in_("fullname", names), annotations=True)

    assert rows == [{"n": 1}]
    (inner,) = read_batch(server.received[0])
    assert inner.first_line.startswith("GET /api/data/v9.2/contacts?$select=n&$filter=Microsoft.Dynamics.CRM.In(")
    assert inner.first_line.endswith(" HTTP/1.1")
    assert len(inner.first_line) > LONGEST_ADDRESS
    assert "include-annotations" in inner.headers["prefer"]


def test_a_refusal_inside_that_batch_is_raised(server, dataverse):
    server.answer(batch_answer(inner_answer(404, error_body("0x80040217"))))

    with pytest.raises(NotFound):
        dataverse.query("contacts", select=["n"], filter=filters.in_("x", map(str, range(9000))))


def test_retrieve_reads_one_row_by_id(server, dataverse):
    server.answer(Answer(200, {"fullname": "A", "@odata.etag": 'W/"12"'}))

    row = dataverse.retrieve("contacts", ID, ["fullname"])

    assert server.received[0].path == f"/api/data/v9.2/contacts({ID})?$select=fullname"
    assert etag(row) == 'W/"12"'


def test_retrieve_reads_one_row_by_alternate_key(server, dataverse):
    server.answer(Answer(200, {"@odata.etag": 'W/"1"', "dh_name": "A"}))

    dataverse.retrieve("dh_spotlerinfos", filters.key({"dh_recordid": "A'/ë"}), ["dh_name"])

    assert server.received[0].path == "/api/data/v9.2/dh_spotlerinfos(dh_recordid='A''%2F%C3%AB')?$select=dh_name"


@pytest.mark.parametrize("answer", [Answer(404, b"<html>"), Answer(404), Answer(200, {}), Answer(200, [])])
def test_what_is_not_the_web_api_says_nothing_about_a_row(server, dataverse, answer):
    server.answer(answer)

    with pytest.raises(NotDataverse):
        dataverse.retrieve("contacts", ID, ["fullname"])


def test_a_row_that_is_not_there_is_not_found(server, dataverse):
    server.answer(Answer(404, error_body("0x80040217", f"Entity 'Contact' With Id = {ID} Does Not Exist")))

    with pytest.raises(NotFound) as caught:
        dataverse.retrieve("contacts", ID, ["fullname"])

    assert caught.value.result_code == "DATAVERSE_NOT_FOUND"
    assert caught.value.dataverse_code == "0x80040217"
    assert ID not in caught.value.for_people


def test_who_am_i(server, dataverse):
    server.answer(Answer(200, {"UserId": ID}))

    assert dataverse.who_am_i() == {"UserId": ID}
    assert server.received[0].path == "/api/data/v9.2/WhoAmI"


def test_values_beside_the_columns_are_read_by_name():
    row = {
        "_dh_customerid_value": ID,
        "_dh_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "account",
        "statuscode": 2,
        "statuscode@OData.Community.Display.V1.FormattedValue": "Queued",
        "dh_name": None,
    }

    assert lookup_id(row, "dh_customerid") == ID
    assert lookup_table(row, "dh_customerid") == "account"
    assert formatted(row, "statuscode") == "Queued"
    assert text(row, "statuscode") == "2"
    assert text(row, "dh_name") is text(row, "absent") is None


def test_an_expired_token_is_replaced_once(server, dataverse):
    server.answer(Answer(401), Answer(200, {"UserId": ID}))

    dataverse.who_am_i()

    assert [request.headers["authorization"] for request in server.received] == ["Bearer token 1", "Bearer token 2"]


def test_a_token_that_is_refused_twice_is_misconfigured(server, dataverse):
    server.answer(Answer(401))

    with pytest.raises(Misconfigured, match="refused the token for GET WhoAmI"):
        dataverse.who_am_i()
    assert len(server.received) == 2


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"", b"[]"])
def test_a_success_that_is_no_json_object_is_not_dataverse(server, dataverse, body):
    server.answer(Answer(200, body))

    with pytest.raises(NotDataverse, match="like Dataverse"):
        dataverse.who_am_i()


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}, {"value": ["row"]}, {"message": "Welcome"}])
def test_an_answer_without_rows_is_not_taken_for_no_rows(server, dataverse, body):
    server.answer(Answer(200, body))

    with pytest.raises(NotDataverse, match="did not answer GET contacts like Dataverse"):
        dataverse.query("contacts", select=["n"])


def test_nor_is_one_that_comes_in_a_batch(server, dataverse):
    server.answer(batch_answer(inner_answer(200, {})))

    with pytest.raises(NotDataverse, match="did not answer GET contacts like Dataverse"):
        dataverse.query("contacts", select=["n"], filter=filters.in_("x", map(str, range(9000))))


def test_a_redirect_is_not_followed(server, dataverse):
    server.answer(Answer(302, headers={"Location": "https://login.example/"}))

    with pytest.raises(NotDataverse, match="302"):
        dataverse.who_am_i()
    assert len(server.received) == 1


def test_throttling_names_the_pause(server, dataverse):
    server.answer(Answer(429, error_body("0x80072322"), {"Retry-After": "299"}))

    with pytest.raises(Transient) as caught:
        dataverse.who_am_i()
    assert caught.value.retry_after == 299
