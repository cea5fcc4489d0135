"""What differs between messages of different years, installations and tools, and must make no difference."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.dataverse.messages import Choice, parse_message
from tests.unit.messages.documents import NAMES, attribute, load, parse, read_bytes, with_attribute, without


@pytest.mark.parametrize("name", NAMES)
def test_the_solidus_may_be_escaped_or_not(name):
    plain = read_bytes(name).replace(rb"\/", b"/")

    assert parse_message(plain.replace(b"/", rb"\/")) == parse_message(plain)


@pytest.mark.parametrize("name", NAMES)
def test_the_layout_may_be_one_line_or_indented(name):
    document = load(name)

    assert parse_message(json.dumps(document, indent="\t").encode()) == parse(document)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_members_does_not_matter(name):
    document = load(name)

    assert parse(dict(reversed(document.items()))) == parse(document)


@pytest.mark.parametrize("written", ["/Date(1722582039000)/", "/Date(1722582039000+0000)/", "2024-08-02T07:00:39.000Z"])
def test_the_time_of_the_operation_has_three_forms(written):
    created_on = parse(load("create-job.json", OperationCreatedOn=written)).created_on

    assert created_on == datetime(2024, 8, 2, 7, 0, 39, tzinfo=UTC)


@pytest.mark.parametrize("odd", ["", "yesterday", "/Date(999999999999999)/", "2024-13-01T00:00:00Z"])
def test_a_time_of_the_operation_that_cannot_be_read_is_left_out(odd):
    assert parse(load("create-job.json", OperationCreatedOn=odd)).created_on is None


@pytest.mark.parametrize("name", [None, "A step: Create of dh_spotlerjob"])
def test_the_step_may_have_a_name_or_not(name):
    document = load("create-job.json")
    step = document["OwningExtension"] | {"Name": name}

    assert parse(document | {"OwningExtension": step}) == parse(document)


@pytest.mark.parametrize(
    "member",
    ["InitiatingUserAgent", "InitiatingUserAzureActiveDirectoryObjectId", "UserAzureActiveDirectoryObjectId"],
)
def test_members_that_older_versions_do_not_have_are_not_missed(member):
    document = load("create-job.json")

    assert parse(without(document, member)) == parse(document)


def test_members_that_are_missing_are_empty():
    message = parse(without(load("create-job.json"), "SharedVariables", "OperationCreatedOn", "InitiatingUserId"))

    assert (message.tag, message.created_on, message.initiating_user_id) == (None, None, None)


@pytest.mark.parametrize("request_id", ["4e9e5701-0000-4000-8000-000000000010", None, "same as the operation", 7])
def test_the_request_id_does_not_matter(request_id):
    document = load("create-job.json")

    assert parse(document | {"RequestId": request_id}) == parse(document)


@pytest.mark.parametrize("parent", [None, load("delete-contact.json"), load("create-job.json"), "odd", [7]])
def test_the_parent_context_does_not_matter_whatever_it_is(parent):
    document = load("create-job.json")

    assert parse(document | {"ParentContext": parent}) == parse(document)


@pytest.mark.parametrize("images", [None, [], "absent"])
def test_images_may_be_absent(images):
    document = load("create-job.json", PostEntityImages=images, PreEntityImages=images)
    message = parse(without(document, "PostEntityImages", "PreEntityImages") if images == "absent" else document)

    assert (message.pre_images, message.post_images) == ({}, {})


@pytest.mark.parametrize("written", ["1", "1.0", "1.0000000000", "1e0"])
def test_a_number_may_be_written_with_or_without_a_fraction(written):
    choice = {"__type": "OptionSetValue:x", "Value": "<number>"}
    text = json.dumps(with_attribute(["<number>", choice])).replace('"<number>"', written)

    assert parse_message(text.encode()).target.attributes["x"] == (1, Choice(1))


def test_garbled_text_is_read_as_right_text():
    right = read_bytes("update-contact.json")
    garbled = right.decode().replace("ë", "Ã«").encode()

    assert replace(parse_message(garbled), repaired=False) == parse_message(right)


def test_members_that_nobody_knows_are_ignored():
    document = load("create-job.json")

    assert parse(document | {"NewIn2030": {"Attributes": 7}}) == parse(document)


def test_parameters_that_nobody_knows_are_ignored():
    document, more = load("create-job.json"), load("create-job.json")
    more["InputParameters"].append({"key": "SuppressDuplicateDetection", "value": {"__type": 7}})

    assert parse(more) == parse(document)


def test_iso_dates_in_columns_are_dates_only_where_a_tool_wrote_the_document():
    written = "2024-12-10T06:43:34.000Z"

    assert attribute(written) == written
    assert attribute(written, OperationCreatedOn=written) == datetime(2024, 12, 10, 6, 43, 34, tzinfo=UTC)
