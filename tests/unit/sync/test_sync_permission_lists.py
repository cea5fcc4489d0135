"""Permissions that are kept as membership of static Marketing Lists."""

from datetime import timedelta

import pytest

from connector.consent import KnownState, PermissionReport, Presence, SpotlerReport
from connector.dataverse.choices import ConsentCause, Operation
from connector.dataverse.names import Consent, Flags, Permission
from connector.errors import Misconfigured
from connector.sync.permissions.rows import PermissionRows
from connector.sync.records import Record
from connector.sync.results import NotSent
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.unit.sync.permission_lists import (
    BEFORE,
    IN_UTRECHT,
    history,
    join,
    leave,
    members,
    note,
    on_in_spotler,
    read,
)

EARLY, LATER = BEFORE, timedelta(days=1)


def exchange(world, record, *, on, at, seen=True):
    """Spotler reports the newsletter of a record."""
    reported = PermissionReport("Newsletter", NEWSLETTER_BIT, on=on, at=at)
    rows = PermissionRows(world.services)
    known = {record: {NEWSLETTER_BIT: KnownState(on=not on, at=at)}} if seen else {}
    report = {record: SpotlerReport(Presence.KNOWN, (reported,))}
    (ensured,) = rows.ensure([read(world, record)], reported=report, known=known).values()
    assert isinstance(ensured, Record), ensured
    (after,) = rows.apply([ensured]).values()
    assert isinstance(after, Record), after
    return after


# To Spotler


@pytest.mark.parametrize("make", ["contact", "lead"])
def test_a_member_has_the_permission_and_nothing_is_kept_in_spotler_permission(world, use_lists, send, make):
    lists = dict(zip(("contact", "lead"), use_lists("Newsletter"), strict=True))
    record = getattr(world, make)()
    join(world, lists[make], record)

    (result,) = send(record)

    assert result.code == "OK"
    assert on_in_spotler(world, record) == [NEWSLETTER_BIT]
    assert world.rows(Permission.TABLE) == []
    assert history(world, record) == [("Newsletter", True, ConsentCause.PERSON)]


def test_who_is_in_no_list_gets_no_permission(world, newsletter, send):
    record, other = world.contact(), world.contact("bob")
    join(world, newsletter, other)

    send(record)

    assert on_in_spotler(world, record) == []


def test_who_was_removed_from_the_list_loses_the_permission(world, newsletter, send):
    record = world.contact()
    join(world, newsletter, record)
    send(record)
    world.now += timedelta(minutes=5)
    leave(world, newsletter, record)

    send(record)

    assert on_in_spotler(world, record) == []
    assert [each[1:] for each in history(world, record)] == [
        (True, ConsentCause.PERSON),
        (False, ConsentCause.PERSON),
    ]


def test_who_was_added_again_has_it_again(world, newsletter, send):
    record = world.contact()
    join(world, newsletter, record)
    send(record)
    leave(world, newsletter, record)
    send(record)
    world.now += timedelta(minutes=5)
    join(world, newsletter, record, before=timedelta(minutes=1))

    send(record)

    assert on_in_spotler(world, record) == [NEWSLETTER_BIT]


def test_a_second_sync_changes_nothing(world, newsletter, send):
    record = world.contact()
    join(world, newsletter, record)
    send(record)
    before = world.rows(Consent.TABLE)

    (result,) = send(record)

    assert result.code == "UNCHANGED"
    assert world.rows(Consent.TABLE) == before


def test_do_not_bulk_email_removes_somebody_from_the_list(world, newsletter, send):
    record = world.contact(**{Flags.DO_NOT_BULK_EMAIL: True})
    join(world, newsletter, record)

    send(record)

    assert members(world, newsletter) == set()
    assert on_in_spotler(world, record) == []
    assert history(world, record)[-1] == ("Newsletter", False, ConsentCause.RULE)


