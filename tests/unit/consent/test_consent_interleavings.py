"""Every order of up to six events, with syncs and feeds in between or not, keeps the promises about consent.

Worlds that differ in nothing but their way are looked at once, so all orders are covered without trying each.
"""

from dataclasses import replace

import pytest

from . import sync_model
from .sync_model import Event, canonical, feed, fingerprint, happen, outward, settled, start

BEGINNINGS = pytest.mark.parametrize("on", [True, False], ids=["subscribed at first", "not subscribed at first"])


def explore(first, depth):
    """Every world that up to so many events can lead to, with one way to it; syncs run at any time, or not at all."""
    seen = set()
    level = {fingerprint(first): (first, ())}
    for _ in range(depth):
        following = {}
        for world, way in close(level, seen):
            yield world, way
            for event in Event:
                after = happen(world, event)
                if after is not None:
                    after = canonical(after)
                    following.setdefault(fingerprint(after), (after, (*way, event.value)))
        level = following
    yield from close(level, seen)


def close(level, seen):
    """The worlds of a level that are new, and those that syncs make of them."""
    waiting = list(level.items())
    while waiting:
        key, (world, way) = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        yield world, way
        for step in (feed, outward):
            after = canonical(step(world))
            waiting.append((fingerprint(after), (after, (*way, step.__name__))))


def broken_promises(world):
    """What is wrong once the connector has caught up."""
    end = settled(world)
    agreed = end.said_yes is not None and end.said_yes > end.said_no
    latest = dict(end.history)[end.row.name.casefold()]
    promises = {
        "is mailed, and said no": not end.mailed or agreed,
        "is subscribed without a source that is newer than the last withdrawal": not end.row.subscribed or agreed,
        "the history does not explain the row": latest.on is not end.row.refuses,
        "mailed without a row that says so": not end.mailed or end.row.subscribed,
    }
    return [promise for promise, kept in promises.items() if not kept]


def check(on, depth):
    count = 0
    for world, way in explore(start(on=on), depth):
        count += 1
        assert broken_promises(world) == [], way
    return count


@BEGINNINGS
def test_no_order_of_three_events_ends_with_somebody_mailed_who_said_no(on):
    assert check(on, 3) > 2000


@pytest.mark.nightly
@BEGINNINGS
def test_no_order_of_six_events_ends_with_somebody_mailed_who_said_no(on):
    assert check(on, 6) > 100_000


@BEGINNINGS
def test_who_agrees_on_either_side_and_refuses_nowhere_is_mailed_in_the_end(on):
    """The rules do not keep their promises by refusing everybody."""
    for event in (Event.OPT_IN_DATAVERSE, Event.OPT_IN_SPOTLER):
        world = start(on=on)
        for step in (feed, outward):
            world = step(world)
        after = happen(world, event)

        assert settled(after or world).mailed, event


def test_a_missing_rule_is_noticed(monkeypatch):
    """A contact that is anonymised without being read once more takes an opt-out with it."""
    monkeypatch.setattr(
        sync_model, "gone", lambda world: replace(world, there=False, on=False, known=None) if world.there else world
    )

    with pytest.raises(AssertionError, match="newer than the last withdrawal"):
        check(on=True, depth=2)
