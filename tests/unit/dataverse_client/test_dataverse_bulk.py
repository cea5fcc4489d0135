import pytest

from connector.dataverse.api import Duplicate, Keyed, NotFound, filters
from connector.dataverse.names import Info, Job
from connector.errors import Refused, Transient, Unclear
from tests.unit.dataverse_client.wire import batch_answer, error_body, inner_answer, read_batch
from tests.unit.scripted_server import DROP, Answer

IDS = [f"{number:08d}-95af-e711-a94e-000d3a11e605" for number in range(6)]
DONE = inner_answer(204)
BAD = inner_answer(404, error_body("0x80040217"))


def changes(*ids):
    return [Keyed(row_id, {Job.STATUS: place}) for place, row_id in enumerate(ids)]


def test_many_rows_are_changed_in_one_call(server, dataverse):
    server.answer(Answer(204))

    results = dataverse.update_multiple(Job, changes(*IDS[:2]))

    received = server.received[0]
    assert (received.method, received.path) == (
        "POST",
        "/api/data/v9.2/dh_spotlerjobs/Microsoft.Dynamics.CRM.UpdateMultiple?tag=spotler-connector",
    )
    kind = "Microsoft.Dynamics.CRM.dh_spotlerjob"
    assert received.json == {
        "Targets": [
            {"@odata.type": kind, "dh_spotlerjobid": IDS[0], "statuscode": 0},
            {"@odata.type": kind, "dh_spotlerjobid": IDS[1], "statuscode": 1},
        ]
    }
    assert [(result.key, result.ok) for result in results] == [(IDS[0], True), (IDS[1], True)]


def test_a_bad_row_does_not_harm_its_neighbours(server, dataverse):
    server.answer(Answer(404, error_body("0x80040217")), batch_answer(DONE, BAD, DONE))

    results = dataverse.update_multiple(Job, changes(*IDS[:3]))

    assert [type(result.error) for result in results] == [type(None), NotFound, type(None)]
    apart = read_batch(server.received[1])
    assert [inner.headers["if-match"] for inner in apart] == ["*"] * 3
    assert apart[0].json == {"statuscode": 0}
    assert "tag=spotler-connector" in apart[0].first_line


def test_a_table_without_the_bulk_message_is_written_apart(server, dataverse):
    server.answer(Answer(404, error_body("0x80060888")), batch_answer(DONE, DONE))

    assert all(result.ok for result in dataverse.update_multiple(Job, changes(*IDS[:2])))


def test_one_row_alone_skips_the_bulk_call(server, dataverse):
    server.answer(batch_answer(BAD))

    (result,) = dataverse.update_multiple(Job, changes(IDS[0]))

    assert isinstance(result.error, NotFound)
    assert len(server.received) == 1


def test_nothing_is_sent_for_no_rows(server, dataverse):
    assert dataverse.update_multiple(Job, []) == []
    assert server.received == []


def test_rows_are_upserted_by_id_or_alternate_key(server, dataverse):
    server.answer(Answer(200))

    dataverse.upsert_multiple(
        Info, [Keyed(IDS[0], {"dh_name": "a"}), Keyed(filters.key({Info.RECORD: "x'y"}), {"dh_name": "b"})]
    )

    by_id, by_key = server.received[0].json["Targets"]
    assert by_id["dh_spotlerinfoid"] == IDS[0]
    assert by_key["@odata.id"] == "dh_spotlerinfos(dh_recordid='x''y')"


def test_a_refused_upsert_is_done_apart_without_a_condition(server, dataverse):
    server.answer(Answer(400, error_body("0x80040265")), batch_answer(DONE, DONE))

    results = dataverse.upsert_multiple(Info, [Keyed(IDS[0], {}), Keyed(IDS[1], {})])

    assert all(result.ok for result in results)
    assert all("if-match" not in inner.headers for inner in read_batch(server.received[1]))


def test_created_rows_have_the_ids_that_dataverse_gave(server, dataverse):
    server.answer(Answer(200, {"Ids": IDS[:2]}))

    results = dataverse.create_multiple(Info, [{"dh_name": "a"}, {"dh_name": "b"}])

    assert [result.key for result in results] == IDS[:2]


@pytest.mark.parametrize("body", [{}, {"Ids": []}, {"Ids": IDS[:1]}, {"value": []}, [], b"<html>", b""])
def test_created_rows_without_their_ids_are_unclear(server, dataverse, body):
    server.answer(Answer(200, body))

    with pytest.raises(Unclear):
        dataverse.create_multiple(Info, [{"dh_name": "a"}, {"dh_name": "b"}])


def test_rows_created_apart_have_their_ids_too(server, dataverse):
    created = inner_answer(204, headers={"OData-EntityId": f"https://x/api/data/v9.2/dh_spotlerinfos({IDS[1]})"})
    server.answer(
        Answer(412, error_body("0x80060892")), batch_answer(inner_answer(412, error_body("0x80060892")), created)
    )

    bad, good = dataverse.create_multiple(Info, [{"dh_name": "a"}, {"dh_name": "b"}])

    assert isinstance(bad.error, Duplicate)
    assert (good.key, good.error) == (IDS[1], None)


def test_creating_is_unclear_after_a_lost_answer_but_changing_is_repeated(server, dataverse):
    server.answer(DROP, Answer(204))
    with pytest.raises(Unclear):
        dataverse.create_multiple(Info, [{}, {}])

    server.answer(DROP, Answer(204))
    assert all(result.ok for result in dataverse.update_multiple(Job, changes(*IDS[:2])))


def test_many_rows_go_in_parts_and_keep_their_order(server, make):
    server.answer(Answer(204))

    results = make(part=2).update_multiple(Job, changes(*IDS[:5]))

    assert [result.key for result in results] == IDS[:5]
    assert len(server.received) == 3


def test_two_changes_of_one_row_go_one_after_the_other(server, dataverse):
    server.answer(Answer(204), batch_answer(BAD))

    results = dataverse.update_multiple(Job, changes(IDS[0], IDS[1], IDS[0].upper()))

    assert [result.ok for result in results] == [True, True, False]
    assert [target["statuscode"] for target in server.received[0].json["Targets"]] == [0, 1]
    assert [inner.json["statuscode"] for inner in read_batch(server.received[1])] == [2]


def test_dataverse_being_away_is_raised_when_nothing_is_written_yet(server, dataverse):
    server.answer(Answer(503))

    with pytest.raises(Transient):
        dataverse.update_multiple(Job, changes(*IDS[:2]))


def test_dataverse_going_away_half_way_is_reported_row_by_row(server, make):
    server.answer(Answer(204), Answer(503))

    results = make(part=2).update_multiple(Job, changes(*IDS))

    assert [result.ok for result in results] == [True, True, False, False, False, False]
    assert all(isinstance(result.error, Transient) for result in results[2:])
    assert len(server.received) == 4  # the third part was not sent; the second was tried three times


def test_a_refusal_names_columns_but_no_values(server, dataverse):
    message = "The property 'dh_tag' with value 'who@example.org' is not valid"
    server.answer(
        Answer(400, error_body("0x80048d19", message)),
        batch_answer(DONE, inner_answer(400, error_body("0x80048d19", message))),
    )

    _, bad = dataverse.update_multiple(
        Job, [Keyed(IDS[0], {Job.TAG: "x"}), Keyed(IDS[1], {Job.TAG: "who@example.org", Job.NAME: "y"})]
    )

    assert isinstance(bad.error, Refused)
    assert "It mentions dh_tag." in bad.error.sentence
    assert "example.org" not in bad.error.for_people
