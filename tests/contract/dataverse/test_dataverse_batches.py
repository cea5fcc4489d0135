from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from connector.dataverse.api import BatchRequest, Conflict, Duplicate, Keyed, NotFound, etag, filters, formatted
from connector.dataverse.names import Contact, Info, Job
from connector.errors import Transient, Unclear


def names(door, table="contact", column="lastname"):
    return sorted(row[column] for row in door.rows(table))


def test_each_request_of_a_batch_has_its_own_outcome(dataverse, door, new_id):
    (row_id,) = door.load("contact", {"lastname": "A"})
    fresh = new_id()

    read, created, changed, missing, inserted, again = dataverse.batch(
        [
            BatchRequest("GET", f"contacts({row_id})?$select=lastname", "contacts(…)"),
            BatchRequest.create(Contact.SET, {"lastname": "Zoë"}),
            BatchRequest.update(Contact.SET, row_id, {"lastname": "B"}),
            BatchRequest.update(Contact.SET, new_id(), {"lastname": "C"}),
            BatchRequest.insert(Contact.SET, fresh, {"lastname": "D"}),
            BatchRequest.insert(Contact.SET, fresh, {"lastname": "E"}),
        ]
    )

    assert read.body["lastname"] == "A"
    assert created.created_id in {row["contactid"] for row in door.rows("contact")}
    assert changed.error is inserted.error is None
    assert isinstance(missing.error, NotFound)
    assert isinstance(again.error, Conflict | Duplicate)
    assert names(door) == ["B", "D", "Zoë"]
    assert {entry["tag"] for entry in door.journal("contact")} == {"spotler-connector"}


def test_a_write_returns_the_columns_that_are_asked_for_with_their_labels_and_the_new_version(dataverse, door, new_id):
    (row_id,) = door.load("contact", {"lastname": "A"})
    values = {"gendercode": 2, "firstname": "Ann"}

    changed, inserted = dataverse.batch(
        [
            BatchRequest.update(Contact.SET, row_id, values, returning="firstname,gendercode"),
            BatchRequest.insert(Contact.SET, new_id(), {"lastname": "B"}, returning=Contact.ID),
        ]
    )

    assert (changed.body["gendercode"], formatted(changed.body, "gendercode")) == (2, "Female")
    versions = {row[Contact.ID]: etag(row) for row in dataverse.query(Contact.SET, select=[Contact.ID])}
    assert (changed.etag, inserted.etag) == (versions[row_id], versions[inserted.body[Contact.ID]])


def test_a_job_is_claimed_by_one_of_many_only(connected, door):
    door.load("dh_spotlerjob", *({Job.NAME: str(number), Job.OPERATION: 100000003} for number in range(30)))

    door.call("POST", "latency", json={"ms": 20})
    dataverse = connected()
    rows = dataverse.query(Job.SET, select=[Job.NAME])
    with ThreadPoolExecutor(4) as pool:
        requests = [BatchRequest.update(Job.SET, row[Job.ID], {Job.TAG: "x"}, if_match=etag(row)) for row in rows]
        answers = list(pool.map(lambda _: dataverse.batch(requests), range(4)))

    wins = [sum(batch[place].error is None for batch in answers) for place in range(30)]
    assert wins == [1] * 30


def test_a_bulk_write_is_one_call(connected, door):
    ids = door.load("contact", *({"lastname": "old"} for _ in range(100)))
    records = []

    results = connected(records).update_multiple(Contact, [Keyed(row_id, {"lastname": "new"}) for row_id in ids])

    assert all(result.ok for result in results)
    assert names(door) == ["new"] * 100
    assert [record.method for record in records] == ["POST"]
    assert {entry["tag"] for entry in door.journal("contact")} == {"spotler-connector"}


def test_one_bad_row_does_not_harm_the_other_ninety_nine(dataverse, door, new_id):
    ids = door.load("contact", *({"lastname": "old"} for _ in range(99)))
    ids.insert(50, new_id())

    results = dataverse.update_multiple(Contact, [Keyed(row_id, {"lastname": "new"}) for row_id in ids])

    assert [place for place, result in enumerate(results) if not result.ok] == [50]
    assert isinstance(results[50].error, NotFound)
    assert names(door) == ["new"] * 99


def test_rows_are_upserted_by_alternate_key_and_by_id(dataverse, door, new_id):
    door.load("dh_spotlerinfo", {Info.RECORD: "known's", Info.NAME: "old"})

    results = dataverse.upsert_multiple(
        Info,
        [
            Keyed(filters.key({Info.RECORD: "known's"}), {Info.NAME: "changed"}),
            Keyed(filters.key({Info.RECORD: "new"}), {Info.NAME: "made"}),
            Keyed(new_id(), {Info.RECORD: "third", Info.NAME: "made by id"}),
            Keyed(filters.key({Info.RECORD: "known's"}), {Info.NAME: "changed again"}),
        ],
    )

    assert [result.error for result in results] == [None] * 4
    assert {row[Info.RECORD]: row[Info.NAME] for row in door.rows("dh_spotlerinfo")} == {
        "known's": "changed again",
        "new": "made",
        "third": "made by id",
    }


