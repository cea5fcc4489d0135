"""The work item: what is written is read again, and what cannot be read is refused in one way only."""

import json
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import get_args

import pytest
from hypothesis import example, given, strategies as st

from connector.dataverse.choices import JobStatus
from connector.dataverse.records import RecordRef
from connector.errors import Unreadable
from connector.routing.work_item import Claim, LateInfo, Reason, Receipt, WorkItem

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
MADE_ON = "2026-03-01T12:00:00Z"
JOB, CONTACT = "0a0a0a0a-0000-4000-8000-000000000001", "cccccccc-0000-4000-8000-000000000001"
PLAIN = {"operation": "add-tag", "job": JOB, "first_seen": "2026-03-01T12:30:15Z"}


def body(**members) -> bytes:
    return json.dumps(PLAIN | members).encode()


ids = st.uuids().map(str)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
claims = st.builds(Claim, attempt=st.integers(0, 10**6), tokens=st.lists(texts, min_size=1).map(tuple))
moments = st.datetimes(
    min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001 - given UTC
)  # fmt: skip
receipts = st.builds(
    Receipt,
    status=st.sampled_from(JobStatus),
    code=texts,
    message=texts,
    automation_contact_id=texts,
)
infos = st.builds(LateInfo, made_on=moments, values=st.dictionaries(texts, texts | st.booleans() | st.none()))


@given(
    st.builds(
        WorkItem,
        operation=texts,
        job=ids,
        record=st.none() | st.builds(RecordRef, table=texts, id=ids),
        reason=st.sampled_from(get_args(Reason)),
        first_seen=moments,
        first_attempt=st.none() | moments,
        claim=st.none() | claims,
        info=st.none() | infos,
    ),
    st.none() | receipts,
    claims,
)
def test_what_is_written_is_read_again(item, receipt, claim):
    if receipt is not None:
        item = item.model_copy(update={"receipt": receipt, "claim": claim, "reason": "receipt"})

    assert WorkItem.from_body(item.message("id").body) == item


def test_the_message_carries_the_operation_for_the_filter_the_id_and_the_time():
    due = NOW + timedelta(seconds=9)
    message = WorkItem(operation="add-tag", job=JOB, first_seen=NOW).message("j-1/created", due)

    assert message.properties == {"operation": "add-tag"}
    assert (message.message_id, message.due) == ("j-1/created", due)
    assert json.loads(message.body) == {
        "operation": "add-tag", "job": JOB, "reason": "created", "first_seen": "2026-03-01T12:30:15.123456Z",
        "tries": 0, "step": 0
    }  # fmt: skip


def test_members_that_are_not_known_are_ignored_at_every_level():
    item = WorkItem.from_body(
        body(
            new=1,
            record={"table": "contact", "id": CONTACT, "new": 1},
            claim={"attempt": 2, "tokens": ["t"], "new": 1},
            receipt={"status": 2, "code": "OK", "message": "Done.", "new": 1},
            info={"made_on": MADE_ON, "values": {"dh_gone": True}, "new": 1},
        )
    )

    assert (item.record, item.attempt, item.receipt.code) == (RecordRef("contact", CONTACT), 2, "OK")
    assert item.info.values == {"dh_gone": True}


def test_ids_are_held_as_rows_have_them():
    item = WorkItem.from_body(body(job=JOB.upper(), record={"table": "contact", "id": CONTACT.upper()}))

    assert (item.job, item.record.id) == (JOB, CONTACT)


RECEIPT = {
    "receipt": {"status": 2, "code": "OK", "message": ""},
    "claim": {"attempt": 1, "tokens": ["a"]},
}
FIRST, SECOND = {"claim": {"attempt": 1, "tokens": ["a"]}}, {"claim": {"attempt": 2, "tokens": ["b"]}}


