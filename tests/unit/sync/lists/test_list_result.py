"""What the job of a list says at its end about those who were left out."""

from collections import Counter

import pytest

from connector.consent.reasons import Reason
from connector.sync.lists.result import outcome_of
from connector.sync.lists.run import ListRun
from connector.words import wording_of

EMAIL, ADDRESS, MAPPING = Reason.DO_NOT_EMAIL.value, Reason.NO_ADDRESS.value, Reason.EXCLUDED.value
MANY = {EMAIL: 5, ADDRESS: 4, MAPPING: 3, Reason.DELETED.value: 2, Reason.MERGED.value: 1, Reason.KEEP_OUT.value: 1}


def said(language, **left_out):
    run = ListRun("a job", "2026-03-01T12:00:00Z", counts=Counter(members=7), left_out=Counter(**left_out))
    return wording_of(language).text(outcome_of(run).message)


@pytest.mark.parametrize(
    ("left_out", "end"),
    [
        ({ADDRESS: 1}, "1 left out: no address."),
        ({ADDRESS: 3}, "3 left out: no address."),
        ({ADDRESS: 2, EMAIL: 1}, "3 left out: 2 no address, 1 do not email."),
        (
            MANY,
            "16 left out: 5 do not email, 4 no address, 3 excluded by the mapping, 2 deleted, 2 for other reasons.",
        ),
    ],
)
def test_who_was_left_out_is_counted_by_reason_in_plain_words(left_out, end):
    assert said("en", **left_out) == f"The audience has 7 members: 0 added, 0 removed, {end}"


def test_it_is_said_in_dutch_too():
    assert said("nl", **{ADDRESS: 1}).endswith("1 weggelaten: geen adres.")
    assert said("nl", **{ADDRESS: 2, EMAIL: 1}).endswith("3 weggelaten: 2 geen adres, 1 e-mail niet toestaan.")
