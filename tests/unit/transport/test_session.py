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
from connector.http import session, transport as calling
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
    monkeypatch.setattr(calling, "ATTEMPTS", 1)
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
