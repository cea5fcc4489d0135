"""What is not a readable message is refused with a reason, a sentence and an advice, and without its content."""

import codecs
import json
import re
import threading
from pathlib import Path

import pytest

from connector.dataverse.messages import parse_message
from connector.dataverse.messages.reasons import Empty, Malformed, NotFromDataverse, NotJson, WrongFormat
from connector.errors import Unreadable
from connector.routing.quarantine import Note
from connector.routing.replay import original_location
from connector.servicebus.browse import StoredMessage
from connector.servicebus.entities import QUARANTINE, QUEUE_DATAVERSE, Location
from tests.unit.messages.documents import load, parse, read_bytes, with_attribute

BINARY_XML = b"@\x16RemoteExecutionContext\x08\x2dhttp://schemas.microsoft.com/xrm/2011/Contracts\x01"
TEXT_XML = b'<RemoteExecutionContext xmlns="http://schemas.microsoft.com/xrm/2011/Contracts"/>'
JOB = read_bytes("create-job.json")


def refuse(body):
    with pytest.raises(Unreadable) as caught:
        parse_message(body)
    return caught.value


def code(body):
    return refuse(body).result_code


@pytest.mark.parametrize(
    "body", [b"", b" \r\n\t", b"\0", b"\0\0\0\0", codecs.BOM_UTF8, codecs.BOM_UTF8 + b" \0", codecs.BOM_UTF16_LE]
)
def test_an_empty_message_is_empty(body):
    assert code(body) == "MESSAGE_EMPTY"


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"\xff\xfe\xfd",
        b"\x80abc",
        b'{"MessageName": "Cre',
        JOB[: len(JOB) // 2],
        JOB + b"}",
        JOB + JOB,
        b"{'MessageName': 'Create'}",
        b'{"MessageName": "Create", "PrimaryEntityName": "x", "Depth": NaN}',
        b'{"MessageName": "Create", "PrimaryEntityName": "x", "Depth": -Infinity}',
        JOB.replace(b"Kerst", b"K\xebrst"),
        JOB.replace(b"Kerst", b"K\xed\xa0\x80rst"),
    ],
)
def test_what_is_not_json_in_utf_8_is_not_json(body):
    assert code(body) == "MESSAGE_NOT_JSON"


@pytest.mark.parametrize(
    "body",
    [
        BINARY_XML,
        b"V\x0bsa\xff",
        TEXT_XML,
        codecs.BOM_UTF8 + b"\n" + TEXT_XML,
        TEXT_XML.decode().encode("utf-16"),
    ],
)
def test_xml_in_either_form_points_to_the_endpoint(body):
    error = refuse(body)

    assert error.result_code == "MESSAGE_WRONG_FORMAT"
    assert "messageformat to 2" in error.sentence


@pytest.mark.parametrize(
    "document",
    [
        None,
        7,
        "text",
        [],
        [{"MessageName": "Create", "PrimaryEntityName": "x"}],
        {},
        {"hello": "world"},
        {"PrimaryEntityName": "contact", "InputParameters": []},
        {"MessageName": "Create", "data": {}},
        {"specversion": "1.0", "type": "Microsoft.EventGrid", "data": load("create-job.json")},
    ],
    ids=lambda document: json.dumps(document)[:30],
)
def test_other_json_is_not_of_dataverse(document):
    assert code(json.dumps(document).encode()) == "MESSAGE_NOT_DATAVERSE"


@pytest.mark.parametrize("name", [None, "", 7, [], {}])
def test_a_context_without_the_name_of_its_operation_is_malformed(name):
    assert code(json.dumps(load("create-job.json", MessageName=name)).encode()) == "MESSAGE_MALFORMED"


@pytest.mark.parametrize(
    "number", ["9" * 5000, "1e999999999", "1e-999", "0e999", "1E9999999999999999999999", "-1.5e400"]
)
def test_a_number_beyond_all_bounds_is_refused_before_it_can_do_harm(number):
    text = json.dumps(with_attribute("<number>")).replace('"<number>"', number)

    assert code(text.encode()) == "MESSAGE_MALFORMED"


@pytest.mark.parametrize(
    "opening", ["[", '{"a":', '{"MessageName":"Create","PrimaryEntityName":"x","ParentContext":[{"a":']
)
def test_endless_nesting_is_refused_also_on_the_small_stack_of_a_thread(opening):
    reasons = []
    thread = threading.Thread(target=lambda: reasons.append(code(opening.encode() * 100_000)))
    thread.start()
    thread.join()

    assert reasons == ["MESSAGE_MALFORMED"]


@pytest.mark.parametrize(
    "body",
    [
        codecs.BOM_UTF8 + JOB,
        JOB + b"\0",
        JOB + b"\0\0\r\n",
        b"\r\n " + JOB,
        codecs.BOM_UTF8 + b" " + JOB + b" \0",
        JOB.decode().encode("utf-16"),
        JOB.decode().encode("utf-16-le"),
    ],
)
def test_marks_and_padding_around_the_document_are_tolerated(body):
    assert parse_message(body) == parse_message(JOB)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Zoe Secret",
        BINARY_XML + b"Secret",
        b'{"Secret": 1}',
        b'{"MessageName": "Secret", "PrimaryEntityName": "Secret", "PrimaryEntityId": "Secret"}',
        b'{"MessageName": "Secret", "InputParameters": [{"key": "Secret"}]}',
        b'{"MessageName": "Secret", "InputParameters": [], "Secret": NaN}',
        b'{"MessageName": "Secret", "InputParameters": "Secret"',
    ],
)
def test_an_error_explains_itself_without_quoting_or_holding_the_message(body):
    error = refuse(body)

    assert "Secret" not in error.for_people
    assert error.sentence.endswith(".")
    assert error.what_to_do
    assert (error.__cause__, error.__context__) == (None, None)


def test_a_malformed_member_is_named():
    with pytest.raises(Unreadable, match="The member PrimaryEntityId of the message is not a guid"):
        parse(load("create-job.json", PrimaryEntityId="deep"))


@pytest.mark.parametrize("reason", [Empty, Malformed, NotFromDataverse, NotJson, WrongFormat])
def test_every_reason_is_explained_in_the_documentation(reason):
    page = Path(__file__).parents[3] / "docs" / "developers" / "messages.md"

    assert f"| `{reason.code}` |" in page.read_text("utf-8")


@pytest.mark.parametrize("reason", [Empty, WrongFormat, NotJson, NotFromDataverse, Malformed])
def test_no_advice_says_that_a_message_cannot_be_replayed_because_every_kept_one_is_sent_again(reason):
    kept = StoredMessage(QUARANTINE, 1, "quarantine/1", None, 1, b"hello", {Note.SOURCE: QUEUE_DATAVERSE})

    assert original_location(kept) == Location(QUEUE_DATAVERSE)
    assert not re.search("cannot be replayed|nothing to replay", reason().what_to_do)
