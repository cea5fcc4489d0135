import pytest

from connector.dataverse.api import BatchRequest, Conflict, NotDataverse, NotFound, filters
from connector.errors import Unclear
from tests.unit.dataverse_client.wire import batch_answer, error_body, inner_answer, read_batch
from tests.unit.scripted_server import DROP, Answer

ID = "5531d753-95af-e711-a94e-000d3a11e605"


def test_create_returns_the_id(server, dataverse):
    server.answer(Answer(204, headers={"OData-EntityId": f"{server.url}/api/data/v9.2/contacts({ID})"}))

    assert dataverse.create("contacts", {"lastname": "Zoë"}) == ID

    received = server.received[0]
    assert (received.method, received.path) == ("POST", "/api/data/v9.2/contacts?tag=spotler-connector")
    assert received.json == {"lastname": "Zoë"}


def test_create_is_never_repeated_after_a_lost_answer(server, dataverse):
    server.answer(DROP)

    with pytest.raises(Unclear):
        dataverse.create("contacts", {})
    assert len(server.received) == 1


def test_update_never_creates_and_carries_the_tag(server, dataverse):
    server.answer(Answer(204))

    dataverse.update("contacts", ID, {"lastname": "B"})

    received = server.received[0]
    assert (received.method, received.path) == ("PATCH", f"/api/data/v9.2/contacts({ID})?tag=spotler-connector")
    assert received.headers["if-match"] == "*"


def test_update_is_repeated_after_a_lost_answer(server, dataverse):
    server.answer(DROP, Answer(204))

    dataverse.update("contacts", ID, {"lastname": "B"})

    assert len(server.received) == 2


def test_update_of_one_version_is_not_repeated_because_it_would_conflict_with_itself(server, dataverse):
    server.answer(DROP)

    with pytest.raises(Unclear):
        dataverse.update("contacts", ID, {}, if_match='W/"7"')

    assert len(server.received) == 1
    assert server.received[0].headers["if-match"] == 'W/"7"'


def test_another_version_is_a_conflict(server, dataverse):
    server.answer(Answer(412, error_body("0x80060882")))

    with pytest.raises(Conflict) as caught:
        dataverse.update("contacts", ID, {}, if_match='W/"7"')
    assert caught.value.result_code == "DATAVERSE_CONFLICT"


def test_update_of_a_row_that_is_gone_is_not_found(server, dataverse):
    server.answer(Answer(404, error_body("0x80040217")))

    with pytest.raises(NotFound):
        dataverse.update("contacts", ID, {})


def test_a_page_to_sign_in_is_not_taken_for_a_row_that_is_written(server, dataverse):
    server.answer(Answer(200, b"<html>Sign in</html>"))

    with pytest.raises(Unclear, match="did not answer POST contacts like Dataverse"):
        dataverse.create("contacts", {})
    with pytest.raises(NotDataverse, match="did not answer PATCH contacts"):
        dataverse.update("contacts", ID, {})


HALF_A_PAIR = "Zo\ud83d"


def test_half_a_surrogate_pair_is_sent_as_a_question_mark(server, dataverse):
    server.answer(Answer(204))
    dataverse.update("contacts", filters.key({"name": HALF_A_PAIR}), {"lastname": HALF_A_PAIR})
    server.answer(batch_answer(inner_answer(204), inner_answer(204)))
    dataverse.batch([BatchRequest.create("contacts", {"lastname": name}) for name in (HALF_A_PAIR, "B")])
    server.answer(Answer(200, {"value": []}))
    dataverse.query("contacts", select=["n"], filter=filters.eq("lastname", HALF_A_PAIR))

    alone, together, read = server.received
    assert alone.path.startswith("/api/data/v9.2/contacts(name='Zo%3F')")
    assert alone.json == {"lastname": "Zo?"}
    assert alone.headers["content-type"] == "application/json; charset=utf-8"
    assert [inner.json for inner in read_batch(together)] == [{"lastname": "Zo?"}, {"lastname": "B"}]
    assert read.path.endswith("'Zo%3F'")


def test_an_action_answers_its_result_or_nothing(server, dataverse):
    server.answer(Answer(200, {"Ids": [ID]}), Answer(204))

    assert dataverse.act("contacts/X", {"a": 1}, repeatable=True) == {"Ids": [ID]}
    assert dataverse.act("contacts/X", {"a": 1}, repeatable=True) == {}
