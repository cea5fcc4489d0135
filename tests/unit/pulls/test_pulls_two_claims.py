"""Two entries of the feed of updates that claim one record: only the contact that the connector writes to counts."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from connector.pulls.updates import OTHER_SYSTEM, Updates
from connector.sync.both_ways.inward import ShownUpdate
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.faults.matrix.systems import Door
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
ON = [{"bit": NEWSLETTER_BIT, "enabled": True}]


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, PERMISSIONS)


@pytest.fixture
def ann(two):
    """Somebody who has opted out in Dataverse, which Spotler knows."""
    record = two.contact(firstname="Ann")
    two.permission(record, "Newsletter", subscribed=True)
    two.sync(record)
    two.pull()
    two.permission(record, "Newsletter", subscribed=False)
    two.sync(record)
    two.tick(timedelta(hours=1))
    two.pull()
    return record


def shown(two, external_id):
    feed = two.services.spotler.feeds.updates(two.now() - timedelta(days=1), two.now() + timedelta(hours=1))
    return ShownUpdate(next(each for each in feed if each.external_id == external_id), two.now())


def work(two, *entries):
    return Updates(two.services).work(two.services, entries)


@pytest.mark.parametrize("form", [str.upper, str.title])
def test_a_contact_with_the_id_of_a_record_in_other_letters_changes_nothing_of_it(two, ann, form):
    other = form(ann.id)
    Door(two.systems).contacts({"externalId": other, "properties": {"email": "other@example.org"}})
    two.tick(timedelta(minutes=10))
    two.pull()
    two.tick(timedelta(minutes=10))
    two._emit(type="profile", externalId=other, properties={"firstName": "Bob", "permissions": ON})
    two.tick(timedelta(minutes=10))

    two.pull()

    assert (two.row(ann)["firstname"], two.subscribed(ann)) == ("Ann", {"Newsletter": False})
    two.sync(ann, always=True)
    assert two.in_spotler(ann)["permissions"] == []


def test_a_contact_under_another_form_of_an_id_that_spotler_does_not_know_is_of_another_system(two):
    ann = two.contact(firstname="Ann")
    Door(two.systems).contacts({"externalId": ann.id.upper(), "properties": {"email": "other@example.org"}})

    assert work(two, shown(two, ann.id.upper())) == Counter({OTHER_SYSTEM: 1})


def test_of_a_contact_that_comes_twice_the_present_state_counts_whatever_the_order(two, ann):
    two.profile(ann, firstName="Anna", permissions=ON)
    two.tick(timedelta(minutes=1))
    before = shown(two, ann.id)
    two.tick(timedelta(minutes=10))
    two.unsubscribe(ann, NEWSLETTER_BIT)
    after = shown(two, ann.id)
    undated = replace(before, contact=replace(before.contact, last_changed=None))

    for entries in permutations((before, after, undated)):
        work(two, *entries)

        assert two.subscribed(ann) == {"Newsletter": False}
        assert two.row(ann)["firstname"] == "Anna"
