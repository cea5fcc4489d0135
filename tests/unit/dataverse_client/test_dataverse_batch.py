from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from connector.dataverse.api import BatchRequest, Conflict, NotDataverse, NotFound
from connector.dataverse.api.batch import build, parse
from connector.errors import Misconfigured, Refused, Transient, Unclear
from tests.unit.dataverse_client.wire import batch_answer, error_body, inner_answer, read_batch
from tests.unit.scripted_server import DROP, Answer, Received

ID = "5531d753-95af-e711-a94e-000d3a11e605"
DONE = inner_answer(204)


def update(number=0, **values):
    return BatchRequest.update("contacts", f"{number:08d}{ID[8:]}", values or {"lastname": "A"})


def test_requests_are_whole_http_messages(server, dataverse):
    created = inner_answer(204, headers={"OData-EntityId": f"{server.url}/api/data/v9.2/contacts({ID})"})
    server.answer(batch_answer(inner_answer(200, {"n": 1}), created, DONE, DONE, DONE, DONE))

    answers = dataverse.batch(
        [
            BatchRequest("GET", "WhoAmI", "WhoAmI"),
            BatchRequest.create("contacts", {"lastname": "Zoë\r\n--batch"}),
            BatchRequest.update("contacts", ID, {"a": 1}, if_match='W/"7"'),
            BatchRequest.upsert("contacts", ID, {"a": 1}),
            BatchRequest.insert("contacts", ID, {"a": 1}),
            BatchRequest.delete("contacts", ID),
        ]
    )

    received = server.received[0]
    assert (received.method, received.path) == ("POST", "/api/data/v9.2/$batch")
    assert received.headers["prefer"] == "odata.continue-on-error"
    get, create, change, upsert, insert, delete = read_batch(received)
    row = f"/api/data/v9.2/contacts({ID})?tag=spotler-connector HTTP/1.1"
    assert get.first_line == "GET /api/data/v9.2/WhoAmI HTTP/1.1"
    assert create.first_line == "POST /api/data/v9.2/contacts?tag=spotler-connector HTTP/1.1"
    assert create.json == {"lastname": "Zoë\r\n--batch"}
    assert create.headers["content-type"] == "application/json; charset=utf-8"
    assert change.first_line == upsert.first_line == insert.first_line == f"PATCH {row}"
    assert change.headers["if-match"] == 'W/"7"'
    assert not {"if-match", "if-none-match"} & set(upsert.headers)
    assert insert.headers["if-none-match"] == "*"
    assert delete.first_line == f"DELETE {row}"
    assert [answer.status for answer in answers] == [200, 204, 204, 204, 204, 204]
    assert answers[0].body == {"n": 1}
    assert answers[1].created_id == ID
    assert answers[2].created_id == ""


def test_every_line_ends_with_crlf():
    body = build([update()], "/api/data/v9.2/", "b")

    assert body.count(b"\n") == body.count(b"\r\n")


@pytest.mark.parametrize("status", [200, 202, 207, 400])
def test_answers_are_read_whatever_the_status_of_the_whole(server, dataverse, status):
    server.answer(batch_answer(DONE, inner_answer(412, error_body("0x80060882")), DONE, status=status))

    answers = dataverse.batch([update(1), update(2), update(3)])

    assert [type(answer.error) for answer in answers] == [type(None), Conflict, type(None)]


def test_requests_that_dataverse_did_not_reach_are_transient(server, dataverse):
    server.answer(batch_answer(inner_answer(404, error_body("0x80040217")), status=400))

    first, second = dataverse.batch([update(1), update(2)])

    assert isinstance(first.error, NotFound)
    assert isinstance(second.error, Transient)


def test_a_refusal_of_the_whole_batch_is_raised(server, dataverse):
    server.answer(Answer(400, error_body("0x80040203")))

    with pytest.raises(Refused, match=r"0x80040203"):
        dataverse.batch([update()])


