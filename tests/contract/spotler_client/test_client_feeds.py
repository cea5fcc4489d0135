from datetime import UTC, datetime, timedelta

import pytest

from connector.spotler import BounceType, InteractionKind, OptOutScope
from connector.spotler.feeds import Feeds
from sandbox.spotler.seed import MAILING_ID


def window() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(hours=1), now + timedelta(hours=1)


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_every_change_comes_once_whatever_the_page(spotler, standin, size):
    standin.contacts(*(f"c-{number}" for number in range(7)))
    feeds = Feeds(spotler._calls, page_size=size)

    assert sorted(each.external_id for each in feeds.updates(*window())) == [f"c-{number}" for number in range(7)]


@pytest.mark.parametrize("fault", [None, "other_dialect", "extra_members"])
def test_updates_carry_dates_in_every_dialect(spotler, standin, fault):
    standin.contacts("c-1")
    if fault:
        standin.arm(fault, count=None)

    (contact,) = spotler.feeds.updates(*window())

    assert abs((datetime.now(UTC) - contact.last_changed).total_seconds()) < 60
    assert contact.email == "c-1@example.org"


def test_a_new_subscriber_has_no_external_id(spotler, standin):
    standin.post("contacts", {"contacts": [{"properties": {"email": "new@example.org"}}]})

    (contact,) = spotler.feeds.updates(*window())

    assert contact.external_id is None
    assert contact.encrypted_id


def test_changes_outside_the_window_do_not_come(spotler, standin):
    standin.contacts("c-1")
    start, end = window()

    assert list(spotler.feeds.updates(start - timedelta(days=1), end - timedelta(days=1))) == []


def test_bounces_come_with_their_contact(spotler, standin):
    standin.contacts("c-1", "c-2")
    standin.post("events", {"events": [
        {"type": "bounce", "externalId": "c-1", "hard": True},
        {"type": "bounce", "externalId": "c-2", "hard": False},
    ]})  # fmt: skip

    hard, soft = spotler.feeds.bounces(*window())

    assert (hard.type, hard.contact.external_id, hard.mailing_id) == (BounceType.HARD, "c-1", MAILING_ID)
    assert (soft.type, soft.contact.external_id) == (BounceType.SOFT, "c-2")
    assert hard.date.tzinfo is UTC


@pytest.mark.parametrize(
    ("kind", "events"),
    [
        (InteractionKind.SENT, ["sent"]),
        (InteractionKind.OPENED, ["open"]),
        (InteractionKind.CLICKED, ["click"]),
        (InteractionKind.BOUNCED, ["bounce"]),
    ],
)
def test_interactions_of_each_kind_come(spotler, standin, kind, events):
    standin.contacts("c-1")
    standin.post("events", {"events": [{"type": each, "externalId": "c-1"} for each in events]})

    (only,) = spotler.feeds.interactions(kind, *window())

    assert (only.kind, only.external_id, only.mailing_id) == (kind, "c-1", MAILING_ID)
    assert only.id
    assert only.change_date is not None
    assert (only.subject == "It is June") is (kind is InteractionKind.SENT)
    assert (only.bounce_type is BounceType.HARD) is (kind is InteractionKind.BOUNCED)


def test_optouts_show_how_much_was_left(spotler, standin):
    standin.contacts("c-1", "c-2")
    standin.post("events", {"events": [
        {"type": "unsubscribe", "externalId": "c-1", "permissions": [1]},
        {"type": "unsubscribe", "externalId": "c-2"},
    ]})  # fmt: skip

    partly, wholly = spotler.optouts(*window())

    assert (partly.scope, partly.permissions, partly.contact.external_id) == (OptOutScope.PERMISSION, (1,), "c-1")
    assert wholly.scope is OptOutScope.GLOBAL
