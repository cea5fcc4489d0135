"""Entries of Spotler's feeds with any odd part: none stops the others, and none subscribes somebody who said no."""

import copy
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from connector.dataverse.names import Info
from connector.pulls.bounces import BounceFeed
from connector.pulls.loop import run_feed
from connector.pulls.updates import Updates
from connector.spotler.feeds import Feeds
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.damaged import damaged
from tests.unit.sync.two_systems import PERMISSIONS, TwoSystems

NAME = {"contact": "firstname", "direction": "<->", "spotler": "firstName"}
CITY = {"contact": "address1_city", "direction": "<-", "spotler": "city"}
#: Every so many variants are tried with each run of the tests, and all of them at night.
SAMPLE = [10, pytest.param(1, marks=pytest.mark.nightly)]


@pytest.fixture
def two(systems):
    return TwoSystems(systems, NAME, CITY, PERMISSIONS)


@pytest.fixture
def people(two):
    """Ann refuses the newsletter in both systems, Bob gets it."""
    found = [two.contact(name, firstname=name.title()) for name in ("ann", "bob")]
    for record, on in zip(found, (False, True), strict=True):
        two.permission(record, "Newsletter", subscribed=on)
    two.sync(*found)
    two.pull()
    for record in found:
        two.profile(record, city="Delft")
    two.pull()
    return found


def entries(two, monkeypatch, name: str) -> list[dict[str, object]]:
    """What Spotler answers, as JSON."""
    seen: list[dict[str, object]] = []
    window = Feeds._window

    def _window(*arguments) -> Iterator[dict[str, object]]:
        for each in window(*arguments):
            seen.append(each)
            yield each

    with monkeypatch.context() as patch:
        patch.setattr(Feeds, "_window", _window)
        list(getattr(two.services.spotler.feeds, name)(two.now() - timedelta(days=1), two.now() + timedelta(hours=1)))
    return seen


def feed_of(monkeypatch, *found: object) -> None:
    """Spotler answers this; what is no object of JSON comes as an empty one."""
    objects = [each if isinstance(each, dict) else {} for each in json.loads(json.dumps(found))]
    monkeypatch.setattr(Feeds, "_window", lambda *_: iter(objects))


@pytest.mark.parametrize("every", SAMPLE)
def test_an_odd_contact_stops_no_other_and_subscribes_nobody(two, people, monkeypatch, every):
    ann, bob = people
    raw = {each["externalId"]: each for each in entries(two, monkeypatch, "updates")}
    for number, odd in enumerate(list(damaged(raw[ann.id]))[::every]):
        sound = copy.deepcopy(raw[bob.id])
        sound["properties"]["city"] = f"City {number}"
        sound["lastChanged"] = (two.now() + timedelta(seconds=10)).isoformat()
        feed_of(monkeypatch, odd, sound)
        two.tick()

        run_feed(two.services, Updates(two.services))

        assert two.row(bob)["address1_city"] == f"City {number}", odd
        assert two.subscribed(bob) == {"Newsletter": True}, odd
        assert two.subscribed(ann) == {"Newsletter": False}, odd
    two.sync(ann, always=True)
    assert NEWSLETTER_BIT not in two.in_spotler(ann)["permissions"]


@pytest.mark.parametrize("every", SAMPLE)
def test_an_odd_bounce_stops_no_other(two, people, monkeypatch, every):
    ann, bob = people
    for record in people:
        two._emit(type="bounce", externalId=record.id, hard=False)
    raw = {each["contact"]["externalId"]: each for each in entries(two, monkeypatch, "bounces")}
    run_feed(two.services, BounceFeed(two.services))
    counted = two.info(bob).get(Info.SOFT_BOUNCES) or 0
    for odd in list(damaged(raw[ann.id]))[::every]:
        two.tick()
        feed_of(monkeypatch, odd, {**raw[bob.id], "date": two.now().isoformat()})
        two.tick()

        run_feed(two.services, BounceFeed(two.services))

        counted += 1
        assert two.info(bob)[Info.SOFT_BOUNCES] == counted, odd
