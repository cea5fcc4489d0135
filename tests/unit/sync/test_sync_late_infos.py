"""Rows of Spotler Info that come late, and what others have written meanwhile."""

from datetime import timedelta

import pytest

from connector.consent import Presence
from connector.dataverse.names import Info
from connector.errors import Refused, Transient
from connector.sync import info as infos


def in_dataverse(world, record, *, age, **columns):
    """A row of Spotler Info that was last written so long ago."""
    written = (world.now - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    lookup = {f"_dh_{record.table}id_value": record.id}
    return world.load(Info.TABLE, **{Info.RECORD: record.id, Info.MODIFIED_ON: written, **lookup, **columns})


HASH, OLD_HASH = "1" * 64, "0" * 64


def late(world, record, *, age=timedelta(0), **columns):
    """What a late row leaves in Dataverse: presence, hash and status."""
    values = infos.info_of(record, "", **{Info.LAST_STATUS: "LATE", **columns})
    assert infos.write_late(world.services.dataverse, [(record, world.now - age, values)]) == {}
    row = world.info(record)
    return world.presence(record), row[Info.SENT_HASH], row[Info.LAST_STATUS]


GONE = {Info.SENT_HASH: "", Info.GONE: True}
THERE = {Info.SENT_HASH: HASH, Info.GONE: False}


@pytest.mark.parametrize(("columns", "expected"), [(GONE, Presence.GONE), (THERE, Presence.KNOWN)])
def test_a_late_row_is_written_over_an_older_one(world, columns, expected):
    record = world.contact()
    in_dataverse(world, record, age=timedelta(minutes=1), **{Info.SENT_HASH: OLD_HASH})

    assert late(world, record, **columns) == (expected, columns[Info.SENT_HASH] or None, "LATE")


@pytest.mark.parametrize("age", [timedelta(minutes=-1), timedelta(0), timedelta(seconds=2)])
@pytest.mark.parametrize("columns", [GONE, THERE])
@pytest.mark.parametrize("newer", [GONE, {Info.SENT_HASH: OLD_HASH}])
def test_where_somebody_may_have_written_since_nobody_knows_what_spotler_holds(world, columns, newer, age):
    """So a later removal asks Spotler, and a later sync sends, whatever the two rows said."""
    record = world.contact()
    in_dataverse(world, record, age=age, **{Info.LAST_STATUS: "NEWER", Info.KEEP_OUT: True, **newer})

    assert late(world, record, **columns) == (Presence.UNKNOWN, None, "NEWER")
    assert world.info(record)[Info.KEEP_OUT] is True, "nobody but a person lifts it"


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_late_row_that_is_written_twice_is_as_it_was(world, is_gone):
    """The worker that wrote it died before it could do anything else."""
    record = world.contact()
    said = {Info.LAST_SYNC_ON: "2026-03-01T12:00:00Z", Info.LAST_COMMON: ""}
    said |= GONE if is_gone else THERE

    expected = late(world, record, **said)

    assert late(world, record, **said) == expected
    assert late(world, record, **{**said, Info.LAST_SYNC_ON: "2026-03-01T12:00:01Z"})[0] is Presence.UNKNOWN


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_late_rows_of_a_record_the_one_that_was_made_last_wins(world, order):
    record = world.contact()
    rows = [
        (record, world.now - timedelta(minutes=age), infos.info_of(record, "", **columns))
        for age, columns in ((2, GONE), (1, THERE))
    ]

    infos.write_late(world.services.dataverse, rows[::order])

    assert world.presence(record) is Presence.KNOWN


def test_a_late_row_that_comes_after_one_that_was_made_later_is_not_believed(world):
    """Somebody was anonymised and then sent again, and neither could be remembered at that time."""
    record = world.contact()
    for age, columns in ((3, GONE), (2, THERE)):
        late(world, record, age=timedelta(minutes=age), **columns)

    assert world.presence(record) is Presence.UNKNOWN


@pytest.mark.parametrize("error", [Transient("Away."), Refused("No.")])
def test_rows_that_cannot_be_read_are_told_by_record(world, monkeypatch, error):
    record = world.contact()

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(world.services.dataverse, "query", refuse)

    assert infos.write_late(world.services.dataverse, [(record, world.now, {})]) == {record: error}
