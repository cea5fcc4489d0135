"""Consent History in Dataverse: added once, in bulk, and read back in order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.consent import Change, Latest
from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import Consent
from connector.dataverse.records import RecordRef
from connector.errors import Transient
from connector.sync.permissions.history import append, history_of, latest


@pytest.fixture
def change(world):
    def _change(record, name="Newsletter", *, on=True, minutes=0, **others):
        at = world.now + timedelta(minutes=minutes)
        return replace(Change(record, name, None, on, at, ConsentCause.PERSON, "row 7"), **others)

    return _change


def entries(world):
    return [(row[Consent.PERMISSION], row[Consent.AFTER]) for row in world.rows(Consent.TABLE)]


def test_entries_are_read_back_as_they_were_written(world, change):
    ann, acme, lars = world.contact(), world.account(), world.lead()
    changes = [change(each, on=each != acme, before=False, cause=ConsentCause.FEED) for each in (ann, acme, lars)]

    assert append(world.services.dataverse, changes) == {}

    assert [history_of(world.services.dataverse, each.id) for each in (ann, acme, lars)] == [[each] for each in changes]


def test_an_entry_that_is_written_twice_is_kept_once(world, change):
    ann = world.contact()
    changes = [change(ann), change(ann, on=False, minutes=1), change(ann, "NEWSLETTER")]

    for _ in range(2):
        assert append(world.services.dataverse, changes) == {}

    assert len(entries(world)) == 2


def test_many_entries_are_written_in_few_calls(world, change, monkeypatch):
    calls = []
    act = world.services.dataverse.act
    monkeypatch.setattr(
        world.services.dataverse, "act", lambda *args, **options: calls.append(args[0]) or act(*args, **options)
    )
    records = [world.contact() for _ in range(3)]
    changes = [change(each, f"Permission {number}") for each in records for number in range(50)]

    assert append(world.services.dataverse, changes) == {}

    assert (len(entries(world)), len(calls)) == (150, 2)


def test_the_history_of_a_deleted_record_is_kept_without_the_lookup(world, change):
    gone = RecordRef("contact", "00000000-0000-0000-0000-00000000dead")
    ann = world.contact()

    assert append(world.services.dataverse, [change(gone, on=False), change(ann)]) == {}

    assert [each.record for each in history_of(world.services.dataverse, gone.id)] == [gone]
    assert len(entries(world)) == 2


def test_the_latest_state_is_that_of_the_latest_time_whatever_was_written_last(world, change):
    ann = world.contact()
    append(world.services.dataverse, [change(ann, on=False, minutes=2)])
    append(world.services.dataverse, [change(ann, " newsletter", minutes=1), change(ann, "Events")])

    found = latest(world.services.dataverse, [ann])

    assert found == {
        ann: {
            "newsletter": Latest(False, world.now + timedelta(minutes=2), by_person=True),
            "events": Latest(True, world.now, by_person=True),
        }
    }


def test_of_two_entries_of_the_same_second_the_opt_out_is_the_latest(world, change):
    ann = world.contact()
    append(world.services.dataverse, [change(ann, on=False), change(ann)])

    assert latest(world.services.dataverse, [ann])[ann]["newsletter"].on is False


def test_a_history_that_cannot_be_written_is_a_problem_that_passes(world, change):
    ann, bob = world.contact("ann"), world.contact("bob")
    world.break_dataverse("503", Consent.SET)

    errors = append(world.services.dataverse, [change(ann), change(bob)])

    assert set(errors) == {ann, bob}
    assert all(isinstance(error, Transient) for error in errors.values())
    world.mend_dataverse()


def test_an_entry_holds_ids_and_names_of_permissions_and_nothing_of_the_person(world, change):
    ann = world.contact("ann")
    append(world.services.dataverse, [change(ann)])

    text = str(world.rows(Consent.TABLE)).casefold()

    assert "ann@" not in text
    assert "'ann'" not in text
