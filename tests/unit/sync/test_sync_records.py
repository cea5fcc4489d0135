"""Reading records with everything that decides what Spotler may get to know of them."""

import pytest

from connector.dataverse.records import RecordRef
from connector.mapping import PermissionState
from connector.sync.records import RecordReader


@pytest.fixture
def read(world):
    return lambda *refs: RecordReader(world.services).read(refs)


def test_records_of_all_tables_are_read_and_those_that_are_gone_are_left_out(world, read):
    refs = world.contact("ann"), world.lead("lars"), world.account("acme")

    records = read(*refs, RecordRef("contact", "99999999-0000-4000-8000-000000000000"))

    assert {ref: record.name for ref, record in records.items()} == dict(
        zip(refs, ("Ann", "Lars", "Acme"), strict=True)
    )


def test_a_record_is_known_when_something_was_sent_for_it(world, read):
    known, new = world.contact("ann", known=True), world.contact("bob")

    records = read(known, new)

    assert (records[known].is_known, records[known].sent_hash) == (True, "0" * 64)
    assert (records[new].is_known, records[new].sent_hash) == (False, "")


@pytest.mark.parametrize(
    ("columns", "active", "refuses"),
    [
        ({}, True, False),
        ({"donotemail": True}, True, True),
        ({"donotbulkemail": True}, True, False),
        ({"statecode": 1, "statuscode": 2}, False, False),
    ],
)
def test_the_flags_say_whether_somebody_may_be_mailed(world, read, columns, active, refuses):
    ref = world.contact(**columns)
    record = read(ref)[ref]

    assert (record.is_active, record.do_not_email) == (active, refuses)


@pytest.mark.parametrize("make", ["contact", "lead", "account"])
def test_permissions_belong_to_their_record(world, read, make):
    mine, other = getattr(world, make)("mine"), getattr(world, make)("other")
    world.permission(mine, "Newsletter", subscribed=True)
    world.permission(mine, "Events", subscribed=False)
    world.permission(other, "Offers", subscribed=True)

    records = read(mine, other)

    assert set(records[mine].permissions) == {PermissionState("Newsletter", True), PermissionState("Events", False)}
    assert records[other].permissions == (PermissionState("Offers", True),)


@pytest.mark.parametrize("rows", [(True, False), (False, True), (False, False), (True, True), (True, False, True)])
def test_of_rows_with_one_name_not_subscribed_is_the_stronger(world, read, rows):
    ref = world.contact()
    for name, subscribed in zip(("Newsletter", " newsletter", "NEWSLETTER "), rows, strict=False):
        world.permission(ref, name, subscribed=subscribed)

    (permission,) = read(ref)[ref].permissions

    assert permission.subscribed is all(rows)


def test_a_deactivated_permission_does_not_count(world, read):
    ref = world.contact()
    world.permission(ref, "Newsletter", subscribed=True)
    world.permission(ref, "Newsletter", subscribed=False, statecode=1, statuscode=2)

    assert read(ref)[ref].permissions == (PermissionState("Newsletter", True),)


def test_no_value_in_subscribed_means_not_subscribed(world, read):
    ref = world.contact()
    world.permission(ref, "Newsletter", subscribed=None)

    assert read(ref)[ref].permissions == (PermissionState("Newsletter", False),)


def test_a_hundred_records_cost_as_many_calls_as_one(world, read):
    def calls(count):
        refs = [world.contact(f"p{number}") for number in range(count)]
        world.door("POST", "calls/reset")
        assert len(read(*refs)) == count
        return world.door("GET", "calls")["total"]

    assert calls(100) == calls(1) == 3
