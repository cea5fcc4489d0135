import pytest

from connector.dataverse.api import Conflict, DataverseRefused, Duplicate, Forbidden, NotDataverse, NotFound
from connector.dataverse.api.errors import decoded, refusal
from connector.errors import Misconfigured, Refused, Transient
from connector.http.transport import LONGEST_WAIT


def of(status, code="", message="", **options):
    headers = options.pop("headers", {})
    return refusal(status, headers, {"error": {"code": code, "message": message}}, "PATCH contacts(…)", **options)


@pytest.mark.parametrize(
    ("code", "message", "lasting"),
    [
        ("0x80040216", "Invalid layout xml: the required attribute 'object' is missing.", True),
        ("0x80040216", "An unexpected error occurred. EntityId not found in MetadataCache.", False),
        ("0x80040216", "Invalid property.", False),
        ("0x80040216", "The staged metadata is still being processed.", False),
        ("0x80048d19", "An undeclared property was found.", False),
    ],
)
def test_an_unexpected_error_passes_unless_it_names_its_cause(code, message, lasting):
    assert of(400, code, message).lasting is lasting


@pytest.mark.parametrize(
    ("status", "code", "kind", "result_code"),
    [
        (404, "0x80040217", NotFound, "DATAVERSE_NOT_FOUND"),
        (404, "0x80060891", NotFound, "DATAVERSE_NOT_FOUND"),
        (412, "0x80060882", Conflict, "DATAVERSE_CONFLICT"),
        (412, "", Conflict, "DATAVERSE_CONFLICT"),
        (412, "0x80060892", Duplicate, "DATAVERSE_DUPLICATE"),
        (412, "0x80040237", Duplicate, "DATAVERSE_DUPLICATE"),
        (409, "", Duplicate, "DATAVERSE_DUPLICATE"),
        (403, "0x80040220", Forbidden, "DATAVERSE_FORBIDDEN"),
        (400, "0x80040265", DataverseRefused, "DATAVERSE_PLUGIN_REFUSED"),
        (400, "0x8004431A", DataverseRefused, "DATAVERSE_CHOICE_OUT_OF_RANGE"),
        (400, "0x80048d19", DataverseRefused, "DATAVERSE_PAYLOAD_NOT_VALID"),
        (400, "0x81234567", DataverseRefused, "DATAVERSE_REFUSED"),
        (413, "", DataverseRefused, "DATAVERSE_REFUSED"),
    ],
)
def test_refusals_have_a_class_and_a_code(status, code, kind, result_code):
    error = of(status, code)

    assert type(error) is kind
    assert isinstance(error, Refused)
    assert error.result_code == result_code
    assert error.status == status
    assert error.dataverse_code == code.lower()
    assert error.what_to_do


@pytest.mark.parametrize("code", ["0x8006088a", "0x80060888"])
def test_an_unknown_table_is_misconfigured(code):
    assert isinstance(of(404, code), Misconfigured)


def test_an_application_without_a_user_is_misconfigured():
    assert isinstance(of(403, "0x80072560"), Misconfigured)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_busy_and_broken_are_transient(status):
    assert isinstance(of(status), Transient)


@pytest.mark.parametrize(
    ("text", "seconds"), [("12", 12.0), ("soon", None), ("", None), ("²", None), ("9" * 15, LONGEST_WAIT)]
)
def test_the_pause_inside_a_batch_is_read(text, seconds):
    assert of(429, headers={"retry-after": text}).retry_after == seconds


FOREIGN = [None, [], "text", {}, {"error": "text"}, {"error": {"code": None, "message": None}}, {"message": "no route"}]


@pytest.mark.parametrize("status", [302, 400, 403, 404, 405, 409, 412])
@pytest.mark.parametrize("body", FOREIGN)
def test_an_answer_without_the_error_object_of_the_web_api_is_never_a_refusal(status, body):
    error = refusal(status, {}, body, "GET contacts")

    assert type(error) is NotDataverse
    assert isinstance(error, Transient)
    assert error.result_code == "DATAVERSE_URL"


def test_a_404_without_a_code_of_dataverse_says_nothing_about_a_row():
    assert type(of(404, "404")) is NotDataverse


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe", b"{", b"[" * 100_000])
def test_what_is_no_json_is_nothing(content):
    assert decoded(content) is None


def test_of_a_message_about_privileges_their_name_is_passed_on():
    message = "Principal user (Id=1, Jan de Vries) is missing prvWritedh_SpotlerJob privilege on OTC=10123."

    error = of(403, "0x80040220", message)

    assert error.sentence.endswith("Missing privilege: prvWritedh_SpotlerJob.")
    assert "Jan" not in error.for_people


@pytest.mark.parametrize("code", ["0x80040265", "0x80040224", ""])
def test_what_a_plug_in_says_of_privileges_is_not_passed_on(code):
    error = of(403, code, "Jan de Vries lacks prvWriteContact")

    assert "prv" not in error.for_people
    assert "Jan" not in error.for_people


def test_other_messages_are_not_passed_on():
    error = of(400, "0x80040265", "Jan de Vries (jan@example.org) may not be changed")

    assert "Jan" not in error.for_people


def test_only_columns_of_the_call_are_named():
    error = of(
        400, "0x80048d19", "'lastname' of jan is too long; see nameless", columns=["lastname", "name", "firstname"]
    )

    assert error.sentence.endswith("It mentions lastname.")


def test_the_request_id_is_kept_for_support():
    assert of(400, headers={"x-ms-service-request-id": "abc"}).request_id == "abc"
