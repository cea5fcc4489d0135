"""Rows of Spotler Permission are created, follow people and follow Spotler."""

import logging
from datetime import timedelta

import pytest

from connector.consent import KnownState
from connector.dataverse.names import (
    Permission,
)
from connector.sync.permissions.rows import PermissionRows
from connector.sync.permissions.variables import warn_of_unknown
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT
from tests.unit.sync.permission_rows import ABSENT, CREATION, FIRST, history, report, rows

from .sending import use

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
