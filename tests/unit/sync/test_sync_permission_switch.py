"""Rows of Spotler Permission are switched: the history first, and on only where nobody has changed them meanwhile."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector.dataverse.choices import ChangedBy, ConsentCause
from connector.dataverse.names import Consent, Permission
from connector.errors import Transient
from connector.sync.permissions.switch import Switch, switch
from connector.sync.records import RecordReader

CONNECTOR = Path(__file__).parents[3] / "connector"


@pytest.fixture
def row(world):
    """Makes a record with one row, and reads it."""

    def _row(**columns):
        record = world.contact()
        world.permission(record, "Newsletter", **{"subscribed": True, **columns})
        (found,) = RecordReader(world.services).read([record])[record].facts.rows
        return record, found

    return _row


def to(world, record, row, *, on, cause=ConsentCause.JOB):
    return Switch(record, row, on=on, at=world.now, cause=cause, evidence="Job 1")


def state(world):
    (row,) = world.rows(Permission.TABLE)
    return row[Permission.SUBSCRIBED], row[Permission.CHANGED_BY], row["statecode"]


def history(world):
    return [(row[Consent.BEFORE], row[Consent.AFTER], row[Consent.SOURCE]) for row in world.rows(Consent.TABLE)]


@pytest.mark.parametrize("on", [False, True])
@pytest.mark.parametrize(
    ("cause", "place"), [(ConsentCause.JOB, ChangedBy.DYNAMICS), (ConsentCause.FEED, ChangedBy.SPOTLER)]
)
def test_a_row_is_switched_and_the_history_says_by_what(world, row, on, cause, place):
    record, found = row(subscribed=not on)

    assert switch(world.services, [to(world, record, found, on=on, cause=cause)]) == {}

    assert state(world) == (on, place, 0)
    assert history(world) == [(not on, on, cause)]


def test_a_deactivated_row_is_activated_when_it_is_switched_on(world, row):
    record, found = row(statecode=1, statuscode=2)

    assert switch(world.services, [to(world, record, found, on=True)]) == {}

    assert state(world) == (True, ChangedBy.DYNAMICS, 0)


def test_a_deactivated_row_that_is_switched_off_was_off_before_and_adds_nothing_to_the_history(world, row):
    record, found = row(statecode=1, statuscode=2)

    assert switch(world.services, [to(world, record, found, on=False)]) == {}

    assert state(world)[0] is False
    assert history(world) == []


def test_a_row_that_somebody_changed_meanwhile_is_not_switched_on(world, row):
    record, found = row(subscribed=False)
    world.services.dataverse.update(Permission.SET, found.id, {Permission.SUBSCRIBED: False})

    errors = switch(world.services, [to(world, record, found, on=True)])

    assert isinstance(errors[record], Transient)
    assert state(world)[0] is False


def test_a_row_that_somebody_changed_meanwhile_is_switched_off_all_the_same(world, row):
    record, found = row()
    world.services.dataverse.update(Permission.SET, found.id, {Permission.NAME: "News"})

    assert switch(world.services, [to(world, record, found, on=False)]) == {}
    assert state(world)[0] is False


def test_where_the_history_cannot_be_written_nothing_is_switched(world, row):
    record, found = row()
    world.break_dataverse("500", rf"^{Consent.SET}\(", inner=True)

    errors = switch(world.services, [to(world, record, found, on=False)])

    world.mend_dataverse()
    assert isinstance(errors[record], Transient)
    assert state(world)[0] is True


def test_a_switch_that_is_repeated_adds_nothing_to_the_history(world, row):
    record, found = row()

    for _ in range(2):
        assert switch(world.services, [to(world, record, found, on=False)]) == {}

    assert history(world) == [(True, False, ConsentCause.JOB)]


def test_a_row_that_is_gone_is_no_error(world, row):
    record, found = row()
    gone = replace(found, id="00000000-0000-0000-0000-00000000dead")

    assert switch(world.services, [to(world, record, gone, on=on) for on in (False, True)]) == {}


def test_nothing_else_in_the_connector_switches_rows():
    writes = re.compile(r"Permission\.SUBSCRIBED\s*:")
    files = [file for file in CONNECTOR.rglob("*.py") if writes.search(file.read_text(encoding="utf-8"))]

    assert {file.name for file in files} <= {"permission_switch.py", "permission_creation.py"}


# When a row was switched


def read_time(world, **columns):
    record = world.contact()
    world.permission(record, "Newsletter", **columns)
    (found,) = RecordReader(world.services).read([record])[record].facts.rows
    return found.at


EARLY, LATE = "2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"
OTHER = "00000000-0000-0000-0000-000000000bad"


@pytest.mark.parametrize(
    ("subscribed", "by_connector", "changed_on", "modified_on", "at"),
    [
        (True, True, EARLY, LATE, EARLY),
        (False, True, EARLY, LATE, EARLY),
        (True, False, EARLY, LATE, EARLY),
        (False, False, EARLY, LATE, LATE),
        (False, False, LATE, EARLY, LATE),
        (True, False, None, LATE, LATE),
        (False, False, None, LATE, LATE),
    ],
)
def test_of_two_times_the_one_counts_that_favours_an_opt_out(
    world, subscribed, by_connector, changed_on, modified_on, at
):
    own = world.services.dataverse.who_am_i()["UserId"]

    found = read_time(
        world,
        subscribed=subscribed,
        **{
            Permission.CHANGED_ON: changed_on,
            Permission.MODIFIED_ON: modified_on,
            "_modifiedby_value": own if by_connector else OTHER,
        },
    )

    assert found == datetime.fromisoformat(at)


def test_what_the_connector_switched_off_counts_from_the_time_that_it_wrote(world, row):
    record, found = row()
    opted_out = world.now - timedelta(hours=1)
    switch(
        world.services,
        [Switch(record, found, on=False, at=opted_out, cause=ConsentCause.FEED, evidence="Opted out in Spotler")],
    )

    (after,) = RecordReader(world.services).read([record])[record].facts.rows

    assert after.at == opted_out
