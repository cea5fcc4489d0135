"""Which feeds are read."""

import dataclasses
import logging

import pytest

from connector.pulls import switches
from connector.pulls.switches import is_on, is_switched_on


@pytest.fixture
def with_settings(world):
    def _with_settings(**values):
        return dataclasses.replace(world.services, settings=world.services.settings.model_copy(update=values))

    return _with_settings


def test_a_feed_that_is_switched_off_says_so_once(with_settings, caplog, monkeypatch):
    monkeypatch.setattr(switches, "_reported_off", set())
    with caplog.at_level(logging.INFO):
        assert [is_on(with_settings(updates_enabled=False), "updates") for _ in range(3)] == [False] * 3
        assert is_on(with_settings(), "updates")

    assert caplog.messages == ["Feed updates is switched off by its setting."]


@pytest.mark.parametrize(
    ("setting", "feeds"),
    [
        ("updates_enabled", ("updates", "updates-again")),
        ("bounces_enabled", ("bounces", "bounces-returned")),
        ("interactions_enabled", ("interactions", "interactions-opened", "interactions-clicked")),
        ("lists_enabled", ("lists",)),
    ],
)
def test_a_switch_is_that_of_all_its_feeds(with_settings, setting, feeds):
    assert [is_switched_on(with_settings(), feed) for feed in feeds] == [True] * len(feeds)
    assert [is_switched_on(with_settings(**{setting: False}), feed) for feed in feeds] == [False] * len(feeds)


def test_a_kind_of_interactions_that_is_not_asked_for_is_not_read(with_settings):
    services = with_settings(interactions="opened")

    assert is_switched_on(services, "interactions-opened")
    assert not is_switched_on(services, "interactions-clicked")


def test_visitors_are_read_where_spotler_leads_is_configured(with_settings):
    assert not is_switched_on(with_settings(), "visitors")
    assert is_switched_on(dataclasses.replace(with_settings(), leads=object()), "visitors")


def test_what_has_no_switch_is_read(with_settings):
    assert is_switched_on(with_settings(), "people-gone")
