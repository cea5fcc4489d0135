"""Rows of Spotler Permission are created, follow people and follow Spotler."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace

import pytest

from connector.consent import KnownState, PermissionReport, Presence, SpotlerReport
from connector.dataverse.choices import ChangedBy, ConsentCause
from connector.dataverse.names import (
    ENABLED_VARIABLE,
    PERMISSIONS_VARIABLE,
    Consent,
    EnvironmentVariable,
    EnvironmentVariableValue,
    Permission,
)
from connector.errors import ConnectorError, Transient
from connector.sync.permissions.rows import PermissionRows
from connector.sync.permissions.variables import warn_of_unknown
from connector.sync.records import Record, RecordReader
from sandbox.people import People
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT, OFFERS_BIT

from .sending import use

NAMES = {"Newsletter": NEWSLETTER_BIT, "Events": EVENTS_BIT, "Offers": OFFERS_BIT}
PERSON, FEED, CREATION = ConsentCause.PERSON, ConsentCause.FEED, ConsentCause.CREATION
FIRST, RULE = ConsentCause.FIRST_SYNC, ConsentCause.RULE


@pytest.fixture
def people(world):
    """Users of Dataverse, who leave their own name on what they change."""
    return People(SimpleNamespace(get=partial(getattr, world.ready)))


@pytest.fixture
def variables(world, people):
    """Sets the two environment variables: their current values, and the default of the first."""

    def _variables(names=None, enabled=None, *, default="Newsletter;Events;Offers;"):
        for name, value, fallback in ((PERMISSIONS_VARIABLE, names, default), (ENABLED_VARIABLE, enabled, "")):
            key = world.load(
                EnvironmentVariable.TABLE,
                displayname=name,
                type=100000000,
                **{EnvironmentVariable.SCHEMA_NAME: name, EnvironmentVariable.DEFAULT: fallback},
            )
            if value is not None:
                bind = f"{EnvironmentVariableValue.DEFINITION_NAVIGATION}@odata.bind"
                people.create(
                    EnvironmentVariableValue.SET,
                    {EnvironmentVariableValue.VALUE: value, bind: f"/{EnvironmentVariable.SET}({key})"},
                )

    return _variables


@pytest.fixture
def read(world):
    return lambda *refs: [RecordReader(world.services).read([ref])[ref] for ref in refs]


@pytest.fixture
def ensure(world, read):
    def _ensure(*refs, **options):
        results = PermissionRows(world.services).ensure(read(*refs), **options)
        assert all(isinstance(each, Record) for each in results.values()), results
        return [results[ref] for ref in refs]

    return _ensure


@pytest.fixture
def apply(world, ensure):
    def _apply(ref, report, **options):
        (record,) = ensure(ref, reported={ref: report}, **options)
        found = PermissionRows(world.services).apply([record])[ref]
        assert isinstance(found, Record), found
        return found

    return _apply


def rows(world, ref=None):
    return {
        row[Permission.NAME]: row[Permission.SUBSCRIBED]
        for row in world.rows(Permission.TABLE)
        if ref is None or row[f"_dh_{ref.table}id_value"] == ref.id
    }


def history(world):
    found = sorted(world.rows(Consent.TABLE), key=lambda row: (row[Consent.ON], not row[Consent.AFTER]))
    return [(row[Consent.PERMISSION], row[Consent.AFTER], row[Consent.SOURCE]) for row in found]


def report(*, on=(), off=(), at=None, seen=None, opted_out=False):
    said = [PermissionReport(name, NAMES[name], name in on, at, seen or at) for name in (*on, *off)]
    return SpotlerReport(Presence.KNOWN, tuple(said), opted_out, at if opted_out else None)


ABSENT = SpotlerReport(Presence.GONE)


# New records


@pytest.mark.parametrize(
    ("names", "enabled", "expected"),
    [
        (None, None, {"Newsletter": False, "Events": False, "Offers": False}),
        ("", None, {"Newsletter": False, "Events": False, "Offers": False}),
        (";", "[All]", {}),
        (" ; ", None, {}),
        ("newsletter ;; EVENTS", None, {"Newsletter": False, "Events": False}),
        ("Newsletter;Events;", "Newsletter;", {"Newsletter": True, "Events": False}),
        ("Newsletter;Events", ";", {"Newsletter": False, "Events": False}),
        ("Newsletter;Events", "[all]", {"Newsletter": True, "Events": True}),
        ("Newsletter;Events", "Offers;[ALL];Fax", {"Newsletter": True, "Events": True}),
        ("Newsletter", "Offers", {"Newsletter": False}),
        ("Fax;Newsletter", "Fax", {"Newsletter": False}),
    ],
    ids=str,
)
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_a_new_record_gets_the_rows_that_the_variables_name(world, variables, ensure, table, names, enabled, expected):
    variables(names, enabled)
    ref = getattr(world, table)()

    ensure(ref, created=[ref])

    assert rows(world, ref) == expected
    assert sorted(history(world)) == sorted((name, on, CREATION) for name, on in expected.items())


def test_a_new_record_gets_no_rows_where_the_variables_do_not_exist(world, ensure):
    ref = world.contact()

    ensure(ref, created=[ref])

    assert rows(world) == {}


def test_the_rows_of_a_new_record_have_their_bit_and_are_known_at_once(world, variables, ensure, read):
    variables("Newsletter", "[All]")
    ref = world.contact()

    (record,) = ensure(ref, created=[ref])

    assert [(each.name, each.bit, each.on) for each in record.decision.permissions] == [("Newsletter", 1, True)]
    assert read(ref)[0].facts.rows[0].id == record.facts.rows[0].id
    assert [each.on for each in read(ref)[0].decision.permissions] == [True]


def test_rows_are_created_once_however_often_it_is_done(world, variables, ensure):
    variables("Newsletter;Events", "[All]")
    ref = world.contact()

    for _ in range(3):
        ensure(ref, created=[ref])

    assert len(world.rows(Permission.TABLE)) == 2
    assert len(history(world)) == 2


def test_two_workers_that_create_rows_at_once_leave_one_of_each_name(world, variables, read):
    variables("Newsletter;Events", "[All]")
    ref = world.contact()
    (before,) = read(ref)

    found = [PermissionRows(world.services).ensure([before], [ref])[ref] for _ in range(2)]

    assert sorted(row[Permission.NAME] for row in world.rows(Permission.TABLE)) == ["Events", "Newsletter"]
    assert [len(record.facts.rows) for record in found] == [2, 2]
    assert len(history(world)) == 2


def test_what_the_other_worker_lacks_is_created_all_the_same(world, variables, read):
    variables("Newsletter;Events", "[All]")
    ref, other = world.contact("ann"), world.contact("bob")
    records = read(ref, other)
    PermissionRows(world.services).ensure(records[:1], [ref])

    found = PermissionRows(world.services).ensure(records, [ref, other])

    assert len(world.rows(Permission.TABLE)) == 4
    assert [len(found[each].facts.rows) for each in (ref, other)] == [2, 2]


def test_a_row_that_a_person_ticked_meanwhile_is_kept(world, variables, ensure):
    variables("Newsletter;Events")
    ref = world.contact()
    world.permission(ref, "newsletter", subscribed=True)

    ensure(ref, created=[ref])

    assert rows(world) == {"newsletter": True, "Events": False}


def test_unknown_names_are_warned_of_once(world, variables, ensure, caplog):
    warn_of_unknown.cache_clear()
    variables("Fax of the week;Newsletter")
    first, second = world.contact("ann"), world.contact("bob")

    with caplog.at_level(logging.WARNING):
        ensure(first, created=[first])
        ensure(second, created=[second])

    assert ["Fax of the week" in each.getMessage() for each in caplog.records] == [True]


def test_a_table_without_permissions_in_the_mapping_gets_no_rows(world, variables, ensure):
    variables("Newsletter")
    use(world)
    ref = world.contact()

    ensure(ref, created=[ref])

    assert rows(world) == {}


def test_only_the_permissions_that_the_mapping_leaves_to_the_connector_get_rows(world, variables, ensure):
    variables("Newsletter;Events")
    use(
        world,
        {"contact": "@map(permissions)", "direction": "<->", "spotler": "permissions", "items": ["Events"]},
    )
    ref = world.contact()

    ensure(ref, created=[ref])

    assert rows(world) == {"Events": False}


# Older records


def test_an_older_record_that_spotler_did_not_have_gets_rows_that_are_off(world, variables, ensure):
    variables("Newsletter;Events", "[All]")
    ref = world.contact()

    ensure(ref, reported={ref: ABSENT})

    assert rows(world) == {"Newsletter": False, "Events": False}
    assert sorted(history(world)) == [("Events", False, FIRST), ("Newsletter", False, FIRST)]


def test_an_older_record_gets_what_is_enabled_in_spotler(world, variables, ensure):
    variables("Newsletter;Events")
    ref = world.contact(known=True)
    seen = world.now - timedelta(days=9)

    (record,) = ensure(ref, reported={ref: report(on=["Newsletter", "Offers"], off=["Events"], seen=seen)})

    assert rows(world) == {"Newsletter": True, "Offers": True, "Events": False}
    assert sorted(history(world)) == sorted((name, on, FIRST) for name, on in rows(world).items())
    assert {each.name: each.at for each in record.facts.rows if each.subscribed} == {"Newsletter": seen, "Offers": seen}


def test_an_older_record_gets_no_rows_while_it_is_not_known_what_spotler_has(world, variables, ensure):
    variables("Newsletter;Events", "[All]")
    ref = world.contact(known=True)

    ensure(ref)

    assert rows(world) == {}


def test_a_permission_that_is_new_in_spotler_gets_its_row_as_it_was_last_known(world, variables, ensure):
    variables()
    ref = world.contact(known=True)
    known = {NEWSLETTER_BIT: KnownState(on=True, at=world.now), EVENTS_BIT: KnownState(on=False, at=world.now)}

    ensure(ref, known={ref: known})

    assert rows(world) == {"Newsletter": True, "Events": False}


def test_a_record_made_from_spotler_is_as_spotler_has_it(world, variables, ensure):
    variables("Events", "[All]")
    ref = world.contact()

    ensure(ref, reported={ref: report(on=["Newsletter"], off=["Offers"], seen=world.now)}, made_from_spotler=True)

    assert rows(world) == {"Newsletter": True, "Offers": False}
    assert sorted(history(world)) == [("Newsletter", True, FIRST), ("Offers", False, FIRST)]


def test_who_needs_nothing_costs_no_call(world, variables, ensure):
    variables("Newsletter")
    ref = world.contact(known=True)
    world.permission(ref, "Newsletter", subscribed=True, **{Permission.BIT: NEWSLETTER_BIT})
    use(
        world,
        {"contact": "@map(permissions)", "direction": "<->", "spotler": "permissions", "items": ["Newsletter"]},
    )
    (record,) = ensure(ref)
    world.services.spotler.fields()
    world.door("POST", "calls/reset")

    PermissionRows(world.services).ensure([record])

    assert world.door("GET", "calls")["total"] == 0


# What people do


def test_a_row_that_a_person_made_and_switched_is_in_the_history(world, people, ensure, read):
    ref = world.contact()
    world.permission(ref, "Newsletter", subscribed=False, modifiedon=(world.now - timedelta(days=1)).isoformat())
    ensure(ref)

    row = read(ref)[0].facts.rows[0]
    people.update(Permission.SET, row.id, {Permission.SUBSCRIBED: True})
    (after,) = ensure(ref)

    assert history(world) == [("Newsletter", False, PERSON), ("Newsletter", True, PERSON)]
    (stored,) = world.rows(Permission.TABLE)
    assert datetime.fromisoformat(stored[Permission.CHANGED_ON]) == after.facts.rows[0].at
    assert stored[Permission.CHANGED_BY] == ChangedBy.DYNAMICS
    assert [each.on for each in after.decision.permissions] == [True]


# What Spotler reports


def test_an_opt_out_switches_the_row_off_and_a_newer_opt_in_switches_it_on_again(world, apply):
    ref = world.contact(known=True)
    early = (world.now - timedelta(days=3)).isoformat()
    world.permission(ref, "Newsletter", subscribed=True, modifiedon=early)

    apply(ref, report(off=["Newsletter"], at=world.now - timedelta(days=2)))
    assert rows(world) == {"Newsletter": False}
    record = apply(ref, report(on=["Newsletter"], at=world.now - timedelta(days=1)))

    assert rows(world) == {"Newsletter": True}
    assert [each.on for each in record.decision.permissions] == [True]
    assert history(world) == [("Newsletter", True, PERSON), ("Newsletter", False, FEED), ("Newsletter", True, FEED)]


def test_an_opt_out_that_is_older_than_what_a_person_agreed_to_changes_nothing(world, apply):
    ref = world.contact(known=True)
    world.permission(ref, "Newsletter", subscribed=True)

    apply(ref, report(off=["Newsletter"], at=world.now - timedelta(days=2)))

    assert rows(world) == {"Newsletter": True}


def test_an_opt_in_that_is_older_than_a_refusal_changes_nothing(world, apply):
    ref = world.contact(known=True)
    world.permission(ref, "Newsletter", subscribed=False)

    apply(ref, report(on=["Newsletter"], at=world.now - timedelta(days=2)))

    assert rows(world) == {"Newsletter": False}


def test_an_opt_in_without_a_row_makes_one(world, variables, apply):
    variables("Events")
    ref = world.contact(known=True)

    apply(ref, report(on=["Newsletter"], at=world.now))

    assert rows(world) == {"Newsletter": True}
    assert history(world) == [("Newsletter", True, FEED)]


@pytest.mark.parametrize("sets", [True, False])
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_a_complete_opt_out_switches_everything_off_and_sets_do_not_bulk_email(world, apply, table, sets):
    settings = world.services.settings.model_copy(update={"opt_out_sets_do_not_bulk_email": sets})
    world.services = replace(world.services, settings=settings)
    ref = getattr(world, table)(known=True)
    for name in ("Newsletter", "Events"):
        world.permission(ref, name, subscribed=True, modifiedon=(world.now - timedelta(days=3)).isoformat())

    record = apply(ref, report(off=["Newsletter"], at=world.now - timedelta(days=2), opted_out=True))

    assert rows(world) == {"Newsletter": False, "Events": False}
    assert [row["donotbulkemail"] is True for row in world.rows(table)] == [sets]
    assert record.facts.do_not_bulk_email is sets
    assert {entry for entry in history(world) if not entry[1]} == {("Newsletter", False, FEED), ("Events", False, FEED)}


def test_who_agreed_to_something_after_a_complete_opt_out_keeps_that_and_gets_no_do_not_bulk_email(world, apply):
    ref = world.contact(known=True)
    world.permission(ref, "Newsletter", subscribed=True)
    world.permission(ref, "Events", subscribed=True, modifiedon=(world.now - timedelta(days=3)).isoformat())

    apply(ref, report(off=["Events"], at=world.now - timedelta(days=2), opted_out=True))

    assert rows(world) == {"Newsletter": True, "Events": False}
    assert world.rows("contact")[0]["donotbulkemail"] is not True


def test_do_not_bulk_email_withdraws_by_rule(world, apply):
    ref = world.contact(known=True, donotbulkemail=True)
    world.permission(ref, "Newsletter", subscribed=True, modifiedon=(world.now - timedelta(days=3)).isoformat())

    apply(ref, SpotlerReport(Presence.KNOWN))

    assert rows(world) == {"Newsletter": False}
    assert history(world)[-1] == ("Newsletter", False, RULE)


# What goes wrong


@pytest.mark.parametrize("path", [r"^dh_spotlerconsents", r"^dh_spotlerpermissions", r"^environmentvariable"])
def test_what_dataverse_cannot_do_now_is_tried_again_and_then_done_once(world, variables, read, path):
    variables("Newsletter;Events", "[All]")
    ref = world.contact()
    records = read(ref)
    world.break_dataverse("503", path)

    failed = PermissionRows(world.services).ensure(records, [ref])[ref]
    world.mend_dataverse()
    done = PermissionRows(world.services).ensure(read(ref), [ref])[ref]

    assert isinstance(failed, ConnectorError)
    assert isinstance(failed, Transient)
    assert isinstance(done, Record)
    assert rows(world) == {"Newsletter": True, "Events": True}
    assert len(history(world)) == 2


def test_a_withdrawal_that_did_not_reach_its_row_is_finished(world, ensure, apply):
    ref = world.contact(known=True)
    early = (world.now - timedelta(days=3)).isoformat()
    world.permission(ref, "Newsletter", subscribed=True, modifiedon=early)
    ensure(ref)
    world.break_dataverse("500", r"^dh_spotlerpermissions\(", inner=True)
    with pytest.raises(AssertionError):
        apply(ref, report(off=["Newsletter"], at=world.now))
    world.mend_dataverse()

    (record,) = ensure(ref)

    assert rows(world) == {"Newsletter": False}
    assert [each.on for each in record.decision.permissions] == [False]
    assert history(world) == [("Newsletter", True, PERSON), ("Newsletter", False, FEED)]
