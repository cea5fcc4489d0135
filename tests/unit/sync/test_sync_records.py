"""Reading records with everything that decides what Spotler may get to know of them."""

from dataclasses import replace
from datetime import datetime

import pytest

from connector.consent import ConsentSource, Presence, Reason, State
from connector.dataverse.choices import ChangedBy
from connector.dataverse.names import Info, Permission
from connector.dataverse.records import RecordRef
from connector.sync.records import RecordReader
from tests.unit.sync.sending import use_filter


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

    assert (records[known].is_known, records[known].sent_hash) == (True, world.info(known)[Info.SENT_HASH])
    assert (records[new].is_known, records[new].sent_hash) == (False, "")


@pytest.mark.parametrize(
    ("columns", "presence"),
    [
        ({}, Presence.UNKNOWN),
        ({Info.SENT_HASH: "1" * 64}, Presence.KNOWN),
        ({Info.SENT_HASH: ""}, Presence.UNKNOWN),
        ({Info.GONE: True}, Presence.GONE),
        ({Info.GONE: True, Info.SENT_HASH: "1" * 64}, Presence.GONE),
        ({Info.GONE: False}, Presence.UNKNOWN),
    ],
)
def test_spotler_info_says_whether_the_contact_is_there_is_gone_or_nothing(world, read, columns, presence):
    ref = world.contact()
    world.load(Info.TABLE, **{Info.RECORD: ref.id, **columns})
    record = read(ref)[ref]

    assert record.facts.spotler.presence is presence
    assert (record.is_known, record.is_gone) == (presence is Presence.KNOWN, presence is Presence.GONE)


@pytest.mark.parametrize("columns", [{}, {Info.KEEP_OUT: True}, {Info.KEEP_OUT: False}])
def test_keep_out_stands_on_spotler_info(world, read, columns):
    ref = world.contact()
    world.load(Info.TABLE, **{Info.RECORD: ref.id, **columns})

    assert read(ref)[ref].facts.keep_out is (columns.get(Info.KEEP_OUT) is True)


@pytest.mark.parametrize(
    ("columns", "facts"),
    [
        ({}, {}),
        ({"donotemail": True}, {"do_not_email": True}),
        ({"donotbulkemail": True}, {"do_not_bulk_email": True}),
        ({"emailaddress1": " "}, {"has_address": False}),
        ({"statecode": 1, "statuscode": 2}, {"state": State.DEACTIVATED}),
        ({"statecode": 1, "statuscode": 2, "merged": True}, {"state": State.MERGED}),
    ],
)
def test_the_columns_of_the_record_are_its_facts(world, read, columns, facts):
    ref = world.contact(**columns)
    found = read(ref)[ref].facts
    usual = {"do_not_email": False, "do_not_bulk_email": False, "has_address": True, "state": State.ACTIVE}

    assert {name: getattr(found, name) for name in usual} == usual | facts


def test_a_record_that_the_mapping_excludes_is_known_as_that(world, read):
    use_filter(world)
    inside, outside, lead = world.contact("ann"), world.contact("bob", donotphone=True), world.lead()
    records = read(inside, outside, lead)

    assert [records[ref].facts.is_excluded for ref in (inside, outside, lead)] == [False, True, True]


@pytest.mark.parametrize("make", ["contact", "lead", "account"])
def test_permissions_belong_to_their_record(world, read, make):
    mine, other = getattr(world, make)("mine"), getattr(world, make)("other")
    world.permission(mine, "Newsletter", subscribed=True, **{Permission.BIT: 1})
    world.permission(mine, " Events ", subscribed=False)
    world.permission(other, "Offers", subscribed=True)

    records = read(mine, other)

    found = {(row.name, row.bit, row.subscribed, row.is_active) for row in records[mine].facts.rows}
    assert found == {("Newsletter", 1, True, True), ("Events", None, False, True)}
    assert [row.name for row in records[other].facts.rows] == ["Offers"]


