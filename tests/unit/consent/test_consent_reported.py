"""What Spotler shows of a contact, over all combinations of what was known, against independent rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from connector.consent import (
    Facts,
    KnownState,
    PermissionReport,
    ShownContact,
    contradicts,
    decide,
    known_after,
    report,
)
from connector.consent.reported import CLOCKS_DIFFER, SHOWN_LATE
from connector.spotler import Option

from .people import row

NEWS, EVENTS = Option(1, "Newsletter"), Option(2, "Events")
ITEMS = (NEWS, EVENTS)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTES = [NOW + timedelta(minutes=each) for each in range(4)]
#: A write of our own settles after it was sent, and may be seen again later.
KNOWN = (None, *(KnownState(*each) for each in product((False, True), MINUTES, (None, *MINUTES))))
CHANGES = (None, *MINUTES)


def shown(news, *, events=None, seen_on=NOW, changed_on=NOW, **others):
    states = {bit: on for bit, on in ((1, news), (2, events)) if on is not None}
    return ShownContact(states, seen_on, changed_on, **others)


def cases():
    for on, seen_on, changed_on, known in product((False, True), MINUTES, CHANGES, KNOWN):
        contact = shown(on, seen_on=seen_on, changed_on=changed_on)
        yield contact, known, report(contact, ITEMS, {1: known} if known else {}).permissions


def is_changed(contact, known):
    return contact.changed_on is not None and contact.changed_on > (known.settled or known.at)


def test_nothing_is_reported_of_a_state_that_was_known_unless_it_may_have_changed_twice():
    for contact, known, found in cases():
        if known and known.on is contact.states[1]:
            twice = not known.on and is_changed(contact, known)

            assert [(each.on, each.at) for each in found] == [(False, contact.changed_on)] * twice, (contact, known)


def is_behind(contact, known):
    """Whether a permission is off that was on after the last change of the contact, by Spotler's clock."""
    if contact.states[1] or not (known and known.on) or contact.changed_on is None:
        return False
    was_read_after = contact.seen_on >= max(known.at, known.settled or known.at) + SHOWN_LATE
    return was_read_after and contact.changed_on < known.at - CLOCKS_DIFFER


def test_off_is_an_opt_out_at_the_last_change_of_the_contact_unless_it_was_known():
    for contact, known, found in cases():
        if not contact.states[1] and not (known and not known.on):
            at = contact.seen_on if is_behind(contact, known) else contact.changed_on

            assert found == (PermissionReport("Newsletter", 1, on=False, at=at, seen=at or contact.seen_on),), (
                contact,
                known,
            )


def test_off_after_a_last_change_that_is_older_than_on_outlives_the_row_that_switched_it_on():
    """Spotler's clock is behind; a contact that may be shown as it was before that says nothing new."""
    for contact, known, found in cases():
        if known and known.on and not contact.states[1] and contact.changed_on:
            consent = row(at=known.at - timedelta(seconds=1))
            facts = Facts(rows=(consent,), spotler=report(contact, ITEMS, {1: known}))
            is_late = contact.changed_on >= known.at - timedelta(seconds=1)

            assert contradicts(contact, {1: known}) is is_behind(contact, known)
            assert any(each.on for each in decide(facts).permissions) is not (is_late or is_behind(contact, known))
            assert len(found) == 1


def test_on_after_off_is_an_opt_in_when_it_was_last_seen_off_unless_the_contact_is_shown_as_it_was_before():
    for contact, known, found in cases():
        if not contact.states[1] or known is None or known.on:
            continue
        read_after = contact.seen_on >= max(known.at, known.settled or known.at)
        changed_after = contact.changed_on is not None and contact.changed_on >= known.at - CLOCKS_DIFFER

        assert [(each.on, each.at) for each in found] == [(True, known.at)] * (read_after and changed_after), contact


def test_on_where_nothing_was_known_wins_over_no_refusal():
    for contact, known, found in cases():
        if contact.states[1] and known is None:
            (only,) = found
            refusal = row(subscribed=False, at=datetime(2020, 1, 1, tzinfo=UTC))
            facts = Facts(rows=(refusal,), spotler=report(contact, ITEMS, {}))

            assert (only.on, only.at, only.seen) == (True, None, contact.changed_on or contact.seen_on)
            assert not any(each.on for each in decide(facts).permissions)


