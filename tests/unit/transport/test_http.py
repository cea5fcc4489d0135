"""Calls to another system: attempts, pauses, and what a lost answer means."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from email.utils import formatdate

import pytest
from requests.auth import AuthBase

from connector.errors import ConnectorError, Transient, Unclear
from connector.http import CallRecord
from connector.http.transport import FIRST_PAUSE, LONGEST_WAIT
from tests.unit.scripted_server import DROP, RESET, SILENCE, Answer
from tests.unit.transport.posting import SECRET, post


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_sends_what_it_is_given(server, transport):
    server.answer(Answer(200, {"ok": True}))

    response = transport.send(
        "PUT",
        "/a/b",
        route="a",
        params="x=1%202",
        json={"name": "Zoë", "n": None},
        headers={"X-A": "1"},
        repeatable=True,
    )

    assert response.json() == {"ok": True}
    received = server.received[0]
    assert (received.method, received.path) == ("PUT", "/a/b?x=1%202")
    assert received.body == '{"name":"Zoë","n":null}'.encode()
    assert received.headers["content-type"] == "application/json; charset=utf-8"
    assert received.headers["x-a"] == "1"


def test_content_type_of_the_caller_wins(server, transport):
    server.answer(Answer())

    post(transport, headers={"content-type": "application/vnd.x+json"})

    assert server.received[0].headers["content-type"] == "application/vnd.x+json"


@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 404, 409, 412])
def test_answers_below_500_go_to_the_caller_at_once(server, transport, time, status):
    server.answer(Answer(status, headers={"Location": "/elsewhere"}))

    response = post(transport)

    assert response.status_code == status
    assert len(server.received) == 1
    assert time.slept == []


def test_a_throttled_call_is_sent_again_even_if_it_is_not_repeatable(server, transport):
    server.answer(Answer(429), Answer(429), Answer(200))

    assert post(transport).status_code == 200
    assert len(server.received) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_fault_leaves_a_call_that_is_not_repeatable_unclear(server, transport, status):
    server.answer(Answer(status))

    with pytest.raises(Unclear):
        post(transport)
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_repeatable_call_is_tried_three_times_and_then_transient(server, transport, time, status):
    server.answer(Answer(status))

    with pytest.raises(Transient) as caught:
        post(transport, repeatable=True)

    assert not isinstance(caught.value, Unclear)
    assert len(server.received) == 3
    assert time.slept == [0.5, 1.0]


@pytest.mark.parametrize("fault", [DROP, RESET])
def test_a_lost_answer_is_unclear_at_once_unless_the_call_is_repeatable(server, transport, fault):
    server.answer(fault, Answer(200))

    with pytest.raises(Unclear):
        post(transport)
    assert len(server.received) == 1

    server.answer(fault, Answer(200))
    assert post(transport, repeatable=True).status_code == 200


def test_a_503_after_the_effect_is_not_followed_by_a_second_call(server, transport):
    server.answer(Answer(503, b"<html>", {"Retry-After": "1"}), Answer(200))

    with pytest.raises(Unclear) as caught:
        post(transport)

    assert caught.value.retry_after == 1
    assert len(server.received) == 1


def test_silence_is_unclear(server, make):
    server.answer(SILENCE)

    with pytest.raises(Unclear, match=r"did not answer POST contact within 0\.2 s\."):
        post(make(server.url, timeout=0.2))
    assert len(server.received) == 1


def test_an_answer_that_breaks_off_is_unclear(server, transport):
    server.answer(Answer(200, b"abc", headers={"Content-Length": "99", "Connection": "close"}))

    with pytest.raises(Unclear):
        post(transport)


def test_an_answer_that_cannot_be_decoded_is_unclear(server, transport):
    server.answer(Answer(200, b"not gzip", headers={"Content-Encoding": "gzip"}))

    with pytest.raises(Unclear):
        post(transport)


def test_a_system_that_is_not_there_is_transient_because_the_call_never_arrived(make, records):
    transport = make(f"http://127.0.0.1:{unused_port()}")

    with pytest.raises(Transient, match="could not be reached") as caught:
        post(transport)

    assert not isinstance(caught.value, Unclear)
    assert [record.status for record in records] == [None, None, None]


def test_a_name_that_does_not_resolve_is_transient(make):
    with pytest.raises(Transient, match="could not be reached") as caught:
        post(make("http://nowhere.invalid"))

    assert not isinstance(caught.value, Unclear)


def test_retry_after_is_obeyed(server, transport, time):
    server.answer(Answer(429, headers={"Retry-After": "3"}), Answer(200))

    assert post(transport).status_code == 200
    assert time.slept == [3.0]


def test_retry_after_may_be_a_date(server, transport, time):
    server.answer(Answer(429, headers={"Retry-After": formatdate(time.wall() + 4, usegmt=True)}), Answer(200))

    assert post(transport).status_code == 200
    assert time.slept == [4.0]


def test_a_pause_longer_than_the_budget_is_left_to_the_caller(server, transport, time):
    server.answer(Answer(429, headers={"Retry-After": "120"}))

    with pytest.raises(Transient) as caught:
        post(transport)

    assert caught.value.retry_after == 120
    assert len(server.received) == 1
    assert time.slept == []


NO_DATE = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"
NO_ZONE = "Mon, 01 Jan 2024 00:00:00 +99999999999999999"


@pytest.mark.parametrize("text", ["nonsense", "", "nan", "-5", "0", "1e999", NO_DATE, NO_ZONE])
def test_a_retry_after_without_sense_counts_as_none(server, transport, time, text):
    server.answer(Answer(429, headers={"Retry-After": text}), Answer(200))

    post(transport)

    assert time.slept == [FIRST_PAUSE]


def test_an_absurd_retry_after_is_capped(server, transport):
    server.answer(Answer(429, headers={"Retry-After": "99999999"}))

    with pytest.raises(Transient) as caught:
        post(transport)

    assert caught.value.retry_after == LONGEST_WAIT


def test_one_throttled_call_holds_back_all_others(server, transport, time):
    server.answer(Answer(429, headers={"Retry-After": "60"}))
    with pytest.raises(Transient):
        post(transport)
    time.now += 20

    with pytest.raises(Transient) as caught:
        post(transport)

    assert caught.value.retry_after == 40
    assert len(server.received) == 1


def test_others_wait_for_the_end_of_a_short_pause(server, transport, time):
    server.answer(Answer(429, headers={"Retry-After": "60"}), Answer(200))
    with pytest.raises(Transient):
        post(transport)
    time.now += 55

    post(transport)

    assert time.slept == [5.0]


def test_calls_go_on_after_the_pause(server, transport, time):
    server.answer(Answer(429, headers={"Retry-After": "60"}), Answer(200))
    with pytest.raises(Transient):
        post(transport)
    time.now += 60

    assert post(transport).status_code == 200
    assert time.slept == []


def test_no_more_calls_at_a_time_than_allowed_over_as_many_connections(server, make):
    lock = threading.Lock()
    both = threading.Barrier(2, timeout=10)
    running = most = 0

    def count(_request):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait()
        with lock:
            running -= 1
        return Answer(200)

    server.answer(count)
    transport = make(server.url, parallel=2)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: post(transport), range(6)))

    assert len(answers) == 6
    assert most == 2
    assert server.connections == 2


def test_the_number_of_calls_adapts_to_the_answers(server, make, time):
    transport = make(server.url, parallel=3)
    assert transport._limiter.limit == 3

    server.answer(Answer(503))
    for _ in range(6):
        with pytest.raises(Transient):
            post(transport)
        time.now += 1

    assert transport._limiter.limit == 1


def test_the_limiter_learns_from_every_attempt(server, make):
    class Recording:
        limit = 8

        def __init__(self):
            self.observed = []

        def slot(self, _longest_pause):
            return nullcontext()

        def observe(self, *observed):
            self.observed.append(observed)

    limiter = Recording()
    server.answer(Answer(429, headers={"Retry-After": "3"}), DROP, Answer(200))

    post(make(server.url, limiter=limiter), repeatable=True)

    assert limiter.observed == [(429, 0.0, 3.0, None), (None, 0.0, None, None), (200, 0.0, None, None)]


def test_authentication_is_applied_anew_to_every_attempt(server, transport):
    class Counting(AuthBase):
        signed = 0

        def __call__(self, request):
            self.signed += 1
            request.headers["Authorization"] = f"nonce {self.signed}"
            return request

    server.answer(Answer(429), Answer(200))

    post(transport, auth=Counting())

    assert [request.headers["authorization"] for request in server.received] == ["nonce 1", "nonce 2"]


def test_every_attempt_is_recorded(server, transport, records):
    server.answer(Answer(429), DROP)

    with pytest.raises(Unclear):
        post(transport)

    assert records == [
        CallRecord("Spotler", "POST", "contact", 429, 0.0, 1),
        CallRecord("Spotler", "POST", "contact", None, 0.0, 2),
    ]


@pytest.mark.parametrize("fault", [DROP, RESET, Answer(500), Answer(503), Answer(429)])
def test_no_sentence_holds_an_address_a_query_or_a_body(server, transport, fault):
    server.answer(fault)

    with pytest.raises(ConnectorError) as caught:
        post(transport)

    reported = f"{caught.value!r} {caught.value.for_people} {caught.value.__cause__!r}"
    assert SECRET not in reported
    assert "127.0.0.1" not in reported
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
