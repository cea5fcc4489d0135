"""Spotler's clock may be minutes off: its moments are read in the time of this machine."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
import requests

from connector.spotler.clock import SpotlerClock
from connector.spotler.fields import Field, Option, PropertyType
from connector.spotler.readers import read_contact
from connector.sync.newcomers.permissions import _nothing, _report

NOW = datetime(2026, 3, 18, 14, 30, tzinfo=UTC)
CHANGED = datetime(2026, 3, 18, 12, tzinfo=UTC)


def heard(date: str | None, *, seconds: float = 0.2, **how: bool) -> SpotlerClock:
    """A clock after an answer with this header that took so long and has just come."""
    clock, answer = SpotlerClock(**how), requests.Response()
    answer.headers.update({"Date": date} if date is not None else {})
    clock.hear(answer, NOW.timestamp() - seconds, NOW.timestamp())
    return clock


def shown(**off: float) -> str:
    return format_datetime(NOW + timedelta(**off), usegmt=True)


@pytest.mark.parametrize("minutes", [1, 3, 4])
def test_moments_of_a_clock_that_is_behind_are_later_than_it_says(minutes):
    moved = heard(shown(minutes=-minutes)).here(CHANGED) - CHANGED

    assert timedelta(minutes=minutes, seconds=-2) <= moved <= timedelta(minutes=minutes)


@pytest.mark.parametrize("minutes", [1, 3, 4])
def test_moments_of_a_clock_that_is_ahead_stay_because_late_opt_outs_are_the_safe_side(minutes):
    assert heard(shown(minutes=minutes)).here(CHANGED) == CHANGED


@pytest.mark.parametrize("seconds", [-5, -1, 0, 4])
def test_clocks_that_nearly_agree_are_one(seconds):
    assert heard(shown(seconds=seconds)).here(CHANGED) == CHANGED


@pytest.mark.parametrize("minutes", [-600, -6, 6, 600])
def test_a_header_that_is_further_off_than_a_signature_may_be_is_no_clock_of_spotler(minutes):
    assert heard(shown(minutes=minutes)).here(CHANGED) == CHANGED


@pytest.mark.parametrize(
    "date",
    [
        None,
        "",
        "now",
        f"{shown()}, {shown()}, x",
        "Mon, 30 Nov 99999999999 10:00:00 GMT",
        "\x00",
        "0 0 0",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Mon, 01 Jan 0001 00:00:00 +1200",
    ],
)
def test_a_header_that_is_no_date_says_nothing(date):
    assert heard(date).here(CHANGED) == CHANGED


def test_a_slow_answer_says_nothing_and_the_one_before_it_counts():
    clock = heard(shown(minutes=-3))
    answer = requests.Response()
    answer.headers["Date"] = shown(seconds=0)
    clock.hear(answer, NOW.timestamp(), NOW.timestamp() + 20)

    assert clock.here(CHANGED) > CHANGED


def test_a_clock_that_was_set_right_is_noticed():
    clock = heard(shown(minutes=-3))
    answer = requests.Response()
    answer.headers["Date"] = shown()
    clock.hear(answer, NOW.timestamp(), NOW.timestamp())

    assert clock.here(CHANGED) == CHANGED


def test_it_is_not_followed_where_the_setting_says_so():
    assert heard(shown(minutes=-3), is_followed=False).here(CHANGED) == CHANGED


def test_no_moment_stays_none():
    assert heard(shown(minutes=-3)).here(None) is None


def test_a_moment_stays_the_same_with_every_answer_of_a_clock_that_is_behind():
    clock = heard(shown(minutes=-3))
    first = clock.here(CHANGED)
    for milliseconds in range(0, 2000, 170):
        answer = requests.Response()
        answer.headers["Date"] = shown(minutes=-3, seconds=milliseconds // 1000)
        now = NOW.timestamp() + milliseconds / 1000
        clock.hear(answer, now - 0.1, now)
        assert clock.here(CHANGED) == first


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_date_at_an_end_of_the_calendar_stops_nothing(date):
    contact = read_contact({"externalId": "1", "created": date, "lastChanged": date}, heard(shown(minutes=-3)))

    assert contact.created is not None
    assert contact.made_on == contact.last_changed >= contact.created


def test_when_a_contact_was_made_by_spotlers_clock_stays_because_it_shows_which_one_it_is():
    time = CHANGED.isoformat()
    contact = read_contact({"externalId": "1", "created": time, "lastChanged": time}, heard(shown(minutes=-3)))

    assert contact.created == CHANGED
    assert contact.last_changed == contact.made_on > CHANGED


@pytest.mark.parametrize("minutes", [-3, 0, 3])
def test_what_a_new_subscriber_agreed_to_is_reported_whatever_the_clock_shows(minutes):
    made = (NOW + timedelta(minutes=minutes) - timedelta(hours=1)).isoformat()
    permissions = {"permissions": [{"bit": 1, "enabled": True}]}
    contact = read_contact(
        {"created": made, "lastChanged": made, "properties": permissions}, heard(shown(minutes=minutes))
    )
    field = Field("permissions", "Permissions", PropertyType.SET, (Option(1, "Newsletter", 0),))

    said = _report(SimpleNamespace(now=lambda: NOW), contact, field, _nothing(contact, field))

    assert [(each.on, each.bit) for each in said.permissions] == [(True, 1)]