def is_older(contact, known):
    """Whether the contact may be shown as it was before something was known."""
    read_before = contact.seen_on < max(known.at, known.settled or known.at)
    return read_before or contact.changed_on is None or contact.changed_on < known.at - CLOCKS_DIFFER


def test_what_was_seen_once_is_not_reported_again_but_for_an_opt_out_that_may_be_old():
    for contact, known, found in cases():
        after = known_after(contact, {1: known} if known else {})
        again = report(contact, ITEMS, after).permissions

        is_new = known is None or known.on is contact.states[1] or is_behind(contact, known)
        old = not is_new and is_older(contact, known)
        off_since = not contact.states[1] and is_changed(contact, after[1])
        said = found
        if off_since and is_behind(contact, known):  # what is known now explains its last change
            said = (replace(found[0], at=contact.changed_on, seen=contact.changed_on),)
        assert again == (said if old or off_since else ()), (contact, known)
        assert after[1].on is (known.on if old else contact.states[1]), (contact, known)


def test_what_is_known_of_a_permission_never_moves_back_in_time():
    for contact, known, _ in cases():
        if known:
            assert known_after(contact, {1: known})[1].at >= known.at


def test_a_permission_that_is_not_shown_says_nothing_and_what_was_known_of_it_stays():
    known = {2: KnownState(on=True, at=NOW)}

    assert [each.bit for each in report(shown(False), ITEMS, known).permissions] == [1]
    assert known_after(shown(False), known)[2] == known[2]


def test_a_bit_that_spotler_does_not_list_is_passed_over():
    contact = ShownContact({64: True}, NOW, NOW)

    assert report(contact, ITEMS, {}).permissions == ()


def test_an_opt_out_counts_against_a_row_that_is_older_and_not_against_a_newer_one():
    opt_out = report(shown(False, changed_on=MINUTES[1]), ITEMS, {1: KnownState(on=True, at=NOW)})

    states = [decide(Facts(rows=(row(at=at),), spotler=opt_out)).permissions[0].on for at in MINUTES]

    assert states == [False, False, True, True]


def test_an_opt_in_counts_against_a_refusal_that_is_older_than_the_last_time_it_was_seen_off():
    opt_in = report(shown(True, seen_on=MINUTES[3], changed_on=MINUTES[3]), ITEMS, {1: KnownState(False, MINUTES[1])})

    refusals = [row(subscribed=False, at=at) for at in MINUTES]

    states = [decide(Facts(rows=(each,), spotler=opt_in)).permissions[0].on for each in refusals]
    assert states == [True, False, False, False]


@pytest.mark.parametrize(
    ("contact", "known", "complete"),
    [
        (shown(False, events=False, reachable=False), {1: True}, True),
        (shown(False, events=False, reachable=False), {1: True, 2: True}, True),
        (shown(False, events=False, reachable=False), {}, True),
        (shown(False, events=False, reachable=False), {1: False, 2: False}, False),
        (shown(False, events=False, reachable=False, bounced=True), {1: True}, False),
        (shown(False, events=False, reachable=True), {1: True}, False),
        (shown(False, events=False), {1: True}, False),
        (shown(False, events=True, reachable=False), {1: True}, False),
        (shown(False, reachable=False), {1: True}, False),
        (shown(True, events=True, opted_out=True), {1: True, 2: True}, True),
        (shown(False, events=False, reachable=False, bounced=True, opted_out=True), {1: True}, True),
    ],
    ids=[
        "one went off", "both went off", "nothing was known", "all were off before: a bounce", "a known bounce",
        "still reachable", "reachable or not is not shown", "one is on", "one is not shown", "spotler says so",
        "spotler says so of a bounced one",
    ],
)  # fmt: skip
def test_a_complete_opt_out_is_recognised(contact, known, complete):
    found = report(contact, ITEMS, {bit: KnownState(on, NOW - timedelta(days=1)) for bit, on in known.items()})

    assert found.opted_out is complete
    assert found.opted_out_at == (NOW if complete else None)


@pytest.mark.parametrize(("claimed", "reported"), [(None, True), ({1}, True), ({2}, False), ((), False)])
def test_a_permission_that_stayed_off_is_reported_only_where_a_row_says_that_it_is_on(claimed, reported):
    contact = shown(False, seen_on=MINUTES[2], changed_on=MINUTES[2])

    found = report(contact, ITEMS, {1: KnownState(on=False, at=NOW)}, claimed=claimed)

    assert bool(found.permissions) is reported
