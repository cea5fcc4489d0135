"""The connections below a session: a call goes out in one piece, and its answer has to arrive in its time.

A time-out of a socket counts anew with every byte. So the time of a whole answer, headers included, is limited as well:
`_Answer` reads every byte of it through `_Limited`.

`urllib3` and `http.client` send headers and body apart, which wakes the other side up twice, check each header by
itself, and read headers with the parser of e-mails. That was much of the processor time of a call, so these parts are
ours; connecting, proxies, TLS, bodies of answers and their decoding are theirs.
"""

import http.client
import io
import math
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast, override
from urllib.parse import urlsplit

from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.response import HTTPResponse

#: The header in which a path comes past `urllib3`, which would look at each character of it; as HTTP/2 calls it.
PATH: Final = ":path"
#: The time that a whole answer may take, headers included, in time-outs.
LONGEST_ANSWER: Final = 3
#: Bytes of a line, and lines, that the headers of an answer may have, as in `http.client`.
LONGEST_LINE: Final = 65_536
MOST_LINES: Final = 100

#: Versions of HTTP in which a connection ends with the answer, unless it says otherwise.
_BEFORE_1_1: Final = ("HTTP/1.0", "HTTP/0.9")
#: Answers that have no body, whatever their headers say.
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED, *range(100, 200)})
#: What no address may hold: the first line of a call would end there.
_BREAKS: Final = re.compile(r"[\x00-\x20\x7f]")


class _Answer(http.client.HTTPResponse):
    """An answer that has to arrive in its time, from the status line to the last byte of the body."""

    if TYPE_CHECKING:  # what the standard library has, and its types do not say
        _method: str
        _read_status: Callable[[], tuple[str, int, str]]
        _check_close: Callable[[], bool]

    def __init__(self, sock: socket.socket, method: str | None = None) -> None:
        super().__init__(sock, method=method)
        self.fp = io.BufferedReader(_Limited(self.fp.detach(), sock))

    @override
    def begin(self) -> None:
        """Read what comes before the body.

        Raises:
            http.client.HTTPException: this is no answer of HTTP.
        """
        version, status, reason = self._read_status()
        while status == HTTPStatus.CONTINUE:
            self._read_headers()
            version, status, reason = self._read_status()
        if not version.startswith(("HTTP/1.", *_BEFORE_1_1)):
            raise http.client.UnknownProtocol(version)
        self.version = 10 if version in _BEFORE_1_1 else 11
        self.code = self.status = status
        self.reason = reason.strip()
        headers = self._read_headers()
        self.headers = self.msg = headers  # type: ignore[assignment]
        self.chunked, self.chunk_left = headers.get("transfer-encoding", "").lower() == "chunked", None
        self.length = None if self.chunked else _length(headers.get("content-length", ""))
        if status in _BODILESS or self._method == "HEAD":
            self.length = 0
        self.will_close = self._check_close() or not (self.chunked or self.length is not None)

    def _read_headers(self) -> HTTPHeaderDict:
        lines: list[str] = []
        for _ in range(MOST_LINES + 1):
            line = self.fp.readline(LONGEST_LINE + 1).decode("latin-1")
            if len(line) > LONGEST_LINE:
                raise http.client.LineTooLong("header line")
            if not line.strip("\r\n"):
                return _headers(lines)
            if line[0] in " \t" and lines:  # the line before goes on
                lines[-1] = f"{lines[-1].rstrip()} {line.lstrip()}"
            else:
                lines.append(line)
        raise http.client.HTTPException(f"more than {MOST_LINES} lines of headers")


class _Limited(io.RawIOBase):
    """The bytes of a socket, until the time of the whole answer is over."""

    def __init__(self, source: io.RawIOBase, sock: socket.socket) -> None:
        self._source = source
        self._sock = sock
        self._silence = sock.gettimeout()
        self._ends = time.monotonic() + (self._silence or math.inf) * LONGEST_ANSWER

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has arrived, or wait for it; no longer than there is time for the answer."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        if self._silence is None or left >= self._silence:
            return self._source.readinto(buffer)
        self._sock.settimeout(left)
        try:
            return self._source.readinto(buffer)
        finally:
            self._sock.settimeout(self._silence)

    def close(self) -> None:
        """Let go of the socket."""
        self._source.close()
        super().close()


class _Connecting(HTTPConnection):
    """A connection whose failures before the first byte of a call look like one that was refused."""

    #: Method and address of the last call.
    _asked = ("", "")

    @override
    def connect(self) -> None:
        """Connect, with TLS if the address asks for it.

        Raises:
            NewConnectionError: nothing was sent, whatever went wrong.
        """
        try:
            super().connect()
        except ssl.SSLCertVerificationError:
            raise
        except OSError as error:
            raise NewConnectionError(self, type(error).__name__) from error

    def request(  # type: ignore[override]
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> None:
        """Send a call. Its headers are all that go out beside `Host`, and say how long the body is; `PATH` is its path.

        Raises:
            ValueError: the address or a header would end before its end.
        """
        sent = dict(headers or {})
        url = sent.pop(PATH, url)
        lines = [f"{method} {url} HTTP/1.1", f"Host: {self._host_of(url)}"]
        for name, value in sent.items():
            lines.append(f"{name}: {value if isinstance(value, str) else value.decode('latin-1')}")
        head = "\r\n".join(lines)
        if _BREAKS.search(url) or head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
            raise ValueError("an address or a header that would break the call")
        self._asked = method, url
        self.send(b"".join((head.encode("latin-1"), b"\r\n\r\n", body or b"")))

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        """The answer, up to its body."""
        if self.sock.gettimeout() != self.timeout:
            self.sock.settimeout(self.timeout)
        method, url = self._asked
        answer = _Answer(self.sock, method)
        try:
            answer.begin()
        except BaseException:
            answer.close()
            raise
        if answer.will_close:
            self.close()
        return HTTPResponse(
            body=answer, headers=cast("HTTPHeaderDict", answer.headers), status=answer.status, version=answer.version,
            reason=answer.reason, original_response=answer, preload_content=False, decode_content=False,
            request_method=method, request_url=url,
        )  # fmt: skip

    def _host_of(self, url: str) -> str:
        """What `Host` says: where a call goes, also if a proxy passes it on."""
        if not url.startswith("/"):
            return urlsplit(url).netloc
        host, port = (self._tunnel_host, self._tunnel_port) if self._tunnel_host else (self.host, self.port)
        host = f"[{host}]" if ":" in host else host
        return host if port == self.default_port else f"{host}:{port}"


class _ConnectingTls(_Connecting, HTTPSConnection):
    """The same with TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connecting


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _ConnectingTls


#: The pools of such connections, by scheme.
POOLS: Final = {"http": _Pool, "https": _TlsPool}


def _length(text: str) -> int | None:
    """The length of a body, if it is known."""
    return int(text) if text.isascii() and text.isdigit() else None


def _headers(lines: Iterable[str]) -> HTTPHeaderDict:
    headers = HTTPHeaderDict()
    for line in lines:
        name, _, value = line.partition(":")
        headers.add(name, value.strip())
    return headers
