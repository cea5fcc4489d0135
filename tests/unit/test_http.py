import gzip
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from email.utils import formatdate

import pytest
import requests
import trustme
from requests.auth import AuthBase

from connector import http, session
from connector.errors import ConnectorError, Misconfigured, Transient, Unclear
from connector.http import CallRecord, Clock, Transport
from tests.unit.scripted_server import DROP, RESET, SILENCE, Answer, FakeTime, ScriptedServer

SECRET = "who@example.org"


@pytest.fixture
def server():
    with ScriptedServer().running() as running:
        yield running


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
def records():
    return []


@pytest.fixture
def make(time, records):
    made = []

    def _make(url, **options):
        given = {"timeout": 5, "parallel": 2, "system": "Spotler", "on_call": records.append} | options
        clock = Clock(monotonic=time.monotonic, wall=time.wall, sleep=time.sleep, random=time.random)
        made.append(Transport(url, clock=clock, **given))
        return made[-1]

    yield _make
    for transport in made:
        transport.close()


@pytest.fixture
def transport(make, server):
    return make(server.url)


def post(transport, **options):
    given = {"route": "contact", "params": f"email={SECRET}", "json": {"email": SECRET}, "repeatable": False} | options
    return transport.send("POST", "contact/1", **given)


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


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_that_was_turned_away_is_sent_again_even_if_it_is_not_repeatable(server, transport, status):
    server.answer(Answer(status), Answer(status), Answer(200))

    assert post(transport).status_code == 200
    assert len(server.received) == 3


@pytest.mark.parametrize("status", [500, 502, 504])
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


def test_silence_is_unclear(server, make):
    server.answer(SILENCE)

    with pytest.raises(Unclear, match=r"did not answer POST contact in 0\.2 seconds"):
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


