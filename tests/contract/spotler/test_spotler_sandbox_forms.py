"""Forms as websites use them: shown, filled in by people, sent back with whatever else the page holds."""

from html.parser import HTMLParser

import pytest

from sandbox.spotler.seed import FORM_EMAIL_FIELD, FORM_ENC_ID, FORM_FIRST_NAME_FIELD, FORM_ID
from tests.contract.spotler.support import error_of

POST_URL = "https://shop.example/form"
SHOW, SUBMIT = f"/form/{FORM_ID}", f"/form/result/{FORM_ID}"
EMAIL, NAME = str(FORM_EMAIL_FIELD), str(FORM_FIRST_NAME_FIELD)


class Inputs(HTMLParser):
    """The inputs that have a name: what a browser sends."""

    def __init__(self, html):
        super().__init__()
        self.values = {}
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "input" and "name" in attributes:
            self.values[attributes["name"]] = attributes["value"]


def xml(entries):
    listed = "".join(
        f"<entry><key>{key}</key><value><item>{value}</item></value></entry>" for key, value in entries.items()
    )
    return f"<params><postUrl>{POST_URL}</postUrl><formParams>{listed}</formParams></params>"


@pytest.fixture(params=["json", "xml"])
def submit(request, api):
    def send(entries):
        if request.param == "json":
            params = {key: [value] for key, value in entries.items()}
            return api.post(SUBMIT, {"postUrl": POST_URL, "formParams": params})
        return api.post(SUBMIT, data=xml(entries).encode(), headers={"Content-Type": "application/xml"})

    return send


def test_page_of_a_form_can_be_sent_back_whole(api, door, submit):
    shown = Inputs(api.get(SHOW, postUrl=POST_URL).json()["html"]).values

    assert shown == {"formEncId": FORM_ENC_ID, EMAIL: "", NAME: ""}
    answer = submit(shown | {EMAIL: "zoe@example.org", NAME: "Zoe"})
    assert (answer.status_code, answer.json()["isConfirmationPage"]) == (200, True)
    assert door.state()["contacts"][0]["properties"]["firstName"] == "Zoe"


def test_keys_that_are_no_field_are_ignored(api, submit):
    assert submit({EMAIL: "zoe@example.org", "submit": "Send", "99": "x", "_wpnonce": "1"}).status_code == 200

    result = api.get(SUBMIT).json()[0]
    assert [each["answer"] for each in result["answers"]] == [["zoe@example.org"], []]


def test_reference_of_another_form_is_refused(door, submit):
    assert error_of(submit({EMAIL: "zoe@example.org", "formEncId": "other"})) == (400, "INVALID_PARAMS")
    assert door.journal() == []


def test_form_is_filled_with_what_is_known_of_a_contact(api, ann):
    encrypted_id = api.get(f"/contact/{ann}").json()["encryptedId"]

    html = api.get(SHOW, postUrl=POST_URL, encId=encrypted_id).json()["html"]

    assert Inputs(html).values == {"formEncId": FORM_ENC_ID, EMAIL: "ann@example.org", NAME: "Ann"}
    assert error_of(api.get(SHOW, postUrl=POST_URL, encId="nobody")) == (400, "CONTACT_NOT_FOUND")
    assert api.get(SHOW, postUrl=POST_URL, encId="").status_code == 200


def test_prefilled_values_name_fields_of_the_form(api):
    body = {"postUrl": POST_URL, "encId": FORM_ENC_ID, "prefilledValues": {NAME: ["Zoe"]}}

    assert Inputs(api.post(SHOW, body).json()["html"]).values[NAME] == "Zoe"
    assert error_of(api.post(SHOW, body | {"prefilledValues": {"99": ["x"]}})) == (400, "INVALID_PARAMS")
    assert error_of(api.post(SHOW, body | {"encId": "other"})) == (400, "INVALID_PARAMS")
