"""What people did to rows, over all combinations of a row and the newest entry of its history."""

from dataclasses import replace
from itertools import product

from connector.consent import Latest
from connector.consent.edits import edits_of
from connector.dataverse.choices import ConsentCause
from connector.dataverse.records import RecordRef

from .people import BOTH, EARLY, LATE, MIDDLE, TIMES, row

RECORD = RecordRef("contact", "1")
ENTRIES = (None, *(Latest(on, at, person) for on, at, person in product(BOTH, (EARLY, MIDDLE, LATE), BOTH)))
WRITTEN = tuple(product(TIMES, (EARLY, MIDDLE, LATE)))


def case(found, latest):
    return edits_of(RECORD, found, {"newsletter": latest} if latest else {}, LATE)


def one_row():
    for subscribed, is_active, (changed_on, modified_on), latest in product(BOTH, BOTH, WRITTEN, ENTRIES):
        at = changed_on or modified_on if subscribed and is_active else max(filter(None, (changed_on, modified_on)))
        found = replace(
            row(subscribed=subscribed, is_active=is_active, at=at), changed_on=changed_on, modified_on=modified_on
        )
        yield found, latest, case([found], latest)


def test_a_row_that_agrees_with_its_history_was_not_edited():
    for found, latest, edits in one_row():
        if latest and latest.on is not found.refuses:
            assert (edits.changes, edits.edited, edits.unfinished) == ((), frozenset(), ())


def test_a_row_without_history_gets_its_first_entry():
    for found, latest, edits in one_row():
        if latest is None:
            (entry,) = edits.changes
            assert (entry.before, entry.after, entry.at) == (None, not found.refuses, found.at)
            assert entry.cause is ConsentCause.PERSON


def test_a_row_that_was_written_since_the_entry_was_edited_by_a_person_and_any_other_was_not():
    for found, latest, edits in one_row():
        if latest is None or latest.on is not found.refuses:
            continue
        written = found.modified_on > latest.at or (found.changed_on is not None and found.changed_on >= latest.at)
        written = written or latest.by_person

        assert [(each.before, each.after) for each in edits.changes] == [(latest.on, not latest.on)] * written
        assert bool(edits.edited) is written
        assert bool(edits.unfinished) is (not written and not found.refuses)


def test_a_row_that_is_off_although_the_history_says_on_is_compared_again():
    for found, latest, edits in one_row():
        waits = bool(latest and latest.on and found.refuses and not edits.changes)
        assert edits.is_explained is not waits


def test_after_what_was_seen_the_history_says_what_the_row_says():
    for found, latest, edits in one_row():
        entries = [*edits.changes]
        newest = max(entries, key=lambda each: each.at).after if entries else latest and latest.on
        on = not edits.rows[0].refuses

        stays_off = latest and latest.on and found.refuses and not entries  # what switched it on does so again
        assert newest is on or stays_off, (found, latest)


def test_an_opt_in_of_a_person_is_later_than_the_withdrawal_before_it():
    for found, latest, edits in one_row():
        if latest and not latest.on and edits.edited:
            assert edits.changes[0].at > latest.at
            assert edits.rows[0].at >= edits.changes[0].at, found


def test_what_was_seen_once_is_not_seen_again():
    for found, _, edits in one_row():
        if edits.changes:
            (entry,) = edits.changes
            again = edits_of(RECORD, edits.rows, {"newsletter": Latest(entry.after, entry.at)}, LATE)

            assert (again.changes, again.edited) == ((), frozenset()), found


def test_of_two_rows_of_one_permission_the_refusal_is_what_the_history_keeps():
    both = [row(), row(key="two", name=" NEWSLETTER", subscribed=False)]

    edits = case(both, None)

    assert [each.after for each in edits.changes] == [False]


def test_an_old_withdrawal_that_reached_one_row_of_two_is_finished_for_the_other():
    reached = replace(row(), changed_on=MIDDLE, modified_on=LATE)
    missed = replace(row(key="two"), changed_on=EARLY, modified_on=EARLY)

    edits = case([reached, missed], Latest(on=False, at=MIDDLE))

    assert [each.id for each, _ in edits.unfinished] == ["two"]
    assert [each.subscribed for each in edits.rows] == [True, False]
