"""The vendor's published description (Swagger 1.2) is read where it lies; nothing of it is copied."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sandbox.spotler.resources import ROUTES
from sandbox.spotler.seed import (
    CAMPAIGN_ID,
    CAMPAIGN_MAILING_ID,
    FORM_ID,
    MAILING_ID,
    WELCOME_TRIGGER_CODE,
)

DESCRIPTION = Path(__file__).parents[4] / "shared" / "reference" / "spotler-swagger-1.2.json"

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason=f"the published description is not at {DESCRIPTION}")

DOCUMENTS = json.loads(DESCRIPTION.read_text()) if DESCRIPTION.exists() else []
OPERATIONS = {
    f"{operation['method']} {api['path']}": (document, operation)
    for document in DOCUMENTS
    for api in document["apis"]
    for operation in api["operations"]
}

#: An example per id in a path; where the same name means different things, the path decides.
IDS = {
    "{formId}": str(FORM_ID),
    "{encryptedCampaignId}": CAMPAIGN_ID,
    "{campaignSubscriptionId}": "1",
    "{externalProductId}": "p-1",
    "{triggerCode}": WELCOME_TRIGGER_CODE,
}
QUERY = {
    "fromDate": "2000-01-01",
    "toDate": "2100-01-01",
    "pageSize": "10",
    "MPSearchQuery": "email=a@example.org",
    "postUrl": "https://shop.example/",
}
BODIES = {
    "POST /audience": {"externalId": "new", "name": "New"},
    "PUT /audience/{externalId}": {"externalId": "hot", "name": "Hotter"},
    "POST /form/{formId}": {"postUrl": "https://shop.example/", "prefilledValues": {"1": ["a@example.org"]}},
    "POST /form/result/{formId}": {"postUrl": "https://shop.example/", "formParams": {"2": ["Ann"]}},
    "POST /contact/list": {"contacts": [{"externalId": "c-2", "properties": {"email": "b@example.org"}}]},
}


def schema_of(document, described):
    """A property or answer of Swagger 1.2 as JSON Schema."""
    reference = described.get("$ref") or described["type"]
    if "enum" in described:
        return {"enum": described["enum"]}
    if reference == "array":
        return {"type": "array", "items": schema_of(document, described["items"])}
    if reference in document.get("models", {}):
        return {"$ref": f"#/$defs/{reference}"}
    if reference == "date-time":
        return {"type": "string", "format": "date-time"}
    if reference.startswith("Map["):
        return {"type": "object"}
    return {"type": reference}


def definitions(document):
    return {
        name: {
            "type": "object",
            "properties": {member: schema_of(document, described) for member, described in model["properties"].items()},
            "required": model.get("required", []),
            "additionalProperties": False,
        }
        for name, model in document.get("models", {}).items()
    }


@pytest.fixture
def account(api, door):
    """An account in which every reading call finds something."""
    door.contacts({"externalId": "c-1", "properties": {"email": "a@example.org", "birthday": "2000-01-31"}})
    for mailing, passage in ((MAILING_ID, None), (CAMPAIGN_MAILING_ID, 1)):
        about = {"externalId": "c-1", "mailing": mailing, "passage": passage}
        door.emit(*({"type": kind, **about} for kind in ("sent", "open", "click", "bounce")))
    door.emit({"type": "form", "externalId": "c-1", "answers": {"2": "Ann"}})
    door.post(
        "lists",
        audiences=[{"externalId": "hot", "name": "Hot"}],
        temporaryLists=[{"externalId": "t-1", "name": "List"}],
    )
    return api


def filled(template):
    path = template
    for name, value in IDS.items():
        path = path.replace(name, value)
    mailing = CAMPAIGN_MAILING_ID if template.startswith("/campaign-mailing") else MAILING_ID
    owner = "hot" if template.startswith("/audience") else "c-1"
    return path.replace("{encryptedMailingId}", mailing).replace("{externalId}", owner)


def test_description_is_the_one_that_is_meant():
    assert len(OPERATIONS) == 65


@pytest.mark.parametrize("name", OPERATIONS)
def test_published_operation_has_a_route_of_the_same_template(name):
    assert name in {f"{route.method} {route.template}" for route in ROUTES}


@pytest.mark.parametrize("name", OPERATIONS)
def test_route_knows_the_published_query_parameters(name):
    route = next(route for route in ROUTES if route.name == name)
    published = {p["name"] for p in OPERATIONS[name][1]["parameters"] if p["paramType"] == "query"}

    assert set(route.query) == published


@pytest.mark.parametrize("name", OPERATIONS)
def test_route_is_bare_where_the_published_refusals_have_no_model(name):
    route = next(route for route in ROUTES if route.name == name)
    refusals = [m for m in OPERATIONS[name][1].get("responseMessages", ()) if m["code"] >= 400]
    without_model = [m["code"] for m in refusals if "responseModel" not in m]

    assert route.bare == (bool(without_model) and name != "POST /contact/list")


def holds_records(answer):
    """An empty list would fit any shape."""
    lists = [answer] if isinstance(answer, list) else [answer[name] for name in LISTS & answer.keys()]
    return all(lists)


#: The members under which pages hold their records.
LISTS = {
    *("contacts", "bounces", "mailingHistories", "campaignMailingHistories", "formHistories"),
    *("recipients", "opens", "clicks", "interactions", "trendReports"),
}

READS = [
    name for name, (_, operation) in OPERATIONS.items() if operation["type"] != "void" and "{formResultId}" not in name
]


@pytest.mark.parametrize("name", READS)
def test_answer_has_the_published_shape(account, name):
    document, operation = OPERATIONS[name]
    method, template = name.split()
    wanted = {p["name"] for p in operation["parameters"] if p["paramType"] == "query"}
    query = {parameter: value for parameter, value in QUERY.items() if parameter in wanted}
    if template == "/product/search":
        query["MPSearchQuery"] = "name=Product p-1"

    answer = account.call(method, filled(template), BODIES.get(name), params=query)

    assert answer.status_code == 200, answer.text
    schema = schema_of(document, operation) | {"$defs": definitions(document)}
    Draft202012Validator(schema).validate(answer.json())
    assert holds_records(answer.json()) or template == "/product/custom-properties/list"


def test_form_result_has_the_published_shape(account):
    document, operation = OPERATIONS["GET /form/result/{formId}/{formResultId}"]
    first = account.get(f"/form/result/{FORM_ID}").json()[0]["formResultId"]

    answer = account.get(f"/form/result/{FORM_ID}/{first}")

    schema = schema_of(document, operation) | {"$defs": definitions(document)}
    Draft202012Validator(schema).validate(answer.json())


@pytest.mark.parametrize("path", ["/contact/nobody", "/mailing/none", "/product/none", "/form/99?postUrl=x"])
def test_refusal_has_the_published_shape(account, path):
    document = next(d for d in DOCUMENTS if "ErrorResponse" in d.get("models", {}))
    schema = {"$ref": "#/$defs/ErrorResponse", "$defs": definitions(document)}
    answer = account.call("GET", path)

    assert answer.status_code == 404
    Draft202012Validator(schema).validate(answer.json())
