"""A small HTTP server on a real socket that answers as a test says, and remembers what it was asked."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """One answer; a dict or list as body is sent as JSON."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)


#: Instead of an answer: close the connection, reset it, or say nothing until the test ends.
DROP, RESET, SILENCE = "drop", "reset", "silence"


class ScriptedServer:
    """Gives its answers in turn; the last one again and again. An answer may be a function of the request."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[Answer | str | Callable[[Received], Answer | str]] = []
        self.connections = 0
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, *answers: Answer | str | Callable[[Received], Answer | str]) -> None:
        self.answers[:] = answers

    @contextmanager
    def running(self) -> Iterator["ScriptedServer"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self.ended.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _next(self, request: Received) -> Answer | str:
        with self._lock:
            self.received.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request) if callable(answer) else answer

    def _handler(script) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - self is the handler below
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                script.connections += 1

            def _do(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = script._next(Received(self.command, self.path, headers, self.rfile.read(length)))
                if not isinstance(answer, Answer):
                    self._misbehave(answer)
                    return
                body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                length = {} if "Transfer-Encoding" in answer.headers else {"Content-Length": str(len(body))}
                headers = {**length, **answer.headers}
                lines = [f"HTTP/1.1 {answer.status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
                self.close_connection = "Connection" in answer.headers
                self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)

            def _misbehave(self, how: str) -> None:
                self.close_connection = True
                if how == SILENCE:
                    script.ended.wait(30)
                if how == RESET:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()

            do_GET = do_HEAD = do_POST = do_PATCH = do_DELETE = do_PUT = _do  # noqa: N815 - names of http.server

            def log_message(self, *_args: object) -> None:
                pass

        return Handler


class FakeTime:
    """A clock that stands still, but for those who sleep on it; it never waits."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_800_000_000.0 + self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds

    def random(self) -> float:
        return 1.0
