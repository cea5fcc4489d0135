"""The session below a transport: certificates, connections, cookies, and the bounds of an answer."""

import gzip
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests
import trustme

from connector.errors import ConnectorError, Misconfigured, Transient, Unclear
from connector.http import answers, session, transport as calling
from tests.unit.scripted_server import Answer
from tests.unit.transport.posting import post


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


HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "bytes of the body": (HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),
    "bytes of a header": (HEAD + b"X-Long: ", b"x"),
    "whole headers": (HEAD, b"X-More: 1\r\n"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


def dripping(listener, ended, begin, drip):
    """Answers with a little at a time, each well within the time-out."""
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.recv(65536)
        connection.sendall(begin)
        while not ended.wait(0.02):
            connection.sendall(drip)


@pytest.mark.parametrize("what", DRIPS)
@pytest.mark.parametrize(("repeatable", "kind"), [(True, Transient), (False, Unclear)])
def test_an_answer_that_drips_in_is_given_up(make, monkeypatch, what, repeatable, kind):
    monkeypatch.setattr(calling, "ATTEMPTS", 1)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        pool.submit(dripping, listener, ended, *DRIPS[what])
        transport = make(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.1)
        with pytest.raises(ConnectorError) as fault:
            post(transport, repeatable=repeatable)
        ended.set()

    assert type(fault.value) is kind
    assert "did not answer" in fault.value.sentence


def test_the_time_left_for_one_answer_is_not_the_time_out_of_the_next(monkeypatch):
    monkeypatch.setattr(answers, "LONGEST_ANSWER", 0.5)  # every read has less time than a time-out
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(5.0)
        there.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        answer = answers.RawAnswer(here)
        answer.begin()
        answer.close()

        assert here.gettimeout() == 5.0


def closing(listener, _context):
    """Takes a connection and ends it before TLS is agreed."""
    connection, _ = listener.accept()
    connection.close()


def babbling(listener, _context):
    """Answers the greeting of TLS with something else."""
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.recv(65536)


def silent(listener, ended):
    """Takes a connection and never says anything."""
    connection, _ = listener.accept()
    with connection:
        ended.wait(10)


@pytest.mark.parametrize("server_", [closing, babbling, silent])
def test_a_call_that_failed_before_tls_was_agreed_was_not_sent(make, monkeypatch, server_):
    monkeypatch.setattr(calling, "ATTEMPTS", 1)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        pool.submit(server_, listener, ended)
        with pytest.raises(Transient, match="could not be reached") as fault:
            post(make(f"https://127.0.0.1:{listener.getsockname()[1]}", timeout=0.2))
        ended.set()

    assert type(fault.value) is Transient


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