def test_a_permission_without_a_list_is_left_to_spotler(world, newsletter, send):
    record = world.contact()
    send(record)
    world.services.spotler.update_contact(record.id, {"permissions": [{"bit": EVENTS_BIT, "enabled": True}]})
    world.now += timedelta(minutes=5)
    join(world, newsletter, record, before=timedelta(0))

    send(record)

    assert on_in_spotler(world, record) == [NEWSLETTER_BIT, EVENTS_BIT]


# From Spotler


def test_an_opt_out_in_spotler_removes_the_member_with_an_entry_in_the_history(world, newsletter):
    record, other = world.contact(), world.contact("bob")
    join(world, newsletter, record)
    join(world, newsletter, other)

    after = exchange(world, record, on=False, at=world.now)

    assert members(world, newsletter) == {other.id}
    assert history(world, record)[-1] == ("Newsletter", False, ConsentCause.FEED)
    assert [row.subscribed for row in after.facts.rows] == [False]
    assert not read(world, record).decision.permissions[0].on


def test_an_opt_in_in_spotler_adds_the_member_with_an_entry_in_the_history(world, newsletter):
    record = world.contact()
    note(world, record, on=False, before=EARLY)

    exchange(world, record, on=True, at=world.now - LATER)

    assert members(world, newsletter) == {record.id}
    assert history(world, record)[-1] == ("Newsletter", True, ConsentCause.FEED)
    row = read(world, record).facts.rows[0]
    assert (row.subscribed, row.at) == (True, world.now - LATER)


def test_an_opt_in_that_is_older_than_the_refusal_adds_nobody(world, newsletter):
    record = world.contact()
    note(world, record, on=False, before=LATER)

    exchange(world, record, on=True, at=world.now - EARLY)

    assert members(world, newsletter) == set()


def test_an_opt_out_that_is_older_than_the_membership_removes_nobody(world, newsletter):
    record = world.contact()
    join(world, newsletter, record, before=LATER)

    exchange(world, record, on=False, at=world.now - EARLY)

    assert members(world, newsletter) == {record.id}


def test_an_opt_out_between_an_opt_in_and_the_membership_that_it_made_counts(world, newsletter):
    record = world.contact()
    join(world, newsletter, record, before=timedelta(0))
    note(world, record, on=True, before=EARLY, written=timedelta(0))

    exchange(world, record, on=False, at=world.now - LATER)

    assert members(world, newsletter) == set()


# What stopped in between


def test_a_removal_that_did_not_succeed_is_finished_and_not_taken_for_an_opt_in(world, newsletter, send):
    record = world.contact()
    join(world, newsletter, record, before=LATER)
    note(world, record, on=False, before=EARLY, written=timedelta(hours=1))  # of an older time, written since

    send(record)

    assert members(world, newsletter) == set()
    assert on_in_spotler(world, record) == []


def test_somebody_who_was_added_and_is_not_in_the_history_yet_has_agreed(world, newsletter, send):
    record = world.contact()
    note(world, record, on=False, before=EARLY)
    join(world, newsletter, record, before=LATER)

    send(record)

    assert members(world, newsletter) == {record.id}
    assert on_in_spotler(world, record) == [NEWSLETTER_BIT]


def test_nobody_is_removed_while_the_history_cannot_be_written(world, newsletter, send):
    record = world.contact(**{Flags.DO_NOT_BULK_EMAIL: True})
    join(world, newsletter, record)
    world.break_dataverse("503", r"^\$batch", content=Consent.SET, count=None)

    (result,) = send(record)
    world.mend_dataverse()

    assert isinstance(result, NotSent)
    assert members(world, newsletter) == {record.id}


# New records


def test_a_new_contact_joins_the_lists_of_the_permissions_that_start_as_subscribed(world, use_lists):
    newsletter, events, *_ = use_lists("Newsletter", "Events")
    record = world.contact()
    define(world, "dh_spotlerpermissions", "Newsletter;Events;")
    define(world, "dh_spotlerpermissionsenabledbydefault", "Events;")

    PermissionRows(world.services).ensure([read(world, record)], created=[record])

    assert (members(world, newsletter), members(world, events)) == (set(), {record.id})
    assert sorted(history(world, record)) == [
        ("Events", True, ConsentCause.CREATION),
        ("Newsletter", False, ConsentCause.CREATION),
    ]


