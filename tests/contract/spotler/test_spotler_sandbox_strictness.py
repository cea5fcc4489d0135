"""What the service is not known to ignore is refused, so that no client can rely on it."""

import pytest

from sandbox.spotler.dialect import NEWEST
from sandbox.spotler.resources import ROUTES
from sandbox.spotler.routing import Router
from sandbox.spotler.seed import CAMPAIGN_ID, CAMPAIGN_TRIGGER_ID, FORM_ID, WELCOME_AUTOMATION_ID, WELCOME_TRIGGER_CODE
from sandbox.spotler.settings import Settings
from tests.contract.spotler.support import error_of

INTERVAL = {"fromDate": "2024-01-01", "toDate": "2024-01-02"}

#: Of every call with a body: one with an unknown member at the place that `%` marks.
BODIES = {
    "POST /contact": {"contact": {"externalId": "n", "properties": {"email": "n@example.org"}, "%": 1}},
    "PUT /contact": {"contact": {"externalId": "c-1", "properties": {"city": "X"}}, "%": 1},
    "PUT /contact/c-1": {"contact": {"properties": {"city": "X"}}, "%": 1},
    "POST /contact/list": {"contacts": [{"externalId": "n", "properties": {"email": "n@example.org"}, "%": 1}]},
    "POST /subscription/subscribe": {"properties": {"email": "n@example.org"}, "%": 1},
    "POST /tag": {"name": "New", "%": 1},
    "POST /contact/c-1/tags": {"tags": [{"name": "New", "%": 1}]},
    "DELETE /contact/c-1/tags": {"tags": [{"name": "Lead", "%": 1}]},
    f"POST /automation/trigger/{WELCOME_TRIGGER_CODE}": {"externalContactId": "c-1", "%": 1},
    f"POST /automation/{WELCOME_AUTOMATION_ID}/stop": {"externalContactId": "c-1", "%": 1},
    f"POST /campaign/trigger/{CAMPAIGN_TRIGGER_ID}": {"externalContactId": "c-1", "%": 1},
    f"POST /campaign/{CAMPAIGN_ID}/stop": {"externalContactId": "c-1", "%": 1},
    "POST /audience": {"externalId": "new", "name": "New", "%": 1},
    "PUT /audience/hot": {"externalId": "hot", "name": "New", "%": 1},
    "POST /audience/hot/contact": {"contacts": ["c-1"], "%": 1},
    "DELETE /audience/hot/contact": {"contacts": ["c-1"], "%": 1},
    "POST /templist": {"externalTemporaryListId": "n", "name": "N", "%": 1},
    "POST /templist/t-1": {"contacts": ["c-1"], "%": 1},
    "POST /product": {"product": {"externalId": "p-9", "%": 1}},
    "PUT /product/p-1": {"product": {"externalId": "p-1", "%": 1}},
    "POST /order": {"order": {"externalId": "o-1", "%": 1}},
    "PUT /order/o-1": {"order": {"externalId": "o-1", "%": 1}},
    "POST /conversion": {"mailplusId": "x.y", "%": 1},
    f"POST /form/{FORM_ID}": {"postUrl": "https://shop.example/", "%": 1},
    f"POST /form/result/{FORM_ID}": {"postUrl": "https://shop.example/", "formParams": {}, "%": 1},
}
#: Calls whose body is ignored, whatever is in it.
BODY_IGNORED = {"PUT /contact/anonymize/{externalId}", "PUT /contact/inactivate/{externalId}"}


@pytest.fixture
def account(api, door):
    door.contacts({"externalId": "c-1", "properties": {"email": "a@example.org"}, "tags": {"Lead": None}})
    door.post(
        "lists",
        audiences=[{"externalId": "hot", "name": "Hot", "members": ["c-1"]}],
        temporaryLists=[{"externalId": "t-1", "name": "List"}],
    )
    order = {"externalId": "o-1", "externalContactId": "c-1", "date": "2024-01-01", "value": 1}
    api.post("/order", {"order": {**order, "externalProductIds": ["p-1"]}})
    door.settings(audience_error_bodies=True)
    return api