def test_created_rows_come_back_with_their_ids(dataverse, door):
    results = dataverse.create_multiple(Info, [{Info.RECORD: "a"}, {Info.RECORD: "b"}])

    stored = {row[Info.ID]: row[Info.RECORD] for row in door.rows("dh_spotlerinfo")}
    assert [stored[result.key] for result in results] == ["a", "b"]


def test_a_duplicate_among_created_rows_is_isolated(dataverse, door):
    door.load("dh_spotlerinfo", {Info.RECORD: "a"})

    bad, good = dataverse.create_multiple(Info, [{Info.RECORD: "a"}, {Info.RECORD: "b"}])

    assert isinstance(bad.error, Duplicate)
    assert good.ok
    assert names(door, "dh_spotlerinfo", Info.RECORD) == ["a", "b"]


def test_a_lost_answer_to_a_create_is_unclear_and_not_repeated(dataverse, door):
    door.fault("drop-after-write", path="contacts", count=1)

    with pytest.raises(Unclear):
        dataverse.create(Contact.SET, {"lastname": "once"})

    assert names(door) == ["once"]


def test_a_lost_answer_to_a_bulk_update_is_made_up_for(dataverse, door):
    ids = door.load("contact", {"lastname": "old"}, {"lastname": "old"})
    door.fault("drop-after-write", path="UpdateMultiple", count=1)

    results = dataverse.update_multiple(Contact, [Keyed(row_id, {"lastname": "new"}) for row_id in ids])

    assert all(result.ok for result in results)
    assert names(door) == ["new", "new"]


@pytest.mark.parametrize("kind", ["503", "429", "500"])
def test_a_short_fault_is_not_noticed_by_a_read(dataverse, door, kind):
    door.fault(kind, count=1, retry_after=0)

    assert dataverse.who_am_i()["UserId"]


def test_a_long_pause_is_left_to_the_caller(dataverse, door):
    door.fault("429", count=1, retry_after=120)

    with pytest.raises(Transient) as caught:
        dataverse.who_am_i()
    assert caught.value.retry_after == 120


def test_throttling_of_one_request_inside_a_batch_is_its_own(dataverse, door):
    ids = door.load("contact", {"lastname": "a"}, {"lastname": "b"})
    door.fault("429", inner=True, count=1, retry_after=7)

    throttled, done = dataverse.batch([BatchRequest.update(Contact.SET, row_id, {"lastname": "c"}) for row_id in ids])

    assert isinstance(throttled.error, Transient)
    assert throttled.error.retry_after == 7
    assert done.error is None


def test_hundreds_of_calls_from_many_threads(connected, door):
    ids = door.load("contact", *({"lastname": str(number)} for number in range(16)))
    dataverse = connected(dataverse_parallel=8)

    with ThreadPoolExecutor(16) as pool:
        rows = list(pool.map(lambda row_id: dataverse.retrieve(Contact.SET, row_id, ["lastname"]), ids * 10))

    assert [row[Contact.ID] for row in rows] == ids * 10


def in_one(*requests):
    return [replace(each, change_set="one") for each in requests]


def test_the_requests_of_a_change_set_happen_together(dataverse, door, new_id):
    (row_id,) = door.load("contact", {"lastname": "A"})
    (row,) = dataverse.query(Contact.SET, select=[Contact.ID])
    fresh = new_id()

    changed, inserted, other = dataverse.batch(
        [
            *in_one(
                BatchRequest.update(Contact.SET, row_id, {"lastname": "B"}, if_match=etag(row), returning="lastname"),
                BatchRequest.insert(Contact.SET, fresh, {"lastname": "C"}, returning=Contact.ID),
            ),
            BatchRequest.update(Contact.SET, row_id, {"firstname": "Ann"}),
        ]
    )

    assert (changed.error, inserted.error, other.error) == (None, None, None)
    assert changed.body["lastname"] == "B"
    assert changed.etag
    assert (inserted.body[Contact.ID], bool(inserted.etag)) == (fresh, True)
    assert names(door) == ["B", "C"]


@pytest.mark.parametrize("late", [False, True], ids=["the first fails", "the last fails"])
def test_a_change_set_of_which_one_request_fails_leaves_nothing_behind(dataverse, door, late):
    row_id, other = door.load("contact", {"lastname": "A", "firstname": "C"}, {"lastname": "B", "firstname": "D"})
    stale = BatchRequest.update(Contact.SET, other, {"lastname": "X"}, if_match='W/"1"')
    good = BatchRequest.update(Contact.SET, row_id, {"lastname": "Y"})

    answers = dataverse.batch(
        [
            *in_one(*((good, stale) if late else (stale, good))),
            replace(BatchRequest.update(Contact.SET, row_id, {"firstname": "Z"}), change_set="two"),
        ]
    )

    assert [type(each.error) for each in answers] == [Conflict, Conflict, type(None)]
    assert names(door) == ["A", "B"]
    assert names(door, column="firstname") == ["D", "Z"]
