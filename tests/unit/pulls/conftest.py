"""A website whose visitors were read before."""

from datetime import timedelta

import pytest


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
