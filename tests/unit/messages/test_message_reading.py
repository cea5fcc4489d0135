"""From a whole message to its parts."""

from datetime import UTC, datetime

import pytest

from connector.dataverse.messages import Choice, EntityReference
from connector.errors import Unreadable
from tests.unit.messages.documents import ZERO, attributes_of, load, parse, typed, with_target, without

JOB = "1a2b3c4d-0000-4000-8000-000000000001"
CONTACT = "c0ffee01-0000-4000-8000-000000000002"
LIST = "11570001-0000-4000-8000-000000000005"
USER = "5e75e701-0000-4000-8000-000000000006"


def test_a_created_job_is_read_with_all_its_circumstances():
    message = parse(load("create-job.json"))

    assert (message.message_name, message.table, message.record_id) == ("Create", "dh_spotlerjob", JOB)
    assert message.initiating_user_id == USER
    assert message.created_on == datetime(2025, 1, 1, 9, 45, tzinfo=UTC)
    assert (message.truncated, message.repaired, message.tag) == (False, False, None)


def test_the_target_holds_the_columns_in_plain_values():
    message = parse(load("create-job.json"))

    assert attributes_of(message) == {
        "dh_spotlerjobid": JOB,
        "dh_name": "Add Tag: Zoë de Wit",
        "dh_operation": Choice(100000003),
        "dh_tag": 'Kerst / 2025 "vroeg"',
        "dh_customerid": EntityReference("contact", CONTACT),
        "dh_leadid": None,
        "statecode": Choice(0),
        "statuscode": Choice(1),
        "ownerid": EntityReference("systemuser", USER),
        "createdon": datetime(2025, 1, 1, 9, 45, tzinfo=UTC),
        "modifiedon": datetime(2025, 1, 1, 9, 45, tzinfo=UTC),
    }


def test_a_cleared_column_is_there_as_none_and_an_unchanged_one_is_absent():
    attributes = attributes_of(parse(load("update-contact.json")))

    assert attributes["mobilephone"] is None
    assert "telephone1" not in attributes


def test_images_are_read_without_the_one_that_the_platform_adds():
    message = parse(load("update-contact.json"))

    assert (list(message.pre_images), list(message.post_images)) == (["PreImage"], ["PostImage"])
    assert message.pre_images["PreImage"].attributes["emailaddress1"] == "zoe.oud@example.org"
    assert message.post_images["PostImage"].attributes["emailaddress1"] == "zoe@example.org"
    assert message.pre_images["PreImage"].attributes["parentcustomerid"] == EntityReference(
        "account", "acc0de01-0000-4000-8000-000000000004"
    )


def test_the_platforms_own_image_is_not_even_looked_at():
    images = [{"key": "AsynchronousStepPrimaryName", "value": "nonsense"}]

    assert parse(load("create-job.json", PostEntityImages=images)).post_images == {}


def test_a_deleted_record_has_a_reference_as_target_and_its_values_in_the_image():
    message = parse(load("delete-contact.json"))

    assert message.target == EntityReference("contact", CONTACT)
    assert message.pre_images["PreImage"].attributes["emailaddress1"] == "zoe@example.org"
    assert message.truncated is False


def test_a_list_message_without_a_primary_record_takes_the_list_from_its_parameters():
    assert parse(load("add-list-members.json", PrimaryEntityId=ZERO)).record_id == LIST


def test_a_record_without_a_primary_id_takes_it_from_the_target():
    assert parse(without(load("create-job.json"), "PrimaryEntityId")).record_id == JOB


@pytest.mark.parametrize("table", ["none", "", None])
def test_an_operation_without_a_table_has_none(table):
    message = parse(load("associate.json", PrimaryEntityName=table))

    assert (message.table, message.record_id) == ("", CONTACT)


def test_an_operation_bound_to_nothing_has_no_record():
    message = parse(load("associate.json", InputParameters=[]))

    assert (message.table, message.record_id, message.target) == ("", None, None)


def test_ids_are_lower_case_and_may_stand_in_braces():
    assert parse(load("create-job.json", PrimaryEntityId=f"{{{JOB.upper()}}}")).record_id == JOB


def test_the_tag_of_the_writer_is_found():
    assert parse(load("update-contact.json")).tag == "spotler-connector"


def test_a_tag_that_is_not_text_is_no_tag():
    assert parse(load("create-job.json", SharedVariables=[{"key": "tag", "value": 7}])).tag is None


def test_a_repeated_member_and_a_repeated_column_count_with_their_last_value():
    pairs = [{"key": "x", "value": 1}, {"key": "x", "value": 2}]
    target = typed("Entity", Attributes=pairs, Id=ZERO, LogicalName="dh_thing")

    assert attributes_of(parse(with_target(target))) == {"x": 2}


def test_nothing_of_a_message_can_be_changed_afterwards():
    message = parse(load("update-contact.json"))

    with pytest.raises(TypeError):
        message.target.attributes["x"] = 1
    with pytest.raises(AttributeError):
        message.table = "lead"


@pytest.mark.parametrize("secret", ["Zoë", "zoe", "example.org", "Voorbeeld", "+31600000000"])
def test_the_printed_form_shows_nothing_that_people_typed(secret):
    message = parse(load("update-contact.json"))

    printed = [repr(part) for part in (message, message.target, *message.pre_images.values())]

    assert not [text for text in printed if secret in text]


def outcome(document):
    try:
        parse(document)
    except Unreadable as error:
        return error.result_code
    return "read"


MEMBERS = sorted(load("create-job.json"))
ODD = [None, True, 7, -1.5, "", "text", [], [None], [[]], [{}], [{"key": 1, "value": 1}], {}, {"Id": 7}, "\ud800"]


NEEDED = [
    *("InitiatingUserId", "InputParameters", "MessageName", "OperationCreatedOn", "PostEntityImages"),
    *("PreEntityImages", "PrimaryEntityId", "PrimaryEntityName", "SharedVariables"),
]


@pytest.mark.parametrize("member", NEEDED)
def test_a_member_that_is_needed_is_not_guessed_from_another_type(member):
    assert outcome(load("create-job.json", **{member: True})) == "MESSAGE_MALFORMED"


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_member_of_the_wrong_type_is_not_needed_or_makes_the_message_malformed(member, odd):
    assert outcome(load("create-job.json", **{member: odd})) in {"read", "MESSAGE_MALFORMED"}
