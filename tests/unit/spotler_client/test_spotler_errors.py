import json

import pytest
import requests
from hypothesis import given, strategies as st

from connector.errors import ConnectorError, Misconfigured, Refused, Transient
from connector.spotler import ContactResult, ContactUnknown
from connector.spotler.codes import MEANINGS
from connector.spotler.errors import NotSpotler, NotSupported, UnknownMembers, error_for, error_of, named_field
from tests.unit.scripted_server import Answer

PAGE = b"<html><body>Not Found ann@example.org</body></html>"


def answer(status: int, body: object = b"") -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return response


def refusal(status: int, code: str) -> requests.Response:
    return answer(status, {"errorType": code, "message": "the value ann@example.org is wrong"})


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_every_code_has_a_sentence_and_an_advice_and_keeps_its_name(code):
    error = error_for(code)

    assert error.result_code == code
    assert error.sentence == MEANINGS[code].sentence
    assert error.what_to_do == MEANINGS[code].advice


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("code", ["CONTACT_NOT_FOUND", "CONTACT_NOTFOUND", "CONTACT_UNKNOWN"])
def test_an_unknown_contact_is_reported_by_its_code_whatever_the_status(status, code):
    error = error_of(refusal(status, code), {})

    assert isinstance(error, ContactUnknown)
    assert error.result_code == code


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"", PAGE, {"errorType": "AUTH_NOT_FOUND"}, {"errorType": "NOT_AUTHORIZED"}])
def test_a_bad_key_is_a_matter_of_settings(status, body):
    assert isinstance(error_of(answer(status, body), {}), Misconfigured)


@pytest.mark.parametrize("code", ["INVALID_PROPERTY", "CONTACT_OPTOUT", "NO_ACTIVE_CHANNEL", "TRIGGER_NOTFOUND"])
def test_a_refusal_keeps_the_code_but_not_the_message(code):
    error = error_of(refusal(400, code), {})

    assert type(error) is Refused
    assert error.result_code == code
    assert "ann@example.org" not in error.for_people


def test_a_code_that_is_new_is_passed_on():
    error = error_of(refusal(400, "SOMETHING_NEW"), {})

    assert type(error) is Refused
    assert error.result_code == "SOMETHING_NEW"
    assert error.what_to_do


@pytest.mark.parametrize("code", ["ann@example.org", "Ann", "", 5, None, ["X"], "A" * 51])
def test_what_does_not_look_like_a_code_is_not_passed_on(code):
    error = error_of(answer(400, {"errorType": code}), {})

    assert error.result_code == "SPOTLER_HTTP_400"


def test_where_a_resource_declares_no_body_the_status_alone_may_stand_for_a_code():
    assert error_of(answer(417), {417: "INVALID_STATE"}).result_code == "INVALID_STATE"


FOREIGN = [b"", PAGE, b"[]", b"null", b"\xff\xfe", b'{"errorType":', {}, {"message": "Not Found", "status": 404}]


@pytest.mark.parametrize("status", [301, 400, 404, 405, 408, 409, 413, 417])
@pytest.mark.parametrize("body", FOREIGN)
def test_an_answer_without_the_error_body_of_the_api_is_never_a_refusal(status, body):
    error = error_of(answer(status, body), {417: "INVALID_STATE"} if body else {})

    assert type(error) is NotSpotler
    assert isinstance(error, Transient)
    assert (error.result_code, error.status, error.is_bare) == ("SPOTLER_URL", status, body == b"")


@pytest.mark.parametrize("response", [refusal(400, "BACKEND_EXCEPTION"), answer(408)])
def test_a_fault_of_spotler_passes(response):
    assert isinstance(error_of(response, {}), Transient)


@pytest.mark.parametrize(
    ("results", "code"),
    [
        (["AUTOMATION_INACTIVE"], "AUTOMATION_INACTIVE"),
        (["PARTICIPATION_LIMIT_REACHED"] * 2, "PARTICIPATION_LIMIT_REACHED"),
        (["PARTICIPATION_LIMIT_REACHED", "AUTOMATION_INACTIVE"], "NOT_TRIGGERED"),
        ([None], "NOT_TRIGGERED"),
        ([], "NOT_TRIGGERED"),
    ],
)
def test_why_nothing_was_triggered_is_the_code_where_all_automations_agree(results, code):
    body = {"result": "NOT_TRIGGERED", "automationResults": [{"automationId": "a", "result": each} for each in results]}

    assert error_of(answer(417, body), {}).result_code == code


def test_unknown_members_are_named_in_lower_case_but_not_in_the_sentence():
    body = {"errorType": "CONTACT_NOT_FOUND", "message": "", "externalContactIds": ["C-9", 5, None]}

    error = error_of(answer(404, body), {})

    assert isinstance(error, UnknownMembers)
    assert error.external_ids == {"c-9"}
    assert "9" not in error.for_people


@given(
    st.integers(300, 499),
    st.one_of(st.binary(), st.dictionaries(st.sampled_from(["errorType", "result", "externalContactIds"]), st.text())),
)
def test_every_answer_becomes_an_error_with_a_code(status, body):
    error = error_of(answer(status, body), {})

    assert isinstance(error, ConnectorError)
    assert error.result_code
    assert error.sentence


def test_the_first_known_field_in_a_message_is_named():
    assert named_field("Property firstName: email is no name", ["email", "firstName"]) == "firstName"


@pytest.mark.parametrize("message", [None, "", "emails are wrong", "e.mail"])
def test_only_whole_words_are_field_names(message):
    assert named_field(message, ["email", "e?mail"]) is None


def test_a_result_that_is_ok_has_no_error():
    assert ContactResult("c").error is None


def test_a_refused_field_is_named_by_the_error_of_a_result():
    error = ContactResult("c", "PROPERTY_INVALID", "email").error

    assert isinstance(error, Refused)
    assert "email" in error.sentence


def test_a_contact_that_failed_for_the_moment_is_tried_again():
    assert isinstance(ContactResult("c", "ERROR").error, Transient)


def test_a_code_of_a_batch_that_is_none_is_not_shown():
    assert "ann" not in ContactResult("c", "ann@example.org").error.for_people


def test_a_call_that_is_not_supported_has_its_own_code():
    assert NotSupported().result_code == "SPOTLER_NOT_SUPPORTED"


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_faults_of_the_other_side_end_as_transient_after_some_tries(spotler, server, status):
    server.answer(Answer(status, PAGE))

    with pytest.raises(Transient):
        spotler.campaigns()

    assert len(server.received) == 3