@pytest.mark.parametrize(
    ("better", "worse", "tokens"),
    [
        ({}, {}, None),
        (FIRST, {}, ("a",)),
        (SECOND, FIRST, ("a", "b")),
        ({"claim": {"attempt": 3, "tokens": ["a", "b"]}}, SECOND, ("a", "b")),
        (RECEIPT, SECOND, ("a",)),
        (RECEIPT, {}, ("a",)),
    ],
)
def test_of_two_items_that_with_a_receipt_or_a_later_claim_is_kept_with_the_claims_of_both(better, worse, tokens):
    better, worse = WorkItem.from_body(body(reason="retry", **better)), WorkItem.from_body(body(**worse))

    for joined in (better.joined(worse), worse.joined(better)):
        assert (joined.receipt, joined.attempt) == (better.receipt, better.attempt)
        assert (joined.claim and joined.claim.tokens) == tokens


def test_of_two_rows_of_spotler_info_the_one_that_was_made_last_is_kept():
    early, late = ({"made_on": f"2026-03-01T12:0{minute}:00Z", "values": {"dh_gone": True}} for minute in range(2))
    items = [WorkItem.from_body(body(**each)) for each in ({"info": late}, {"info": early, **RECEIPT}, {})]

    for one, other in permutations(items, 2):
        joined = one.joined(other)
        assert joined.info == max((each.info for each in (one, other) if each.info), key=lambda info: info.made_on)


def test_the_first_attempt_is_remembered_and_all_are_counted():
    begun = WorkItem.from_body(body()).begun(NOW)
    again = begun.begun(NOW + timedelta(hours=1))

    assert (begun.first_attempt, begun.tries) == (NOW, 1)
    assert (again.first_attempt, again.tries) == (NOW, 2)


def test_a_run_that_begins_anew_counts_from_the_start():
    old = WorkItem.from_body(body()).begun(NOW).begun(NOW)
    anew = old.begun(NOW + timedelta(days=1), anew=True)

    assert (anew.first_attempt, anew.tries) == (NOW + timedelta(days=1), 1)


def test_a_fresh_item_has_made_no_attempt():
    assert WorkItem.from_body(body()).attempt == 0


def test_a_moment_keeps_its_offset():
    item = WorkItem.from_body(body(first_seen="2026-03-01T13:30:15+01:00"))

    assert item.first_seen == datetime(2026, 3, 1, 13, 30, 15, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (b"", "json_invalid"),
        (b"[]", "model_type"),
        (b"null", "model_type"),
        (b"\xff\xfe", "json_invalid"),
        (b"{}", "first_seen, job, operation"),
        (body(first_seen="yesterday"), "first_seen"),
        (body(reason="because"), "reason"),
        (body(claim={"attempt": "many"}), "claim.attempt, claim.tokens"),
        (body(first_seen="2026-03-01T12:30:15"), "first_seen"),
        (body(receipt={"status": 77, "code": "OK", "message": ""}), "receipt.status"),
        (body(job="j-1"), "job"),
        (body(job=JOB + "0"), "job"),
        (body(record={"table": "contact", "id": "c-1"}), "record"),
    ],
)  # fmt: skip
def test_what_is_no_work_item_is_refused_by_the_names_of_its_members(broken, named):
    with pytest.raises(Unreadable) as caught:
        WorkItem.from_body(broken)

    assert caught.value.result_code == "WORK_ITEM_UNREADABLE"
    assert caught.value.sentence == f"The message is not a work item: {named}."


def test_a_refusal_never_quotes_the_message():
    with pytest.raises(Unreadable) as caught:
        WorkItem.from_body(body(reason="jane@example.org", record="0612345678"))

    assert "jane" not in caught.value.for_people
    assert "0612" not in caught.value.for_people


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
members = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("operation", "job", "record", "reason", "first_seen", "claim", "receipt"), json_values)
)  # fmt: skip


@given(st.binary() | members.map(lambda changes: body(**changes)) | json_values.map(lambda v: json.dumps(v).encode()))
@example(
    b'{"operation": "\\ud800", "job": "cccccccc-0000-4000-8000-000000000001", "first_seen": "2026-03-01T12:30:15Z"}'
)
@example(body(first_seen=1e300))
def test_any_bytes_are_a_work_item_or_unreadable(data):
    try:
        item = WorkItem.from_body(data)
    except Unreadable as error:
        assert error.result_code == "WORK_ITEM_UNREADABLE"  # noqa: PT017 - either way is right
    else:
        assert item.first_seen.utcoffset() is not None
        assert item.message("id").body
