"""Systems that take a connection and then do nothing useful with it, on a real socket, until the test ends."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

#: Seconds between two bytes of a system that drips: less than any time-out of a client, so each read of it succeeds.
DRIP_SECONDS = 0.05
#: What AMQP 1.0 begins with; a client goes on reading after it.
AMQP = b"AMQP\x00\x01\x00\x00"
PAGE = b"<!doctype html><title>Sign in</title>"

type Behaviour = Callable[[socket.socket, threading.Event], None]


def silent(_connection: socket.socket, ended: threading.Event) -> None:
    """Never answer."""
    ended.wait()


def drips_http(connection: socket.socket, ended: threading.Event) -> None:
    """A header that never ends, a byte at a time."""
    _drip(connection, ended, b"HTTP/1.1 200 OK\r\nX-Slow: ")


def drips_a_body(connection: socket.socket, ended: threading.Event) -> None:
    """A body that never ends, a byte at a time."""
    _drip(connection, ended, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999999\r\n\r\n[")


def drips_amqp(connection: socket.socket, ended: threading.Event) -> None:
    """The beginning of AMQP, and then a frame that never ends."""
    _drip(connection, ended, AMQP + b"\x00\x00\xff\xff\x02\x00\x00\x00")


def drips_tls(connection: socket.socket, ended: threading.Event) -> None:
    """A record of TLS that never ends."""
    _drip(connection, ended, b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb")


def garbage(connection: socket.socket, _ended: threading.Event) -> None:
    """Bytes that are no protocol."""
    connection.sendall(bytes(range(256)) * 16)


def page(connection: socket.socket, _ended: threading.Event) -> None:
    """The page of a gateway, with the status of a success, to every question."""
    while connection.recv(65536):
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(PAGE)
        connection.sendall(head + PAGE)


def _drip(connection: socket.socket, ended: threading.Event, first: bytes) -> None:
    connection.sendall(first)
    while not ended.wait(DRIP_SECONDS):
        connection.sendall(b" ")


@contextmanager
def hostile(behave: Behaviour) -> Iterator[int]:
    """A server that behaves so to everybody; its port."""
    ended, listening = threading.Event(), socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection, ended)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
