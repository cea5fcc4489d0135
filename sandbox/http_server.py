"""Serving a stand-in over HTTP on the loopback address: in a thread for tests, or as the whole process."""

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import override

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.patience import START_SECONDS
from sandbox.quiet_server import QuietServer

HOST = "127.0.0.1"
#: Where the connection of a request is found, for faults that end it.
TRANSPORT = "sandbox.transport"
_STOP_TIMEOUT_S = 2
_END_TIMEOUT_S = 10


class DroppableProtocol(HttpToolsProtocol):
    """HTTP that shows the application its connection, so that a fault can end it in the middle."""

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][TRANSPORT] = self.transport


class Server(QuietServer):
    """A server that says when it listens, and that ends with status 0 when it is asked to end."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=DroppableProtocol,
                loop="uvloop",
                ws="none",
                lifespan="off",
                access_log=False,
                server_header=False,
                log_level=logging.WARNING,
                timeout_graceful_shutdown=_STOP_TIMEOUT_S,
            )
        )
        self._on_ready = on_ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As the base class does it, but without raising the signal once more at the end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {each: signal.signal(each, self._on_signal) for each in signals}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.handle_exit(number, frame)


def listening_socket(port: int = 0) -> socket.socket:
    """A socket on the loopback address; port 0 takes a free one."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


def address(listener: socket.socket) -> str:
    """The URL of a socket."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


@contextmanager
def serving(app: ASGIApp, name: str, port: int = 0) -> Iterator[str]:
    """Serve in a thread until the block ends, and give the URL. Raises `RuntimeError` if it does not start."""
    listener = listening_socket(port)
    ready = threading.Event()
    server = Server(app, ready.set)
    thread = threading.Thread(target=server.run, args=([listener],), name=f"sandbox-{name}", daemon=True)
    thread.start()
    try:
        if not ready.wait(START_SECONDS):
            raise RuntimeError(f"the stand-in {name} did not start")
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join(_END_TIMEOUT_S)
        listener.close()