def test_faults_inside_a_batch_are_of_their_family(server, dataverse):
    server.answer(
        batch_answer(
            inner_answer(429, headers={"Retry-After": "17"}),
            inner_answer(500),
            inner_answer(401),
            inner_answer(404, error_body("0x8006088a")),
        )
    )

    throttled, broken, token, table = (answer.error for answer in dataverse.batch([update()] * 4))

    assert isinstance(throttled, Transient)
    assert throttled.retry_after == 17
    assert isinstance(broken, Transient)
    assert isinstance(token, Misconfigured)
    assert isinstance(table, Misconfigured)


@pytest.mark.parametrize("answer", [inner_answer(503), inner_answer(404), inner_answer(404, {"message": "no route"})])
def test_what_may_have_had_an_effect_inside_a_batch_is_unclear(server, dataverse, answer):
    server.answer(batch_answer(answer, inner_answer(429), answer))

    create, throttled, harmless = dataverse.batch([BatchRequest.create("contacts", {})] * 2 + [update()])

    assert [type(each.error) is Unclear for each in (create, throttled, harmless)] == [True, False, False]
    assert isinstance(harmless.error, Transient)


MULTIPART = {"Content-Type": "multipart/mixed; boundary=b"}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html><!-- sign in --></html>", {"Content-Type": "text/html"}),
        Answer(200, {"value": []}),
        Answer(204),
        Answer(200, b"<html><!-- sign in --></html>", MULTIPART),
        Answer(200, b"<html><!-- sign in --></html>", {"Content-Type": "multipart/mixed"}),
        batch_answer(DONE, DONE, DONE),
    ],
)
def test_what_does_not_answer_a_batch_is_not_dataverse(server, dataverse, answer):
    server.answer(answer)

    with pytest.raises(NotDataverse, match=r"DATAVERSE_URL did not answer POST \$batch like Dataverse"):
        dataverse.batch([update(1), update(2)])
    with pytest.raises(Unclear):
        dataverse.batch([BatchRequest.create("contacts", {}), update(2)])


@pytest.mark.parametrize("part", ["", "HTTP/1.1", "HTTP/1.1 OK 204", "<!-- sign in -->", "HTTP/1.1 ²04 No"])
def test_a_part_that_is_no_answer_harms_no_other(server, dataverse, part):
    server.answer(batch_answer(part, DONE))

    first, second = dataverse.batch([update(1), update(2)])

    assert isinstance(first.error, NotDataverse)
    assert (second.status, second.error) == (204, None)


def test_answers_of_change_sets_are_found():
    inside = (
        "--cs\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\n" + DONE + "\r\n"
        "--cs\r\nContent-Type: application/http\r\nContent-ID: 2\r\n\r\n" + DONE + "\r\n--cs--\r\n"
    )
    body = (
        f"--b\r\nContent-Type: multipart/mixed; boundary=cs\r\n\r\n{inside}\r\n"
        f"--b\r\nContent-Type: application/http\r\n\r\n{inner_answer(200, {'n': 1})}\r\n--b--\r\n"
    )

    requests = [*[replace(update(), change_set="one")] * 2, update()]
    answers = parse(body.encode(), 'multipart/mixed; boundary="b"', requests)

    assert [answer.status for answer in answers] == [204, 204, 200]


@pytest.mark.parametrize("wrapped", [True, False], ids=["as a change set", "alone"])
def test_what_makes_a_change_set_fail_is_the_answer_to_each_of_its_requests(wrapped):
    failed = inner_answer(412, error_body("0x80060882"))
    alone = f"Content-Type: application/http\r\n\r\n{failed}\r\n"
    inside = f"--cs\r\nContent-ID: 2\r\n{alone}--cs--\r\n"
    part = f"Content-Type: multipart/mixed; boundary=cs\r\n\r\n{inside}" if wrapped else alone
    body = f"--b\r\n{part}--b\r\nContent-Type: application/http\r\n\r\n{DONE}\r\n--b--\r\n"

    requests = [*[replace(update(), change_set="one")] * 2, replace(update(), change_set="two")]
    answers = parse(body.encode(), 'multipart/mixed; boundary="b"', requests)

    assert [type(answer.error) for answer in answers] == [Conflict, Conflict, type(None)]


