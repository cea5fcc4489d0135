"""The status of a contact, as values: what each entry, and the sight of the contact, makes of it."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.choices import ContactStatus
from connector.dataverse.names import Info
from connector.spotler import Bounce, BounceType, SpotlerContact
from connector.sync.status.contact_status import INACTIVE, SAME_TIME, SOFT_BOUNCES, Standing, active_after_sending

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PERMISSIONS_ON = [{"bit": 1, "enabled": True}, {"bit": 2, "enabled": False}]
PERMISSIONS_OFF = [{"bit": 1, "enabled": False}, {"bit": 2, "enabled": False}]


def contact(*, email=None, changed=None, permissions=None, address="ann@example.org", temporary=False):
    properties = {"email": address} if address else {}
    if permissions is not None:
        properties["permissions"] = permissions
    channels = {} if email is None else {"EMAIL": email}
    return SpotlerContact("c", last_changed=changed, properties=properties, channels=channels, temporary=temporary)


def bounce(kind, minutes=0, *, text="", **details):
    return Bounce(NOON + timedelta(minutes=minutes), kind, contact(**details), text=text)


def after(*bounces, standing=None):
    standing = standing or Standing()
    for each in bounces:
        standing = standing.after_bounce(each)
    return standing


# Entries of the feed


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (BounceType.HARD, ContactStatus.HARD_BOUNCE),
        (BounceType.OPT_OUT, ContactStatus.OPT_OUT),
        (BounceType.COMPLAINT, ContactStatus.SPAM_COMPLAINT),
        (BounceType.BY_HAND, ContactStatus.PERMANENT),
    ],
)
def test_one_entry_of_these_makes_a_contact_inactive(kind, status):
    assert after(bounce(kind)) == Standing(status, active=False, on=NOON)


def test_the_fourth_soft_bounce_makes_a_contact_inactive():
    standings = [after(*(bounce(BounceType.SOFT, m) for m in range(count))) for count in range(6)]

    assert [each.soft_bounces for each in standings] == [0, 1, 2, 3, 4, 5]
    assert [each.active for each in standings] == [None] * SOFT_BOUNCES + [False] * 2
    assert [each.status for each in standings] == [None] * SOFT_BOUNCES + [ContactStatus.SOFT_BOUNCE] * 2


def test_a_contact_that_spotler_reaches_at_its_fourth_soft_bounce_had_deliveries_in_between():
    standing = after(*(bounce(BounceType.SOFT, m, email=True) for m in range(6)))

    assert (standing.soft_bounces, standing.active) == (6, None)


def test_an_unknown_status_is_kept_as_text_and_counted_inactive():
    standing = after(bounce(None, text=f" BLOCKED{'x' * 200}"))

    assert (standing.status, standing.active, standing.on) == (None, False, NOON)
    assert standing.changes({})[Info.LAST_STATUS] == f"BLOCKED{'x' * 93}"


@pytest.mark.parametrize("kind", [None, *BounceType])
def test_an_entry_without_a_date_changes_nothing(kind):
    assert Standing().after_bounce(Bounce(None, kind, contact())) == Standing()


@pytest.mark.parametrize("first", [None, *BounceType])
@pytest.mark.parametrize("second", [None, *BounceType])
def test_an_entry_that_is_older_or_comes_again_changes_nothing(first, second):
    standing = after(bounce(first, 90))

    assert after(bounce(first, 90), bounce(second, 0), standing=standing) == standing


@pytest.mark.parametrize("wanted", [BounceType.OPT_OUT, BounceType.COMPLAINT, BounceType.BY_HAND])
@pytest.mark.parametrize("later", [BounceType.HARD, None])
def test_a_bounce_does_not_replace_what_somebody_wanted(wanted, later):
    assert after(bounce(wanted), bounce(later, 90)) == after(bounce(wanted))


@pytest.mark.parametrize("status", sorted(INACTIVE - {ContactStatus.SOFT_BOUNCE}))
def test_soft_bounces_do_not_replace_another_cause(status):
    standing = Standing(status, active=False, on=NOON)

    standing = after(*(bounce(BounceType.SOFT, m) for m in range(1, 9)), standing=standing)

    assert (standing.status, standing.active) == (status, False)


@pytest.mark.parametrize("cause", [BounceType.OPT_OUT, BounceType.COMPLAINT, BounceType.BY_HAND])
def test_what_somebody_wanted_replaces_a_bounce(cause):
    assert after(bounce(BounceType.HARD), bounce(cause, 1)) == after(bounce(cause, 1))


def test_a_hard_bounce_of_an_address_that_was_replaced_since_changes_nothing():
    old = bounce(BounceType.HARD, email=True, changed=NOON + timedelta(hours=1))

    assert after(old) == Standing()


@pytest.mark.parametrize(
    "details", [{}, {"email": True}, {"email": True, "changed": NOON}, {"email": False, "changed": NOON}]
)
def test_a_hard_bounce_counts_unless_a_later_change_is_seen(details):
    assert after(bounce(BounceType.HARD, **details)).status is ContactStatus.HARD_BOUNCE


@given(st.lists(st.tuples(st.sampled_from([None, *BounceType]), st.integers(0, 300)), max_size=8))
def test_entries_that_come_again_in_the_same_order_change_nothing(entries):
    bounces = [bounce(kind, minute) for kind, minute in sorted(entries, key=lambda each: each[1])]
    once = after(*bounces)

    assert after(*bounces, standing=once) == once


# The sight of the contact


@pytest.mark.parametrize("status", [None, *INACTIVE])
@pytest.mark.parametrize("temporary", [False, True])
def test_a_contact_that_can_be_reached_is_active_again(status, temporary):
    later = NOON + timedelta(hours=1)
    standing = Standing(status, active=False, on=NOON, soft_bounces=4)

    seen = standing.after_sight(contact(email=True, temporary=temporary), later)

    expected = ContactStatus.ACTIVE_STATIC if temporary else ContactStatus.ACTIVE_DYNAMIC
    assert seen == Standing(expected, active=True, on=later)


def test_seeing_an_active_contact_again_changes_nothing():
    standing = Standing().after_sight(contact(email=True), NOON)

    assert standing.after_sight(contact(email=True), NOON + timedelta(days=1)) == standing


def test_a_soft_bounce_below_the_limit_is_still_counted_after_the_contact_was_seen():
    active = Standing().after_sight(contact(email=True), NOON)

    standing = after(*(bounce(BounceType.SOFT, m) for m in range(1, 4)), standing=active)

    assert (standing.soft_bounces, standing.active, standing.status) == (3, True, ContactStatus.ACTIVE_DYNAMIC)


@pytest.mark.parametrize("standing", [Standing(), Standing(ContactStatus.ACTIVE_DYNAMIC, active=True)])
@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (PERMISSIONS_ON, ContactStatus.PERMANENT),
        (PERMISSIONS_OFF, ContactStatus.OPT_OUT),
        (None, ContactStatus.PERMANENT),
        ("?", ContactStatus.PERMANENT),
    ],
)
def test_a_contact_that_cannot_be_reached_is_inactive_for_the_cause_that_it_shows(standing, permissions, status):
    seen = standing.after_sight(contact(email=False, permissions=permissions, changed=NOON), NOON + timedelta(hours=2))

    assert seen == Standing(status, active=False, on=NOON, inferred=True)


@pytest.mark.parametrize("details", [{}, {"email": False, "address": None}])
def test_a_contact_that_says_nothing_about_its_channel_or_has_no_address_changes_nothing(details):
    standing = Standing(ContactStatus.ACTIVE_DYNAMIC, active=True, on=NOON)

    assert standing.after_sight(contact(**details), NOON + timedelta(hours=1)) == standing


@pytest.mark.parametrize("status", sorted(INACTIVE))
def test_a_cause_that_is_known_is_kept_while_the_contact_cannot_be_reached(status):
    """Also where a send has written that it is active."""
    standing = Standing(status, active=True, on=NOON)

    seen = standing.after_sight(contact(email=False), NOON + timedelta(hours=1))

    assert seen == Standing(status, active=False, on=NOON)


def test_an_unknown_status_is_kept_while_the_contact_cannot_be_reached():
    standing = after(bounce(None, text="BLOCKED"))

    assert standing.after_sight(contact(email=False), NOON + timedelta(hours=1)) == standing


def test_an_older_sight_changes_nothing():
    standing = after(bounce(BounceType.HARD, 60))

    assert standing.after_sight(contact(email=True), NOON) == standing


@pytest.mark.parametrize("permissions", [PERMISSIONS_ON, PERMISSIONS_OFF])
@pytest.mark.parametrize("cause", [BounceType.HARD, BounceType.COMPLAINT, BounceType.BY_HAND, BounceType.OPT_OUT])
def test_the_cause_is_known_whether_the_entry_or_the_contact_comes_first(permissions, cause):
    """The feed of updates runs more often than the feed of bounces, and shows no cause."""
    gone = contact(email=False, permissions=permissions, changed=NOON + timedelta(seconds=20))
    steps = {
        "entry": lambda standing: standing.after_bounce(bounce(cause)),
        "sight": lambda standing: standing.after_sight(gone, NOON + timedelta(minutes=10)),
    }
    ends = []
    for order in permutations(steps):
        standing = Standing()
        for step in order:
            standing = steps[step](standing)
        ends.append(standing.status)

    assert ends[0] == ends[1] == after(bounce(cause)).status


def test_a_bounce_long_before_the_contact_became_inactive_is_not_its_cause():
    inferred = Standing().after_sight(contact(email=False, changed=NOON), NOON)

    assert inferred.after_bounce(bounce(BounceType.HARD, -2 * SAME_TIME.total_seconds() / 60)) == inferred


# Spotler Info


@given(
    st.builds(
        Standing,
        st.sampled_from([None, *ContactStatus]),
        st.sampled_from([None, False, True]),
        st.one_of(st.none(), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001
            lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
        )),
        st.integers(0, 9),
        st.booleans(),
    )
)  # fmt: skip
def test_what_is_written_in_spotler_info_is_read_back(standing):
    row = standing.changes({})

    assert Standing.of(row) == standing
    assert standing.changes(row) == {}


def test_only_what_differs_is_written():
    row = after(bounce(BounceType.SOFT)).changes({})

    assert after(bounce(BounceType.SOFT, 1), standing=Standing.of(row)).changes(row) == {
        Info.SOFT_BOUNCES: 2,
        Info.STATUS_ON: "2026-03-01T12:01:00Z",
    }


@pytest.mark.parametrize("on", ["yesterday", "", 7, None, "2099-01-01T00:00:00Z"])
@pytest.mark.parametrize("count", ["3", -3, None, 2.5, []])
def test_a_time_and_a_count_that_cannot_be_so_count_as_not_known(on, count):
    """A time in the future would hide every opt-out and complaint that comes."""
    row = {Info.CONTACT_STATUS: ContactStatus.ACTIVE_DYNAMIC.value, Info.STATUS_ON: on, Info.SOFT_BOUNCES: count}

    standing = Standing.of(row, latest=NOON + timedelta(days=1))

    assert (standing.on, standing.soft_bounces) == (None, 0)
    complained = after(bounce(BounceType.COMPLAINT), standing=standing)
    assert complained.changes(row)[Info.STATUS_ON] == "2026-03-01T12:00:00Z"
    assert complained.status is ContactStatus.SPAM_COMPLAINT


@pytest.mark.parametrize("status", ["text", 1, 5.5, True])
def test_a_status_that_is_none_of_ours_counts_as_not_known(status):
    assert Standing.of({Info.CONTACT_STATUS: status}).status is None


@pytest.mark.parametrize(
    ("info", "active"),
    [
        ({}, True),
        ({Info.ACTIVE: True}, True),
        ({Info.ACTIVE: False}, None),
        ({Info.ACTIVE: False, Info.GONE: True}, True),
    ],
)
def test_a_send_says_that_a_contact_is_active_unless_it_was_inactive(info, active):
    assert active_after_sending(info) is active
