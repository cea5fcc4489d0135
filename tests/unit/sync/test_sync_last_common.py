"""What both systems last had in common: written on a row, read again, and nothing personal in it."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st

from connector.consent import KnownState, ShownContact, known_after, report
from connector.sync.brake.sent_fields import SentFields
from connector.sync.last_common import DIGITS, EMPTY, Common, Holder, LastCommon, fingerprint
from tests.damaged import damaged

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
fingerprints = st.text("0123456789abcdef", min_size=DIGITS, max_size=DIGITS) | st.just(EMPTY)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001 - made one of UTC below
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)
commons = st.builds(
    Common, fingerprints, fingerprints, fingerprints | st.just(""), st.none() | st.tuples(fingerprints, fingerprints)
)
contents = st.builds(
    LastCommon,
    st.dictionaries(st.text("abcdefgh_1", min_size=1), commons, max_size=4),
    st.dictionaries(
        st.integers(1, 2**40), st.builds(KnownState, st.booleans(), moments, st.none() | moments), max_size=4
    ),
    st.none() | st.builds(Holder, st.text("abc-123", min_size=1), moments),
    st.none() | moments,
    st.none() | moments,
    st.text("abc123"),
    st.booleans(),
)


@given(contents)
def test_what_is_written_is_read_again(content):
    assert LastCommon.parse(content.text) == content


@pytest.mark.parametrize("text", [None, "", "{", "[]", "null", "7", '{"v":2}', '{"v":1,"columns":{"a":[]}}', "x" * 99])
def test_what_cannot_be_read_is_nothing(text):
    assert LastCommon.parse(text) == LastCommon()


SOUND = {
    "v": 1,
    "columns": {"firstname": ["aa", "bb", "cc", "dd", "ee"], "lastname": ["aa", "bb"]},
    "permissions": {"1": [1, 1.7e9, 1.7e9], "2": [0, 1.7e9]},
    "holder": ["token", 1.7e9],
    "made_on": 1.6e9,
    "made_about": 1.6e9,
    "noted": "ab",
    "leaving": True,
}


def test_what_somebody_has_changed_by_hand_is_what_was_written_or_nothing():
    """It must not stop the records that are read with it, and nothing may be concluded from a part of it."""
    assert json.loads(LastCommon.parse(json.dumps(SOUND)).text) == SOUND
    lost = 0
    for each in damaged(SOUND):
        found = LastCommon.parse(json.dumps(each))
        lost += found == LastCommon()
        assert LastCommon.parse(found.text) == found, "it is written in the form in which it was read"
        (found.is_held("two", NOW), found.was_interrupted(NOW))
        contact = ShownContact({1: True, 2: False}, NOW, NOW, reachable=True)
        items = [SimpleNamespace(name="News", bit=1), SimpleNamespace(name="Events", bit=2)]
        (report(contact, items, found.permissions), known_after(contact, found.permissions))

    assert lost > 500


@pytest.mark.parametrize("parse", [LastCommon.parse, SentFields.parse])
def test_a_text_that_is_nested_without_end_is_nothing(parse):
    assert parse("[" * 90_000) == parse("")


def test_sent_fields_that_somebody_has_changed_by_hand_are_what_was_written_or_nothing():
    sound = {"v": 1, "mapping": "3f", "filled": ["email"], "silenced": False}
    assert json.loads(SentFields.parse(json.dumps(sound)).text) == sound
    found = [SentFields.parse(json.dumps(each)) for each in damaged(sound)]

    assert found.count(SentFields()) > 150
    assert all(isinstance(name, str) for each in found for name in each.filled)


def test_a_worker_that_holds_a_record_for_longer_than_any_lease_holds_it_no_more():
    held = LastCommon(holder=Holder("one", NOW + timedelta(days=300)))

    assert not held.is_held("two", NOW)
    assert held.was_interrupted(NOW)


def test_nothing_is_written_as_an_empty_text():
    assert LastCommon().text == ""


def test_a_fingerprint_differs_by_record_and_column_and_is_no_value():
    value = "ann@example.org"
    found = {fingerprint(record, column, value) for record in ("1", "2") for column in ("a", "b")}

    assert len(found) == 4
    assert all(len(each) == DIGITS and value not in each for each in found)


def test_no_value_has_a_fingerprint_of_its_own():
    assert {fingerprint("1", "a", nothing) for nothing in (None, "")} == {EMPTY}
    assert fingerprint("1", "a", "\ud83d") != EMPTY, "a lone surrogate stops nothing"


def test_another_worker_holds_a_record_until_its_time_is_over():
    held = LastCommon(holder=Holder("one", NOW + timedelta(minutes=5)))

    assert held.is_held("two", NOW)
    assert not held.is_held("one", NOW)
    assert not held.was_interrupted(NOW)
    later = NOW + timedelta(minutes=5)
    assert (held.is_held("two", later), held.was_interrupted(later)) == (False, True)