def named(body, name):
    """The body with the marked member under another name."""
    if isinstance(body, dict):
        return {name if key == "%" else key: named(value, name) for key, value in body.items()}
    return [named(each, name) for each in body] if isinstance(body, list) else body


@pytest.mark.parametrize("call", BODIES)
def test_unknown_member_is_named_and_nothing_is_written(account, door, call):
    before = door.journal()

    answer = account.call(*call.split(), named(BODIES[call], "extra"))

    assert error_of(answer) == (400, "INVALID_PARAMS")
    assert "unknown member: extra" in answer.json()["message"]
    assert door.journal() == before


def test_every_call_with_a_body_was_tried():
    router, settings = Router(ROUTES), Settings()
    tried = {router.find(method, NEWEST.prefix, path, settings)[0].name for method, path in map(str.split, BODIES)}
    takes_one = {route.name for route in ROUTES if route.method in {"POST", "PUT"} or route.with_body}

    assert tried == takes_one - BODY_IGNORED


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.lenient], ids=lambda route: route.name)
def test_unknown_query_parameter_is_refused_by_every_call(account, route):
    path = route.template.replace("{", "").replace("}", "")

    answer = account.call(route.method, path, params={"fromdate": "2024-01-01"})

    assert (error_of(answer), "fromdate" in answer.json()["message"]) == ((400, "INVALID_PARAMS"), True)


def test_what_real_clients_send_in_vain_is_ignored(account):
    assert account.get("/campaign/list", rest="1", pageSize="5").status_code == 200
    assert account.get("/contact/c-1/mailings", pageSize="1").status_code == 200


def test_parameter_that_comes_twice_is_refused(account):
    answer = account.call("GET", "/contact/updates/list?pageSize=5&pageSize=6", params=INTERVAL)

    assert error_of(answer) == (400, "INVALID_PARAMS")


@pytest.mark.parametrize(
    "call", ["GET /contact/c-1", "DELETE /audience/hot", "DELETE /templist/t-1", "DELETE /order/o-1", "GET /tag/list"]
)
def test_body_where_none_belongs_is_refused(account, door, call):
    before = door.journal()

    assert error_of(account.call(*call.split(), {"externalId": "c-1"})) == (400, "INVALID_PARAMS")
    assert door.journal() == before


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("If-Match", '"1"', 400),
        ("If-None-Match", "*", 400),
        ("Prefer", "return=representation", 400),
        ("Range", "bytes=0-1", 400),
        ("X-HTTP-Method-Override", "DELETE", 400),
        ("Content-Encoding", "gzip", 415),
        ("Content-Type", "application/json; charset=iso-8859-1", 415),
    ],
)
def test_header_that_would_change_the_meaning_is_refused(account, door, name, value, status):
    before = door.journal()

    answer = account.call("PUT", "/contact/inactivate/c-1", {}, headers={name: value})

    assert error_of(answer) == (status, "INVALID_PARAMS")
    assert door.journal() == before


def test_headers_of_any_http_client_are_fine(account):
    headers = {
        "Content-Type": 'application/json; charset="UTF-8"',
        "traceparent": "00-1-1-00",
        "Cache-Control": "no-cache",
    }

    assert account.call("POST", "/tag", {"name": "a"}, headers=headers).status_code == 204


@pytest.mark.parametrize(
    "path",
    [
        "/form/list?formSubType=other",
        "/form/list?formState=gone",
        f"/form/result/{FORM_ID}?completed=false",
        f"/form/{FORM_ID}?postUrl=x&extraParams=a",
        f"/form/{FORM_ID}?postUrl=x&outputMode=LIST",
        "/product/search?MPSearchQuery=colour=red",
        "/product/search?MPSearchQuery=name",
        "/contact/search?pageSize=1&MPSearchQuery=city=a%26city=b",
    ],
)
def test_value_that_means_nothing_is_refused(account, path):
    assert error_of(account.get(path)) == (400, "INVALID_PARAMS")
