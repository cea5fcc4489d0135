"""The connections below a session: what goes out in one piece, and answers as the standard library reads them."""

import http.client
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.errors import Unclear
from connector.http import answers
from tests.unit.scripted_server import Answer
from tests.unit.transport.posting import SECRET, post

ANSWERS = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: 1\r\nX-A: 2\r\n\r\nabc",
    "no body": b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n",
    "no body, whatever it says": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "until the end": b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\nabc",
    "the last one": b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 3\r\n\r\nabc",
    "an old version": b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "an old version that goes on": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
    "no reason": b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
    "interim answers": b"HTTP/1.1 100 Continue\r\nX-A: 0\r\n\r\n" * 2
    + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    "lines without CR": b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
    "odd spaces": b"HTTP/1.1   200   Fine  by me \r\ncontent-length:3\r\nX-A: \t a b \t\r\nX-Empty:\r\n\r\nabc",
    "not only ASCII": b"HTTP/1.1 200 OK\r\nX-A: Zo\xeb\r\nContent-Length: 3\r\n\r\nabc",
}


def read(kind, data):
    """An answer as a class of the standard library, or ours, reads it."""
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(5)
        there.sendall(data)
        there.shutdown(socket.SHUT_WR)
        answer = kind(here, method="POST")
        answer.begin()
        names = ("content-length", "X-A", "x-empty", "Server", "X-Missing")
        head = {name: (answer.headers.get_all(name) or [None])[0] if kind is not answers.RawAnswer else
                (answer.headers.getlist(name) or [None])[0] for name in names}  # fmt: skip
        seen = (answer.status, answer.reason, answer.version, answer.chunked, answer.length, answer.will_close)
        body = answer.read()
        answer.close()
        return seen, {name: value and value.strip() for name, value in head.items()}, body


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_is_read_as_the_standard_library_reads_it(what):
    assert read(answers.RawAnswer, ANSWERS[what]) == read(http.client.HTTPResponse, ANSWERS[what])


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"220 mail.example.org ESMTP\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 65_536 + b"\r\n\r\n",
        b"",
    ],
)
def test_what_is_no_answer_of_http_is_refused(data):
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        read(answers.RawAnswer, data)


def test_a_header_may_go_on_in_the_next_line():
    data = b"HTTP/1.1 200 OK\r\nX-A: one,\r\n two\r\nContent-Length: 0\r\n\r\n"

    _, head, _ = read(answers.RawAnswer, data)

    assert (head["X-A"], head["content-length"]) == ("one, two", "0")


def test_a_call_goes_out_in_one_piece(make):
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:

        def answer():
            connection, _ = listener.accept()
            with connection:
                piece = connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                return piece

        sent = pool.submit(answer)
        post(make(f"http://127.0.0.1:{listener.getsockname()[1]}"))

        assert sent.result().endswith(b'\r\n\r\n{"email":"' + SECRET.encode() + b'"}')


@pytest.mark.parametrize("value", ["a\r\nX-B: 1", "a\nX-B: 1", "a\rb"])
def test_a_header_that_would_begin_another_is_not_sent(server, transport, value):
    server.answer(Answer(200))

    with pytest.raises(ValueError, match="would break the call"):
        post(transport, headers={"X-A": value})
    assert server.received == []


def test_an_answer_that_is_not_http_is_unclear(make):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def babble():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        with pytest.raises(Unclear, match="broke during POST contact"):
            post(make(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join()


def test_a_proxy_gets_the_whole_address(monkeypatch, server, make):
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.answer(Answer(200))
    transport = make("http://spotler.invalid:8080/rest")

    for _ in range(2):
        transport.send("GET", "contact/1", route="contact", params="a=b", repeatable=True)

    assert {each.path for each in server.received} == {"http://spotler.invalid:8080/rest/contact/1?a=b"}
    assert {each.headers["host"] for each in server.received} == {"spotler.invalid:8080"}


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("a/b%20c/d", "/a/b%20c/d"),
        ("contact/who%40example.org", "/contact/who%40example.org"),
        ("a b/ü", "/a%20b/%C3%BC"),  # not encoded
        ("a/../b", "/b"),  # a way up
        ("a%2fb", "/a%2Fb"),
    ],
)
def test_an_address_is_sent_as_requests_would_send_it(server, transport, path, sent):
    server.answer(Answer(200))

    transport.send("DELETE", path, route="a", repeatable=True)

    (received,) = server.received
    assert (received.path, received.headers["content-length"]) == (sent, "0")
