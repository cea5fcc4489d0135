"""Accounts and bases that lack a call, and what stands in its place."""

import pytest

from sandbox.spotler.resources import ROUTES
from sandbox.spotler.routing import Router
from sandbox.spotler.settings import Settings
from tests.contract.spotler.support import FROZEN, NEWEST, error_of


def page_of(response):
    """Status and content type: nothing of a page is the API's."""
    return response.status_code, response.headers["content-type"]


NOT_FOUND = (404, "text/html;charset=utf-8")


def test_call_is_missing_at_one_base_only(api, frozen, door):
    door.settings(missing_routes={FROZEN.prefix: ["* /audience*", "* /tag*"]})

    assert page_of(frozen.post("/audience", {"externalId": "hot", "name": "Hot"})) == NOT_FOUND
    assert page_of(frozen.get("/tag/list")) == NOT_FOUND
    assert api.post("/audience", {"externalId": "hot", "name": "Hot"}).status_code == 200
    assert (api.get("/tag/list").status_code, frozen.get("/campaign/list").status_code) == (200, 200)


def test_whole_base_can_be_missing(api, frozen, door):
    door.settings(missing_routes={FROZEN.prefix: ["*"]})

    assert {page_of(frozen.call(route.method, route.template)) for route in ROUTES} == {NOT_FOUND}
    assert api.get("/campaign/list").status_code == 200


def test_path_with_other_methods_is_405(api, ann, door):
    door.settings(missing_routes={NEWEST.prefix: ["POST /contact/{externalId}/tags"]})

    answer = api.post(f"/contact/{ann}/tags", {"tags": [{"name": "Lead"}]})

    assert page_of(answer) == (405, "text/html;charset=utf-8")
    assert answer.headers["allow"] == "DELETE, GET"
    assert api.get(f"/contact/{ann}/tags").status_code == 200


def test_what_the_missing_path_could_name_instead_is_looked_for(api, door):
    door.settings(missing_routes={NEWEST.prefix: ["GET /contact/search"]})

    assert error_of(api.get("/contact/search")) == (404, "CONTACT_NOT_FOUND")


def test_settings_bring_a_call_back(api, door):
    door.settings(missing_routes={NEWEST.prefix: ["GET /tag/list"]})
    assert page_of(api.get("/tag/list")) == NOT_FOUND

    door.settings(missing_routes={})

    assert api.get("/tag/list").status_code == 200


@pytest.mark.parametrize("missing", [{"/api": ["*"]}, {FROZEN.prefix: ["GET /nothing"]}, {FROZEN.prefix: "*"}])
def test_unknown_base_or_call_is_refused(api, door, missing):
    with pytest.raises(RuntimeError, match="refused"):
        door.settings(missing_routes=missing)

    assert api.get("/tag/list").status_code == 200


NOT_THERE = [
    ("GET /contact/none", "CONTACT_NOT_FOUND"),
    ("PUT /contact/none", "CONTACT_NOT_FOUND"),
    ("PUT /contact/anonymize/none", "CONTACT_NOT_FOUND"),
    ("PUT /contact/inactivate/none", "CONTACT_NOT_FOUND"),
    ("GET /contact/none/mailings", "CONTACT_NOT_FOUND"),
    ("GET /contact/none/campaign-mailings", "CONTACT_NOT_FOUND"),
    ("GET /contact/none/forms", "CONTACT_NOT_FOUND"),
    ("GET /contact/none/tags", "CONTACT_NOT_FOUND"),
    ("POST /contact/none/tags", "CONTACT_NOT_FOUND"),
    ("DELETE /contact/none/tags", "CONTACT_NOT_FOUND"),
    ("POST /automation/none/stop", "RESOURCE_NOT_FOUND"),
    ("POST /campaign/trigger/none", "TRIGGER_NOTFOUND"),
    ("POST /campaign/none/stop", "CAMPAIGN_NOTFOUND"),
    ("GET /campaign/none/mailing", "CAMPAIGN_NOTFOUND"),
    ("POST /templist/none", "RESOURCE_NOT_FOUND"),
    ("DELETE /templist/none", "RESOURCE_NOT_FOUND"),
    ("GET /mailing/none", "MAILING_NOTFOUND"),
    ("GET /mailing/none/recipients", "MAILING_NOTFOUND"),
    ("GET /mailing/none/opens", "MAILING_NOTFOUND"),
    ("GET /mailing/none/clicks", "MAILING_NOTFOUND"),
    ("GET /mailing/none/bounces", "MAILING_NOTFOUND"),
    ("GET /mailing/none/opens/c-1", "MAILING_NOTFOUND"),
    ("GET /mailing/none/clicks/c-1", "MAILING_NOTFOUND"),
    ("GET /mailing/none/statistics", "MAILING_NOTFOUND"),
    ("GET /campaign-mailing/none", "MAILING_NOTFOUND"),
    ("GET /campaign-mailing/none/recipients", "MAILING_NOTFOUND"),
    ("GET /campaign-mailing/none/opens", "MAILING_NOTFOUND"),
    ("GET /campaign-mailing/none/clicks", "MAILING_NOTFOUND"),
    ("GET /campaign-mailing/none/bounces", "MAILING_NOTFOUND"),
    ("GET /campaign-mailing/none/opens/1", "MAILING_NOTFOUND"),
    ("GET /campaign-mailing/none/clicks/1", "MAILING_NOTFOUND"),
    ("GET /product/none", "PRODUCT_NOTFOUND"),
    ("PUT /product/none", "PRODUCT_NOTFOUND"),
    ("DELETE /product/none", "PRODUCT_NOTFOUND"),
    ("PUT /order/none", "ORDER_NOTFOUND"),
    ("DELETE /order/none", "ORDER_NOTFOUND"),
    ("GET /form/99", "FORM_NOT_FOUND"),
    ("POST /form/99", "FORM_NOT_FOUND"),
    ("GET /form/result/99", "FORM_NOT_FOUND"),
    ("POST /form/result/99", "FORM_NOT_FOUND"),
    ("GET /form/result/99/1", "FORM_NOT_FOUND"),
    ("GET /form/result/7/99", "FORMRESULT_NOT_FOUND"),
]


@pytest.mark.parametrize(("call", "error_type"), NOT_THERE)
def test_object_that_is_not_there_is_said_so_by_the_api_itself(api, call, error_type):
    assert error_of(api.call(*call.split())) == (404, error_type)


def test_every_call_that_names_an_object_was_tried():
    """The trigger of an automation answers with a model of its own, and audiences without a body."""
    router, settings = Router(ROUTES), Settings()
    tried = {router.find(*_parts(call), settings)[0].name for call, _ in NOT_THERE}
    name_one = {route.name for route in ROUTES if "{" in route.template and not route.bare}

    assert tried == name_one - {"POST /automation/trigger/{triggerCode}"}


def _parts(call):
    method, path = call.split()
    return method, NEWEST.prefix, path
