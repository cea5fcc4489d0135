import pytest

from sandbox.spotler.seed import FORM_EMAIL_FIELD, FORM_FIRST_NAME_FIELD, FORM_ID, MAILING_ID
from sandbox.spotler.settings import DEFAULT_KEY, DEFAULT_SECRET
from tests.contract.spotler.support import error_of


def product(external_id="p-9", **changes):
    page = "https://shop.example/p-9"
    members = {
        "externalId": external_id,
        "name": "Spade",
        "link": page,
        "price": "1995",
        "imageUrl": f"{page}.png",
        "imageLargeUrl": f"{page}.png",
    }
    return {"update": False, "product": members | changes}


def order(external_id="o-1", **changes):
    members = {
        "externalId": external_id,
        "externalContactId": "c-1",
        "date": "2024-06-01T12:00:00+02:00",
        "value": "4995",
        "externalProductIds": ["p-1", "p-2"],
    }
    return {"order": members | changes}


def test_product_is_inserted_updated_read_and_marked_deleted(api):
    assert error_of(api.put("/product/p-9", product())) == (404, "PRODUCT_NOTFOUND")
    assert api.post("/product", product(visible="false")).status_code == 204
    assert error_of(api.post("/product", product())) == (400, "ID_NOTUNIQUE")
    assert api.put("/product/p-9", product(name="Shovel")).status_code == 204
    assert api.get("/product/p-9").json()["name"] == "Shovel"
    assert api.delete("/product/p-9").status_code == 204
    assert api.get("/product/p-9").json()["deleted"] is True


@pytest.mark.parametrize(
    "changes",
    [
        {"price": None},
        {"price": "19.95"},
        {"name": ""},
        {"link": None},
        {"imageUrl": ""},
        {"customProperties": {"colour": None}},
        {"customProperties": {"colour": "x" * 256}},
        {"stock": "SOME"},
        {"visible": "perhaps"},
    ],
)
def test_incomplete_product_is_400(api, changes):
    assert error_of(api.post("/product", product(**changes))) == (400, "INVALID_PARAMS")


def test_products_are_searched_and_custom_properties_listed(api):
    api.post("/product", product(customProperties={"colour": "red"}))

    found = api.get("/product/search", MPSearchQuery="name=Spade").json()
    assert [each["externalId"] for each in found] == ["p-9"]
    assert api.get("/product/custom-properties/list").json() == [{"name": "colour"}]


def test_shop_belongs_to_one_edition(api, door):
    door.settings(credentials=[{"key": DEFAULT_KEY, "secret": DEFAULT_SECRET, "edition": "automation"}])

    assert error_of(api.get("/product/p-1")) == (403, "NOT_AUTHORIZED")


@pytest.mark.usefixtures("ann")
def test_order_is_inserted_updated_and_deleted(api):
    assert api.post("/order", order()).status_code == 204
    assert error_of(api.post("/order", order())) == (400, "ID_NOTUNIQUE")
    assert api.put("/order/o-1", order(value="1")).status_code == 204
    assert error_of(api.put("/order/o-2", order("o-2"))) == (404, "ORDER_NOTFOUND")
    assert api.delete("/order/o-1").status_code == 204
    assert error_of(api.delete("/order/o-1")) == (404, "ORDER_NOTFOUND")


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    ("changes", "error_type"),
    [
        ({"externalProductIds": ["p-1", "p-x"]}, "PRODUCT_NOTFOUND"),
        ({"externalContactId": "nobody"}, "CONTACT_NOT_FOUND"),
        ({"externalProductIds": []}, "INVALID_PARAMS"),
        ({"value": "49.95"}, "INVALID_PARAMS"),
        ({"date": "yesterday"}, "INVALID_PARAMS"),
    ],
)
def test_order_of_something_unknown_is_400(api, changes, error_type):
    assert error_of(api.post("/order", order(**changes))) == (400, error_type)


def test_conversions_count_in_the_statistics_of_the_mailing(api, ann):
    encrypted_id = api.get(f"/contact/{ann}").json()["encryptedId"]
    body = {
        "mailplusId": f"{MAILING_ID}.{encrypted_id}",
        "type": " CONVERT_SHOPPINGCART",
        "value": "4995",
        "interactionDate": "2024-06-01T12:00:00Z",
        "products": ["p-1"],
    }

    assert api.post("/conversion", body).status_code == 204
    assert error_of(api.post("/conversion", body | {"mailplusId": "x"})) == (400, "INVALID_PARAMS")
    assert error_of(api.post("/conversion", body | {"mailplusId": "x.y"})) == (400, "MAILING_NOTFOUND")
    assert api.get(f"/mailing/{MAILING_ID}/statistics").json()["conversionValue"] == 4995


XML = """<params><postUrl>https://shop.example/thanks</postUrl><outputMode>DIV</outputMode><formParams>
<entry><key>1</key><value><item>zoe@example.org</item></value></entry>
<entry><key>2</key><value><item>Zoë</item></value></entry></formParams></params>"""


@pytest.mark.parametrize("format_", ["json", "xml"])
def test_submitted_form_makes_a_result_a_contact_and_a_history(api, door, format_):
    path = f"/form/result/{FORM_ID}"
    if format_ == "json":
        answers = {str(FORM_EMAIL_FIELD): ["zoe@example.org"], str(FORM_FIRST_NAME_FIELD): ["Zoë"]}
        answer = api.post(path, {"postUrl": "https://shop.example/thanks", "formParams": answers})
    else:
        answer = api.post(path, data=XML.encode(), headers={"Content-Type": "application/xml"})

    assert answer.json()["isConfirmationPage"] is True
    result = api.get(path, completed="true").json()[0]
    assert [each["answer"] for each in result["answers"]] == [["zoe@example.org"], ["Zoë"]]
    assert api.get(f"{path}/{result['formResultId']}").json() == result
    contact = door.state()["contacts"][0]
    assert (contact["externalId"], contact["properties"]["firstName"]) == (None, "Zoë")


def test_form_history_names_the_result(api, ann, door):
    door.emit({"type": "form", "externalId": ann, "answers": {"2": "Anna"}, "completed": True})

    history = api.get(f"/contact/{ann}/forms").json()["formHistories"]
    assert (history[0]["form"]["id"], history[0]["completed"]) == (FORM_ID, True)
    assert api.properties(ann)["firstName"] == "Anna"


@pytest.mark.parametrize(
    "body",
    [
        "<params/>",
        "<a",
        '<!DOCTYPE a [<!ENTITY b "c">]><params><postUrl>&b;</postUrl></params>',
        "<params><postUrl>x</postUrl><fields/></params>",
        "<params><postUrl>x</postUrl><outputMode>LIST</outputMode><formParams/></params>",
    ],
)
def test_broken_xml_is_400(api, body):
    answer = api.post(f"/form/result/{FORM_ID}", data=body, headers={"Content-Type": "application/xml"})

    assert error_of(answer) == (400, "INVALID_PARAMS")


def test_results_are_listed_by_date_in_their_own_format(api, ann, door):
    door.emit({"type": "form", "externalId": ann, "date": "2024-05-01T10:00:00Z", "completed": False})
    path = f"/form/result/{FORM_ID}"

    assert len(api.get(path, startDate="20240501", endDate="20240502").json()) == 1
    assert api.get(path, startDate="20240501120001").json() == []
    assert api.get(path, completed="true").json() == []
    assert error_of(api.get(path, startDate="2024-05-01")) == (400, "INVALID_PARAMS")