@pytest.mark.parametrize("rows", [(True, False), (False, True), (False, False), (True, True), (True, False, True)])
def test_of_rows_with_one_name_not_subscribed_is_the_stronger(world, read, rows):
    ref = world.contact()
    for name, subscribed in zip(("Newsletter", " newsletter", "NEWSLETTER "), rows, strict=False):
        world.permission(ref, name, subscribed=subscribed)

    assert {each.on for each in read(ref)[ref].decision.permissions} == {all(rows)}


def test_a_deactivated_permission_counts_as_not_subscribed(world, read):
    ref = world.contact()
    world.permission(ref, "Newsletter", subscribed=True, statecode=1, statuscode=2)

    (row,) = read(ref)[ref].facts.rows

    assert (row.subscribed, row.is_active, row.refuses) == (True, False, True)


def test_no_value_in_subscribed_means_not_subscribed(world, read):
    ref = world.contact()
    world.permission(ref, "Newsletter", subscribed=None)

    assert [row.refuses for row in read(ref)[ref].facts.rows] == [True]


@pytest.mark.parametrize(
    ("columns", "source"),
    [
        ({}, ConsentSource.PERSON),
        ({Permission.CHANGED_BY: ChangedBy.DYNAMICS.value}, ConsentSource.PERSON),
        ({Permission.CHANGED_BY: ChangedBy.SPOTLER.value}, ConsentSource.FEED),
    ],
)
def test_a_row_says_who_wrote_it_and_one_without_a_word_was_written_by_a_person(world, read, columns, source):
    ref = world.contact()
    world.permission(ref, "Newsletter", subscribed=True, **columns)

    (row,) = read(ref)[ref].facts.rows

    assert row.source is source


@pytest.mark.parametrize("subscribed", [True, False])
@pytest.mark.parametrize("changed", [None, "2026-01-01T00:00:00Z"])
def test_a_consent_counts_from_when_it_was_given_and_a_refusal_from_the_last_change_of_its_row(
    world, read, changed, subscribed
):
    ref = world.contact()
    world.permission(ref, "Newsletter", subscribed=subscribed, **{Permission.CHANGED_ON: changed})
    (stored,) = world.rows(Permission.TABLE)

    (row,) = read(ref)[ref].facts.rows

    written = stored[Permission.MODIFIED_ON if changed is None or not subscribed else Permission.CHANGED_ON]
    assert row.at == datetime.fromisoformat(written)


def test_the_rows_of_a_permission_are_found_by_its_name_or_its_bit(world, read):
    ref = world.contact()
    world.permission(ref, "News", subscribed=True, **{Permission.BIT: 1})
    world.permission(ref, " newsletter", subscribed=True, statecode=1, statuscode=2)
    world.permission(ref, "Newsletter", subscribed=False)
    world.permission(ref, "Events", subscribed=True, **{Permission.BIT: 2})
    record = read(ref)[ref]

    assert {row.name for row in record.rows_of("Newsletter", 1)} == {"News", "newsletter", "Newsletter"}
    after = record.without(record.rows_of("Newsletter", 1))
    assert not any(row.subscribed for row in after.rows_of("Newsletter", 1))
    assert [each.name for each in after.decision.permissions if each.on] == ["Events"]


def test_a_hundred_records_cost_as_many_calls_as_one(world, read):
    def calls(count):
        refs = [world.contact(f"p{number}") for number in range(count)]
        world.door("POST", "calls/reset")
        assert len(read(*refs)) == count
        return world.door("GET", "calls")["total"]

    assert calls(100) == calls(1) == 3


def test_a_copy_of_a_record_has_the_decision_about_its_own_facts(world, read):
    ref = world.contact()
    world.permission(ref, "Newsletter", subscribed=True)
    record = read(ref)[ref]

    refusing = replace(record, facts=replace(record.facts, do_not_bulk_email=True))

    assert replace(record, name="Somebody").decision is record.decision
    assert (record.decision.all_off, refusing.decision.all_off) == (None, Reason.DO_NOT_BULK_EMAIL)
    assert replace(refusing, facts=record.facts).decision == record.decision