def test_a_certificate_that_is_not_trusted_is_misconfigured(make):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def shake_hands():
            connection, _ = listener.accept()
            with connection, pytest.raises(ssl.SSLError):
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=shake_hands)
        thread.start()
        with pytest.raises(Misconfigured, match="certificate of Spotler is not trusted"):
            post(make(f"https://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join()


def dripping(listener, ended):
    """Answers with a byte at a time, each well within the time-out."""
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not ended.wait(0.02):
            connection.sendall(b"x")


@pytest.mark.parametrize(("repeatable", "kind"), [(True, Transient), (False, Unclear)])
def test_an_answer_that_drips_in_is_given_up(make, monkeypatch, repeatable, kind):
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        pool.submit(dripping, listener, ended)
        transport = make(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.1)
        with pytest.raises(ConnectorError) as fault:
            post(transport, repeatable=repeatable)
        ended.set()

    assert type(fault.value) is kind
    assert "did not answer" in fault.value.sentence


def test_an_answer_that_is_too_large_is_given_up(server, make, monkeypatch):
    monkeypatch.setattr(session, "LARGEST_ANSWER", 1000)
    server.answer(Answer(200, b"x" * 1000), Answer(200, b"x" * 1001))
    transport = make(server.url)

    assert len(post(transport).content) == 1000
    with pytest.raises(Unclear):
        post(transport)


def test_a_packed_answer_in_chunks_is_read_whole(server, transport):
    text = b"Zo\xc3\xab" * 50_000
    packed = gzip.compress(text)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (packed[:100], packed[100:], b""))
    framing = {"Content-Encoding": "gzip", "Transfer-Encoding": "chunked", "Connection": "close"}
    server.answer(Answer(200, chunks, framing))

    assert post(transport).content == text


def test_retry_after_is_obeyed(server, transport, time):
    server.answer(Answer(429, headers={"Retry-After": "3"}), Answer(200))

    assert post(transport).status_code == 200
    assert time.slept == [3.0]


def test_retry_after_may_be_a_date(server, transport, time):
    server.answer(Answer(503, headers={"Retry-After": formatdate(time.wall() + 4, usegmt=True)}), Answer(200))

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

    assert time.slept == [http.FIRST_PAUSE]


def test_an_absurd_retry_after_is_capped(server, transport):
    server.answer(Answer(429, headers={"Retry-After": "99999999"}))

    with pytest.raises(Transient) as caught:
        post(transport)

    assert caught.value.retry_after == http.LONGEST_WAIT


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


def test_the_number_of_calls_adapts_to_the_answers_unless_another_governor_is_given(server, make, time):
    transport = make(server.url, parallel=3)
    assert transport._governor.limit == 3

    server.answer(Answer(503))
    for _ in range(6):
        with pytest.raises(Transient):
            post(transport)
        time.now += 1

    assert transport._governor.limit == 1


def test_the_governor_learns_from_every_attempt_with_its_kind_of_call_to_a_factor_of_two(server, make):
    class Recording:
        def __init__(self):
            self.observed = []

        def slot(self, _patience):
            return nullcontext()

        def observe(self, *observed):
            self.observed.append(observed)

    governor = Recording()
    transport = make(server.url, governor=governor)
    server.answer(Answer(429, headers={"Retry-After": "3"}), DROP, Answer(200))

    post(transport, repeatable=True)
    post(transport, json={"email": SECRET * 100})

    assert [observed[:3] for observed in governor.observed] == [
        (429, 0.0, 3.0),
        (None, 0.0, None),
        (200, 0.0, None),
        (200, 0.0, None),
    ]
    small, again, once_more, large = [kind for *_, kind in governor.observed]
    assert small == again == once_more != large
    assert small.startswith("POST contact ")
    assert SECRET not in small


def test_authentication_is_applied_anew_to_every_attempt(server, transport):
    class Counting(AuthBase):
        signed = 0

        def __call__(self, request):
            self.signed += 1
            request.headers["Authorization"] = f"nonce {self.signed}"
            return request

    server.answer(Answer(503), Answer(200))

    post(transport, auth=Counting())

    assert [request.headers["authorization"] for request in server.received] == ["nonce 1", "nonce 2"]


def test_the_caller_may_take_a_fault_as_an_answer(server, transport):
    server.answer(Answer(500, {"errorType": "X"}))

    response = post(transport, accept=lambda response: b"errorType" in response.content)

    assert response.status_code == 500


def test_every_attempt_is_recorded(server, transport, records):
    server.answer(Answer(503), DROP)

    with pytest.raises(Unclear):
        post(transport)

    assert records == [
        CallRecord("Spotler", "POST", "contact", 503, 0.0, 1),
        CallRecord("Spotler", "POST", "contact", None, 0.0, 2),
    ]


@pytest.mark.parametrize("fault", [DROP, RESET, Answer(500), Answer(503), Answer(429)])
def test_no_sentence_holds_an_address_a_query_or_a_body(server, transport, fault):
    server.answer(fault)

    with pytest.raises(ConnectorError) as caught:
        post(transport)

    told = f"{caught.value!r} {caught.value.for_people} {caught.value.__cause__!r}"
    assert SECRET not in told
    assert "127.0.0.1" not in told
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_cookies_are_not_kept_because_they_bind_to_one_server(server, transport):
    server.answer(Answer(200, headers={"Set-Cookie": "ARRAffinity=1; Path=/"}))

    post(transport)
    post(transport)

    assert "cookie" not in server.received[1].headers


def test_connections_are_kept_open(server, transport):
    server.answer(Answer(200))

    for _ in range(3):
        post(transport)

    assert server.connections == 1


def test_the_certificate_authority_of_the_environment_counts(monkeypatch, make, tmp_path):
    bundle = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))

    transport = make("https://localhost:1")

    assert transport._session.verify == str(bundle)


def test_a_session_can_be_given(server, make):
    server.answer(Answer(200))
    with requests.Session() as session:
        session.headers["X-Mine"] = "1"
        post(make(server.url, session=session))

    assert server.received[0].headers["x-mine"] == "1"
