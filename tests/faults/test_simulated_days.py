"""Simulated days with random edits, opt-outs, bounces, mailings, lists, visitors, renames, merges, outages, crashes.

When they are over and the app has caught up, a comparison of both sides finds nothing to repair, nobody is mailed who
said no, and every event of a mailing is there once. A failure names its seed and the command that repeats it.
"""

import logging

import pytest

from connector import telemetry
from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Contact, Interaction, lookup_value
from connector.pulls.updates import Updates
from connector.sync.automatic import changes
from tests.faults.days import website
from tests.faults.days.checks import problems
from tests.faults.days.days import Days
from tests.faults.matrix.systems import Systems

#: The seeds of a nightly run, each with and without a weekly comparison.
NIGHTLY = range(1, 5)


@pytest.fixture(scope="module")
def systems():
    return Systems()


@pytest.fixture(autouse=True)
def _quiet(caplog):
    """What is logged about a fault is no news here."""
    telemetry.silence_loggers()
    caplog.set_level(logging.CRITICAL)


def broken(systems, seed, days, *, weekly=False):
    """The broken promises of a run, with the command that repeats it."""
    lived = Days(systems, seed, weekly=weekly)
    lived.live(days)
    if not (found := problems(lived)):
        return ""
    again = f"python -m tests.faults.days --seed {seed} --days {days}{' --weekly' * weekly}"
    return "\n".join([f"seed {seed}; again: {again}", *found])


def test_twenty_days_leave_nothing_to_repair(systems):
    assert broken(systems, 1, 20) == ""


@pytest.mark.nightly
@pytest.mark.parametrize("weekly", [False, True])
@pytest.mark.parametrize("seed", NIGHTLY)
def test_a_year_leaves_nothing_to_repair(systems, seed, weekly):
    assert broken(systems, seed, 365, weekly=weekly) == ""


# That something broken is noticed


def test_the_same_seed_lives_the_same_days(systems):
    lived = []
    for _ in range(2):
        days = Days(systems, 7, weekly=True)
        days.live(1)
        rows = sorted(
            (row["lastname"], row.get("firstname"), row.get("telephone1")) for row in systems.rows(Contact.TABLE)
        )
        lived.append((rows, [(kind, at) for _, kind, at in days.events], days.day.deaths))

    assert lived[0] == lived[1]


def test_a_sync_that_does_nothing_is_noticed(systems, monkeypatch):
    monkeypatch.setattr(changes, "sync_changes", lambda *_: None)
    monkeypatch.setattr("tests.faults.matrix.day.sync_changes", lambda *_: None)

    assert "records were never sent" in broken(systems, 1, 2)


def test_a_feed_that_is_left_out_is_noticed(systems, monkeypatch):
    monkeypatch.setattr(Updates, "read", lambda *_: iter(()))

    assert "the comparison had to repair" in broken(systems, 1, 6)


def test_page_views_that_are_missing_or_never_read_are_noticed(systems):
    days = Days(systems, 1, weekly=False)
    for _ in range(9):
        website.visit(days, days.people[0])
    days.live(1)
    visited = next(company for company in days.companies.values() if company.number)
    visited.pages += 1
    expected = f"company {visited.number} has and shows {(visited.pages - 1,) * 2} of {visited.pages} page views"
    missing = problems(days)
    website.visit(days, days.people[0])

    assert [each for each in missing if "page views" in each] == [expected]
    assert any("page views wait in Spotler Leads" in each for each in problems(days))


def test_an_event_that_is_missing_or_doubled_is_noticed(systems):
    days = Days(systems, 1, weekly=False)
    days.live(1)
    ann = days.people[0]
    days.events.append((ann.record.id, "open", days.two.now()))
    missing = problems(days)
    days.events.clear()
    opened = {Interaction.KEY: "doubled", Interaction.TYPE: InteractionType.EMAIL_OPENED.value}
    systems.load({Interaction.TABLE: [{lookup_value(Interaction.CONTACT): ann.record.id, **opened}]})

    assert any("ann has 0 rows of 1 events" in each for each in missing)
    assert any("ann has 1 rows of 0 events" in each for each in problems(days))


def test_a_function_that_fails_is_noticed(systems, monkeypatch):
    def fail(*_):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("tests.faults.matrix.day.sync_changes", fail)

    assert "a function failed: RuntimeError" in broken(systems, 1, 1)


def test_somebody_who_is_mailed_and_said_no_is_noticed(systems):
    days = Days(systems, 1, weekly=False)
    days.live(1)
    ann = days.people[0]
    days.two.permission(ann.record, "Newsletter", subscribed=True)
    days.settle()

    assert any(each.startswith("ann") and "said no last" in each for each in problems(days))
