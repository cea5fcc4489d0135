"""A message that was too large arrives without its parameters, and says so."""

import pytest

from tests.unit.messages.documents import load, parse, without

PARTS = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")
CLAIMS = "http://schemas.microsoft.com/xrm/2011/Claims/"


@pytest.mark.parametrize(
    "key",
    [
        "MessageMaxSizeExceeded",
        f"{CLAIMS}MessageMaxSizeExceeded",
        "x-messagemaxsizeexceeded",
        b"MessageMaxSizeExceeded",
    ],
)
@pytest.mark.parametrize("value", [True, "true", "", None])
def test_a_property_of_any_case_prefix_and_value_says_so(key, value):
    assert parse(load("delete-contact.json"), properties={key: value}).truncated is True


@pytest.mark.parametrize("properties", [None, {}, {f"{CLAIMS}RequestName": "Create", 7: object()}])
def test_other_properties_do_not(properties):
    assert parse(load("create-job.json"), properties=properties).truncated is False


@pytest.mark.parametrize("name", ["create-job.json", "update-contact.json", "add-list-members.json"])
@pytest.mark.parametrize("left", [None, [], "absent"])
def test_parts_that_are_null_empty_or_absent_say_so_too(name, left):
    document = load(name, **dict.fromkeys(PARTS, left))
    message = parse(without(document, *PARTS) if left == "absent" else document)

    assert message.truncated is True
    assert (message.target, message.pre_images) == (None, {})


def test_table_and_record_survive():
    whole, rest = parse(load("update-contact.json")), parse(without(load("update-contact.json"), *PARTS))

    assert (rest.message_name, rest.table, rest.record_id) == (whole.message_name, whole.table, whole.record_id)


def test_a_deletion_needs_no_parameters():
    assert parse(load("delete-contact.json", InputParameters=[])).truncated is False


@pytest.mark.parametrize("key", [f"{CLAIMS}EntityLogicalName", f"{CLAIMS}EntityLogicalName".lower()])
def test_a_table_that_the_body_lacks_is_taken_from_the_properties(key):
    document = without(load("create-job.json"), "PrimaryEntityName")

    assert parse(document, properties={key: "dh_spotlerjob"}).table == "dh_spotlerjob"
    assert parse(document, properties={key: 7}).table == ""


def test_a_table_that_the_body_has_wins_over_the_properties():
    message = parse(load("associate.json"), properties={f"{CLAIMS}EntityLogicalName": "contact"})

    assert message.table == ""
