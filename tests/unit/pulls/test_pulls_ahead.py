"""What the next reading of the feeds would do: the counts of the reading itself, before it, and without any write."""

from collections import Counter
from dataclasses import replace

import pytest

from connector.pulls.ahead import BOUNCES, NEW_SUBSCRIBERS, feeds_ahead
from connector.pulls.bounces import read_bounces
from connector.pulls.loop import run_feed
from connector.pulls.updates import Updates
from connector.sync.newcomers.choice import CREATED, FOUND, KEPT_OUT, NO_ADDRESS, OFF
from tests.faults.matrix.systems import Door
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}


@pytest.fixture
def two(systems):
    made = TwoSystems(systems, NAME, PERMISSIONS)
    read_bounces(made.services)
    made.tick()
    return made


def use(two, **settings):
    two.services = replace(two.services, settings=two.services.settings.model_copy(update=settings))


def subscribe(two, *addresses):
    two.systems.controls.change_settings(b'{"dedupe": "both"}')
    Door(two.systems).contacts(*({"properties": {"email": each} if each else {"firstName": "X"}} for each in addresses))
    two.tick()


def everything(two):
    return two.written(), {name: two.services.state.read(name).value for name in two.services.state.names()}


def test_new_subscribers_are_counted_by_what_they_would_become(two):
    use(two, new_subscribers="contact")
    two.contact("bob")
    two.contact("cleo", donotemail=True)
    subscribe(two, "ann@example.org", "bob@example.org", "cleo@example.org", "")
    before = everything(two)

    ahead = feeds_ahead(two.services)[NEW_SUBSCRIBERS]

    assert ahead == Counter({CREATED: 1, FOUND: 1, KEPT_OUT: 1, NO_ADDRESS: 1})
    assert everything(two) == before

    done = run_feed(two.services, Updates(two.services))
    assert {what: done[what] for what in ahead} == ahead


def test_two_subscribers_of_one_new_row_are_one_creation(two):
    use(two, new_subscribers="contact", new_subscriber_match="firstname")
    Door(two.systems).contacts(
        *({"properties": {"email": f"{name}@example.org", "firstName": "Ann"}} for name in ("one", "two"))
    )
    two.tick()

    assert feeds_ahead(two.services)[NEW_SUBSCRIBERS] == Counter({CREATED: 1, FOUND: 1})


def test_bounces_are_counted_by_the_status_that_they_would_lead_to(two):
    ann, bob = two.contact("ann"), two.contact("bob")
    two.sync(ann, bob)
    two.tick()
    two._emit(type="bounce", externalId=ann.id)
    two._emit(type="bounce", externalId=bob.id, hard=False)
    two.tick()
    before = everything(two)

    ahead = feeds_ahead(two.services)[BOUNCES]

    assert ahead == Counter({"inactive (hard bounce)": 1, "counted": 1})
    assert everything(two) == before
    done = read_bounces(two.services)
    assert {what: done[what] for what in ahead} == ahead
    assert feeds_ahead(two.services)[BOUNCES] == Counter(), "they were read"


def test_a_feed_that_is_switched_off_is_left_out(two):
    use(two, updates_enabled=False)

    assert feeds_ahead(two.services).keys() == {BOUNCES}


def test_without_a_table_for_them_new_subscribers_are_left_alone(two):
    subscribe(two, "ann@example.org")

    assert feeds_ahead(two.services)[NEW_SUBSCRIBERS] == Counter({OFF: 1})
