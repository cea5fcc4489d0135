"""Answers of a hostile server: what can be read in two ways is no answer, and its connection is not used again."""

import http.client
import io
import random
import socket
import threading
from contextlib import contextmanager

import pytest
from urllib3.exceptions import HTTPError

from connector.errors import Unclear
from connector.http import answers
from tests.unit.transport.posting import post

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
#: An answer that a hostile server would like to be taken for that to the next call.
OTHER = b"HTTP/1.1 201 Other\r\nContent-Length: 0\r\n\r\n"

#: Nothing of these says for certain where the answer ends, or that all of it has come.
REFUSED = {
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 3\r\n\r\nabc",
    "two lengths in one": OK + b"Content-Length: 1, 3\r\n\r\nabc",
    "a length and chunks": CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n") + b"3\r\nabc\r\n0\r\n\r\n",
    "another coding": OK + b"Transfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n\r\nabc",
    "two codings": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunks before they existed": CHUNKED.replace(b"/1.1", b"/1.0") + b"0\r\n\r\n",
    "a negative length": OK + b"Content-Length: -3\r\n\r\nabc",
    "a signed length": OK + b"Content-Length: +3\r\n\r\nabc",
    "a length with a line": OK + b"Content-Length: 0_3\r\n\r\nabc",
    "a length beyond numbers": OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nabc",
    "a length in two lines": OK + b"Content-Length: 1\r\n 0\r\n\r\nabcdefghij",
    "a name with a space": OK + b"Content-Length : 3\r\n\r\nabc",
    "a line that goes on from nothing": OK + b" X-A: 1\r\nContent-Length: 0\r\n\r\n",
    "a line without a colon": OK + b"Content-Length\r\n\r\n",
    "a header without a name": OK + b": 3\r\nContent-Length: 0\r\n\r\n",
    "a CR in a header": OK + b"X-A: 1\rContent-Length: 3\r\nContent-Length: 0\r\n\r\n",
    "a NUL in a header": OK + b"X-A: \x00\r\nContent-Length: 0\r\n\r\n",
    "a CR in the first line": b"HTTP/1.1 200 OK\rX: 1\r\nContent-Length: 0\r\n\r\n",
    "headers cut off": OK + b"Content-Length: 0\r\n",
    "a header cut off": b"HTTP/1.1 204 No Content\r\nDate: Sun",
    "a first line cut off": b"HTTP/1.1 204 No",
    "a signed status": b"HTTP/1.1 +200 OK\r\nContent-Length: 0\r\n\r\n",
    "a status with a line": b"HTTP/1.1 2_00 OK\r\nContent-Length: 0\r\n\r\n",
    "a long status": b"HTTP/1.1 0200 OK\r\nContent-Length: 0\r\n\r\n",
    "another version": b"HTTP/1.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "no version": b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "another protocol from here": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "interim answers without end": b"HTTP/1.1 102 Processing\r\n\r\n" * 200 + OK + b"Content-Length: 0\r\n\r\n",
    "a body cut off": OK + b"Content-Length: 3\r\n\r\nab",
    "a negative chunk": CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n",
    "a chunk of -1": CHUNKED + b"-1\r\nabc\r\n0\r\n\r\n",
    "a chunk in Python": CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
    "a chunk with a line": CHUNKED + b"0_3\r\nabc\r\n0\r\n\r\n",
    "a chunk that is too long": CHUNKED + b"3\r\nabcdef\r\n0\r\n\r\n",
    "a chunk cut off": CHUNKED + b"3\r\nab",
    "chunks without an end": CHUNKED + b"3\r\nabc\r\n",
    "a size without an end": CHUNKED + b"3" * 70_000,
}  # fmt: skip

#: Answers that are whole, with what the server sends after them.
WITH_MORE = {
    "a length": OK + b"Content-Length: 3\r\n\r\nabc",
    "chunks": CHUNKED + b"3\r\nabc\r\n0\r\nX-A: 1\r\n\r\n",
    "no body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a body that must not be": b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc",
    "interim answers": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 3\r\n\r\nabc",
}


@contextmanager
def serving(*sent, stays=False):
    """A server that sends this on each connection, in order, after a call; it closes each, or waits for the client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve():
            for data in sent:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(data)
                    if not stays:
                        connection.shutdown(socket.SHUT_WR)
                    connection.recv(65_536)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize("what", REFUSED)
def test_an_answer_that_can_be_read_in_two_ways_is_none(make, what):
    with serving(REFUSED[what]) as url:
        transport = make(url)
        with pytest.raises(Unclear) as caught:
            post(transport)
        transport.close()

    assert "abc" not in caught.value.sentence


@pytest.mark.parametrize("what", WITH_MORE)
def test_what_follows_an_answer_is_not_the_answer_to_the_next_call(make, what):
    with serving(WITH_MORE[what] + OTHER, OK + b"Content-Length: 0\r\n\r\n", stays=True) as url:
        transport = make(url)
        first = post(transport)
        # The kernel has all bytes, and the pool sees that; what was read with the answer is seen by nobody else.
        second = post(transport)
        transport.close()  # the server waits for that

    assert (first.status_code // 100, second.status_code) == (2, 200)
    assert first.content in {b"abc", b""}


def test_what_came_with_an_answer_closes_its_connection():
    here, there = socket.socketpair()
    closed = []
    with here, there:
        here.settimeout(5)
        there.sendall(OK + b"Content-Length: 3\r\n\r\nabc" + OTHER)
        answer = answers.RawAnswer(here, "POST", lambda: closed.append(True))
        answer.begin()

        assert answer.read() == b"abc"
    assert closed == [True]


def test_an_interim_answer_is_not_the_answer():
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(5)
        there.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n")
        answer = answers.RawAnswer(here, "POST")
        answer.begin()
        answer.close()

    assert (answer.status, answer.headers.get("link")) == (200, None)


_PIECES = (
    b"HTTP/1.1 ", b"200", b" OK", b"\r\n", b"\n", b"\r", b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"3",
    b"-1", b"abc", b"0\r\n\r\n", b"\x00", b" ", b":", b";", b"Content-Encoding: gzip\r\n", b"\xff", b"\r\n\r\n",
    b"3\r\nabc\r\n",
)  # fmt: skip


def test_whatever_comes_only_errors_of_http_are_raised():
    chance = random.Random(7)  # noqa: S311 - the same answers each time
    ends = set()
    for _ in range(1000):
        data = OK + b"".join(chance.choices(_PIECES, k=chance.randrange(12)))
        ends.add(_end_of(data))

    assert ends <= {"read", *_errors(http.client.HTTPException), *_errors(HTTPError)}
    assert {"read", "NotHttp", "ProtocolError"} <= ends


def _errors(kind):
    return {kind.__name__}.union(*map(_errors, kind.__subclasses__()))


def _end_of(data):
    answer = answers.RawAnswer(_Socket(data), "POST")
    try:
        answer.begin()
        body = answers.CheckedBody(
            answer, answer.headers, answer.status, preload_content=False, original_response=answer
        )
        list(body.stream(1024, decode_content=True))
    except Exception as error:  # noqa: BLE001 - what it is, is the question
        return type(error).__name__
    finally:
        answer.close()
    return "read"


class _Socket:
    """A socket that has these bytes and no more."""

    def __init__(self, data):
        self._data = data

    def makefile(self, _):
        return io.BufferedReader(_Bytes(self._data))

    def gettimeout(self):
        return None


class _Bytes(io.RawIOBase):
    def __init__(self, data):
        self._bytes = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._bytes.readinto(buffer)
