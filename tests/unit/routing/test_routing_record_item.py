"""The record item: what is written is read again, and two about one record say together what either says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.records import RecordRef
from connector.errors import Unreadable
from connector.routing.record_item import RecordItem

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECORD = RecordRef("contact", "cccccccc-0000-4000-8000-000000000001")
PERMISSION = "9e990000-0000-4000-8000-000000000003"

moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given UTC
of_record = st.builds(
    RecordItem,
    record=st.just(RECORD),
    created=st.booleans(),
    deleted=st.booleans(),
    always=st.booleans(),
    first_seen=moments,
    first_attempt=st.none() | moments,
    tries=st.integers(0, 99),
)


@given(of_record | st.just(RecordItem(permission=PERMISSION, first_seen=NOW)))
def test_what_is_written_is_read_again(item):
    assert RecordItem.from_body(item.body()) == item


@given(of_record, of_record, of_record)
def test_the_order_in_which_items_are_joined_does_not_matter(one, two, three):
    assert one.joined(two) == two.joined(one)
    assert one.joined(two).joined(three) == one.joined(two.joined(three))
    assert one.joined(one) == one


@given(of_record, of_record)
def test_a_joined_item_forgets_nothing_that_either_says(one, two):
    joined = one.joined(two)

    assert joined.created >= one.created
    assert joined.deleted >= one.deleted
    assert joined.always >= one.always
    assert joined.first_seen <= one.first_seen


@given(of_record, of_record)
def test_items_that_say_different_things_are_not_taken_for_one_by_the_bus(one, two):
    says = [(each.created, each.deleted, each.always) for each in (one, two)]

    same = one.again(NOW).message_id == two.again(NOW).message_id

    assert same is (says[0] == says[1] and one.tries == two.tries)


def test_the_first_attempt_is_remembered_and_all_are_counted():
    again = RecordItem(record=RECORD, first_seen=NOW).begun(NOW).begun(NOW + timedelta(hours=1))

    assert (again.first_attempt, again.tries) == (NOW, 2)


def test_the_item_of_a_permission_becomes_that_of_its_record():
    item = RecordItem(permission=PERMISSION, first_seen=NOW)

    named = item.about(RECORD)
    assert (item.subject, named.subject, named.permission) == (PERMISSION, f"contact/{RECORD.id}", None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"first_seen": "2026-03-01T12:00:00Z"}',
        b'{"first_seen": "2026-03-01T12:00:00Z", "record": {"table": "contact", "id": "jane@example.org"}}',
    ],
)
def test_what_is_no_record_item_is_refused_without_quoting_it(body):
    with pytest.raises(Unreadable) as caught:
        RecordItem.from_body(body)

    assert caught.value.result_code == "WORK_ITEM_UNREADABLE"
    assert "jane" not in caught.value.for_people