def test_a_change_set_with_fewer_answers_than_requests_is_not_believed():
    inside = f"--cs\r\nContent-Type: application/http\r\n\r\n{DONE}\r\n--cs--\r\n"
    body = f"--b\r\nContent-Type: multipart/mixed; boundary=cs\r\n\r\n{inside}--b--\r\n"

    answers = parse(body.encode(), 'multipart/mixed; boundary="b"', [replace(update(), change_set="one")] * 2)

    assert all(isinstance(answer.error, NotDataverse | Unclear) for answer in answers)


def test_a_change_set_is_never_split(server, make):
    def answered(count):
        inner = "".join(f"--cs\r\nContent-Type: application/http\r\n\r\n{DONE}\r\n" for _ in range(count))
        body = f"--b\r\nContent-Type: multipart/mixed; boundary=cs\r\n\r\n{inner}--cs--\r\n--b--\r\n"
        return Answer(200, body.encode(), {"Content-Type": "multipart/mixed; boundary=b"})

    server.answer(batch_answer(DONE), answered(2), answered(2))

    requests = [update(), *(replace(update(number), change_set=name) for name in "ab" for number in range(2))]
    answers = make(part=2).batch(requests)

    assert [answer.status for answer in answers] == [204] * 5


def test_a_long_batch_is_split(server, make):
    server.answer(batch_answer(DONE, DONE), batch_answer(DONE, DONE), batch_answer(DONE))

    answers = make(part=2).batch([update(number) for number in range(5)])

    assert [len(read_batch(received)) for received in server.received] == [2, 2, 1]
    assert [answer.status for answer in answers] == [204] * 5


def test_nothing_is_sent_for_no_requests(server, dataverse):
    assert dataverse.batch([]) == []
    assert server.received == []


def test_a_fault_of_a_later_part_keeps_what_is_known_of_the_first(server, make):
    server.answer(batch_answer(DONE, DONE), Answer(400, error_body("0x80040203")))

    answers = make(part=2).batch([update(number) for number in range(6)])

    assert [type(answer.error) for answer in answers[:2]] == [type(None)] * 2
    assert all(isinstance(answer.error, Refused) for answer in answers[2:4])
    assert all(isinstance(answer.error, Transient) for answer in answers[4:])
    assert len(server.received) == 2


def test_a_batch_of_harmless_requests_is_repeated_after_a_lost_answer(server, dataverse):
    server.answer(DROP, batch_answer(DONE))

    assert dataverse.batch([update()])[0].status == 204


@pytest.mark.parametrize(
    "request_",
    [
        BatchRequest.create("contacts", {}),
        BatchRequest.update("contacts", ID, {}, if_match='W/"1"'),
        BatchRequest.insert("contacts", ID, {}),
    ],
)
def test_a_batch_with_anything_else_is_unclear_after_a_lost_answer(server, dataverse, request_):
    server.answer(DROP)

    with pytest.raises(Unclear):
        dataverse.batch([update(), request_])
    assert len(server.received) == 1


@given(st.lists(st.dictionaries(st.text(), st.text() | st.none() | st.integers() | st.booleans()), max_size=5))
def test_any_values_survive_the_way_there(rows):
    requests = [BatchRequest.create("contacts", row) for row in rows]

    body = build(requests, "/api/data/v9.2/", "batch_0")

    received = Received("POST", "", {"content-type": "multipart/mixed; boundary=batch_0"}, body)
    assert [inner.json for inner in read_batch(received)] == rows if rows else b"batch_0--" in body


@given(st.lists(st.dictionaries(st.text(), st.text()), min_size=1, max_size=5))
def test_any_values_survive_the_way_back(rows):
    answer = batch_answer(*(inner_answer(200, row) for row in rows))

    answers = parse(answer.body, answer.headers["Content-Type"], [update()] * len(rows))

    assert [answer.body for answer in answers] == rows