def define(world, name, value):
    world.load("environmentvariabledefinition", schemaname=name, displayname=name, type=100000000, defaultvalue=value)


def test_an_older_record_joins_the_lists_of_what_is_on_in_spotler(world, newsletter):
    record = world.contact()
    define(world, "dh_spotlerpermissions", "Newsletter;")

    exchange(world, record, on=True, at=world.now - LATER, seen=False)

    assert members(world, newsletter) == {record.id}


def test_a_job_that_switches_a_permission_on_adds_the_member(world, newsletter):
    record = world.contact(known=True)
    job = world.job(Operation.SET_CONTACT_FIELD, record, dh_fieldname="permissions:Newsletter", dh_fieldvalue="true")

    world.run(job)

    assert world.status(job)[1] == "OK"
    assert members(world, newsletter) == {record.id}
    assert history(world, record)[-1][1:] == (True, ConsentCause.JOB)


# Dynamic lists


@pytest.fixture
def selection(use_lists):
    """The newsletter is for whoever lives in Utrecht."""
    return use_lists("Newsletter", tables=["contact"], direction="->", **IN_UTRECHT)[0]


@pytest.mark.usefixtures("selection")
def test_whom_a_dynamic_list_finds_has_the_permission_as_long_as_it_does(world, send):
    record, other = world.contact(address1_city="Utrecht"), world.contact("bob", address1_city="Delft")
    send(record, other)
    assert (on_in_spotler(world, record), on_in_spotler(world, other)) == ([NEWSLETTER_BIT], [])

    for city, expected in (("Delft", []), ("Utrecht", [NEWSLETTER_BIT])):
        world.now += timedelta(hours=1)
        world.services.dataverse.update("contacts", record.id, {"address1_city": city})
        send(record)
        assert on_in_spotler(world, record) == expected

    assert [each[1:] for each in history(world, record)] == [(on, ConsentCause.PERSON) for on in (True, False, True)]


@pytest.mark.usefixtures("selection")
def test_who_has_opted_out_stays_out_although_the_list_finds_them(world, send):
    record = world.contact(address1_city="Utrecht")
    send(record)
    world.now += timedelta(hours=1)
    exchange(world, record, on=False, at=world.now)

    for _ in range(2):
        world.now += timedelta(hours=1)
        send(record, always=True)

    assert on_in_spotler(world, record) == []
    assert [each[1:] for each in history(world, record)] == [(True, ConsentCause.PERSON), (False, ConsentCause.FEED)]


@pytest.mark.usefixtures("selection")
def test_an_opt_in_in_spotler_adds_nobody_to_a_dynamic_list(world):
    record = world.contact()
    note(world, record, on=False, before=EARLY)

    exchange(world, record, on=True, at=world.now - LATER)

    assert [each[1] for each in history(world, record)] == [False]


@pytest.mark.parametrize("query", ["", "nothing", '<fetch><entity name="lead"/></fetch>'])
def test_a_query_that_cannot_be_read_is_an_error_of_the_configuration(world, use_lists, query):
    use_lists("Newsletter", tables=["contact"], direction="->", type=True, query=query)

    with pytest.raises(Misconfigured, match="Newsletter cannot be read"):
        read(world, world.contact())


def test_a_query_that_dataverse_refuses_is_an_error_of_the_configuration(world, use_lists):
    query = IN_UTRECHT["query"].replace("address1_city", "no_such_column")
    use_lists("Newsletter", tables=["contact"], direction="->", type=True, query=query)

    with pytest.raises(Misconfigured, match="Newsletter cannot be read"):
        read(world, world.contact())
