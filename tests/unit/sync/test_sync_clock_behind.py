"""Spotler's clock is behind, and somebody opts out shortly after the opt-in: the opt-out looks older than that."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.dataverse.names import Consent
from connector.pulls.loop import WINDOW
from connector.pulls.updates import Updates
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, PERMISSIONS)


@pytest.fixture
def ann(two):
    """Somebody who agreed just now, in Dataverse."""
    record = two.contact(firstname="Ann")
    two.permission(record, "Newsletter", subscribed=False)
    two.sync(record)
    two.tick(timedelta(hours=1))
    two.pull()
    two.permission(record, "Newsletter", subscribed=True)
    two.sync(record)
    assert two.in_spotler(record)["permissions"] == [NEWSLETTER_BIT]
    return record


BEHIND = pytest.mark.parametrize("minutes", [-1, -4])
SECONDS = pytest.mark.parametrize("seconds", [1, 45])


def leave(two, ann, minutes, seconds=1):
    two.ahead = timedelta(minutes=minutes)
    two.tick(timedelta(seconds=seconds))
    two._emit(type="unsubscribe", externalId=ann.id, permissions=[NEWSLETTER_BIT])
    two.tick(timedelta(minutes=3))


@BEHIND
@SECONDS
def test_the_feed_switches_the_row_off(two, ann, minutes, seconds):
    leave(two, ann, minutes, seconds)
    two.pull()

    assert two.subscribed(ann) == {"Newsletter": False}
    last = max(two.systems.rows(Consent.TABLE), key=lambda row: (row[Consent.ON], not row[Consent.AFTER]))
    assert last[Consent.AFTER] is False


@BEHIND
def test_a_sync_before_the_feed_switches_the_row_off(two, ann, minutes):
    leave(two, ann, minutes)
    two.edit(ann, firstname="Anna")

    two.sync(ann)

    assert two.subscribed(ann) == {"Newsletter": False}
    assert two.in_spotler(ann)["permissions"] == []


@BEHIND
def test_who_agrees_again_after_that_gets_it(two, ann, minutes):
    leave(two, ann, minutes)
    two.pull()

    two.permission(ann, "Newsletter", subscribed=True)
    two.sync(ann)

    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]
    for _ in range(3):
        two.pull()
        two.sync(ann, always=True)
    assert two.subscribed(ann) == {"Newsletter": True}
    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]


def test_a_contact_that_spotler_shows_as_it_was_before_the_send_right_after_it_switches_nothing_off(
    two, ann, monkeypatch
):
    """Its read may lag behind its write."""
    contact, read = two.services.spotler.get_contact(ann.id), two.services.spotler.get_contact
    off = [{"bit": NEWSLETTER_BIT, "enabled": False}]
    before = replace(
        contact,
        properties={**contact.properties, "permissions": off},
        last_changed=contact.last_changed - timedelta(minutes=30),
    )
    monkeypatch.setattr(two.services.spotler, "get_contact", lambda _: before)
    two.edit(ann, firstname="Anna")
    two.sync(ann)
    monkeypatch.setattr(two.services.spotler, "get_contact", read)
    two.tick(timedelta(minutes=10))
    two.pull()

    assert two.subscribed(ann) == {"Newsletter": True}
    assert two.in_spotler(ann)["permissions"] == [NEWSLETTER_BIT]


def test_a_feed_that_shows_the_contact_as_it_was_before_the_opt_in_switches_nothing_off(two, ann):
    two.tick(timedelta(minutes=1))
    page = list(Updates(two.services).read(two.now() - WINDOW, two.now()))
    (now,) = [each for each in page if each.contact.external_id == ann.id]
    off = [{"bit": NEWSLETTER_BIT, "enabled": False}]
    before = replace(
        now.contact,
        properties={**now.contact.properties, "permissions": off},
        last_changed=now.contact.last_changed - timedelta(minutes=30),
    )

    Updates(two.services).work(two.services, [replace(now, contact=before)])

    assert two.subscribed(ann) == {"Newsletter": True}


@pytest.mark.parametrize("seconds", [0, -20, -180, 20, 180])
@pytest.mark.parametrize("first", ["feed", "sync"])
def test_an_opt_out_counts_where_the_clock_went_wrong_long_after_the_contact_was_made(
    two, systems, ann, seconds, first
):
    systems.controls.change_settings(b'{"clock_skew_s": 0, "dates_answers": true}')
    two.tick(timedelta(days=1))
    two.pull()
    two.ahead = timedelta(seconds=seconds)
    two.tick(timedelta(minutes=1))
    two.unsubscribe(ann, NEWSLETTER_BIT)
    two.tick(timedelta(minutes=5))
    if first == "feed":
        two.pull()
    else:
        two.edit(ann, firstname="Anna")
    two.sync(ann)
    two.tick(timedelta(minutes=1))
    two.pull()

    assert two.subscribed(ann) == {"Newsletter": False}
    assert two.in_spotler(ann)["permissions"] == []


@pytest.mark.parametrize("seconds", [0, -20, -180])
def test_an_entry_that_was_worked_on_is_recognised_in_the_next_window(two, systems, ann, seconds, monkeypatch):
    systems.controls.change_settings(b'{"clock_skew_s": 0, "dates_answers": true}')
    worked, work = [], Updates.work
    monkeypatch.setattr(Updates, "work", lambda feed, *given: (worked.append(given), work(feed, *given))[1])
    two.tick(timedelta(days=1))
    two.pull()
    two.ahead = timedelta(seconds=seconds)
    two.tick(timedelta(minutes=10))
    two.profile(ann, firstName="Anna")
    two.tick(timedelta(minutes=1))
    two.pull()
    assert worked
    worked.clear()
    for _ in range(3):
        two.tick(timedelta(seconds=20.37))
        two.pull()

    assert worked == []
