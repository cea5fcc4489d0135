"""Rows of Spotler Permission and what people do and Spotler reports."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connector.consent import Presence, SpotlerReport
from connector.dataverse.choices import ChangedBy
from connector.dataverse.names import (
    Permission,
)
from connector.errors import ConnectorError, Transient
from connector.sync.permissions.rows import PermissionRows
from connector.sync.records import Record
from tests.unit.sync.permission_rows import FEED, PERSON, RULE, history, report, rows

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
