"""Entries of the history: the same change has the same key, another one has another."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from connector.consent import Change
from connector.dataverse.choices import ConsentCause
from connector.dataverse.records import RecordRef

AT = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
CHANGE = Change(RecordRef("contact", "1"), "Newsletter", None, True, AT, ConsentCause.PERSON, "row 7")


@pytest.mark.parametrize(
    "other",
    [
        {"permission": " NEWSLETTER "},
        {"before": False},
        {"evidence": "row 8"},
        {"at": AT.astimezone(timezone(timedelta(hours=2)))},
        {"at": AT.replace(microsecond=999_999)},
        {"record": RecordRef("", "1")},
    ],
    ids=str,
)
def test_the_same_change_has_the_same_key(other):
    assert replace(CHANGE, **other).key == CHANGE.key


@pytest.mark.parametrize(
    "other",
    [
        {"record": RecordRef("contact", "2")},
        {"permission": "Events"},
        {"after": False},
        {"at": AT + timedelta(seconds=1)},
        {"cause": ConsentCause.JOB},
        {"once": "row 7"},
    ],
    ids=str,
)
def test_another_change_has_another_key(other):
    assert replace(CHANGE, **other).key != CHANGE.key


def test_what_happens_once_has_the_same_key_whenever_it_is_written():
    created = replace(CHANGE, once="row 7")

    assert replace(created, at=AT + timedelta(days=1)).key == created.key
    assert replace(created, once="row 8").key != created.key


def test_a_key_fits_its_column_whatever_the_permission_is_called():
    assert len(replace(CHANGE, permission="\ud800" * 500).key) == 64
