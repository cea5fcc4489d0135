"""A website, and mailings, that were read before."""

from datetime import timedelta

import pytest

from connector.pulls.interactions import read_interactions
from connector.pulls.loop import run_feed
from tests.unit.pulls.interaction_events import with_settings
from tests.unit.pulls.list_feed import Clocked, ListFeed
from tests.unit.sync.two_systems import TwoSystems


@pytest.fixture
def begun(website):
    """The same, with the last reading forty days ago."""
    read_until(website, timedelta(days=40))
    return website


@pytest.fixture
def recent(begun):
    """The same, with the last reading an hour ago."""
    read_until(begun, timedelta(hours=1))
    return begun


def read_until(website, ago):
    """The list of visitors was read until then."""
    state = website.services.state
    stored = state.read("feeds/visitors")
    until = (website.world.now - ago).isoformat()
    state.write("feeds/visitors", {"seen": [], "until": until}, version=stored.version if stored else None)


@pytest.fixture
def two(systems):
    """Both systems, after the first reading of all kinds."""
    made = TwoSystems(systems)
    with_settings(made, interactions="sent,opened,clicked,bounced", feed_first_days=0)
    read_interactions(made.services)
    return made


@pytest.fixture
def people(two):
    """Contacts that both systems know."""

    def _people(*names):
        made = [two.contact(name) for name in names]
        two.sync(*made)
        return made

    return _people


@pytest.fixture
def services():
    return Clocked()


@pytest.fixture
def feed(services):
    """A feed that has had its first run."""
    made = ListFeed()
    run_feed(services, made)
    services.later(minutes=15)
    made.windows.clear()
    return made
