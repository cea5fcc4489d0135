"""Answers as they arrive: in their time, and read in one way only.

A time-out of a socket counts anew with every byte. So the time of a whole answer, headers included, is limited as well:
`RawAnswer` reads every byte of it through `_Limited`.

An answer whose end can be read in two ways is refused, and its connection closed: the rest of it would otherwise be
taken for the answer to the next call. So this is stricter than `http.client` and `urllib3`. What such a call did is not
known, as if no answer had come.
"""

import http.client
import io
import math
import re
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, override

from urllib3 import HTTPHeaderDict
from urllib3.response import HTTPResponse

#: The time that a whole answer may take, headers included, in time-outs.
LONGEST_ANSWER: Final = 3
#: Bytes of a line, and lines, that the headers of an answer may have, as in `http.client`.
LONGEST_LINE: Final = 65_536
MOST_LINES: Final = 100

#: Answers that have no body, whatever their headers say.
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
#: Interim answers before the answer.
MOST_INTERIM: Final = 100

# The parts of an answer (RFC 9112). Lines may end without CR, and spaces in the first one may be more than one.
_STATUS: Final = re.compile(r"(HTTP/1\.[01])[ \t]+([1-9][0-9]{2})(?:[ \t]+([^\x00\r\n]*))?\r?\n")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\x00\r\n]*)\r?\n")
_MORE: Final = re.compile(r"[ \t]([^\x00\r\n]*)\r?\n")
_EMPTY: Final = ("\r\n", "\n")
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\x00\r\n]*)?\r?\n")


class NotHttp(http.client.HTTPException):
    """What came is no answer of HTTP, or can be read in two ways. It says what is wrong, and quotes nothing."""


class RawAnswer(http.client.HTTPResponse):
    """An answer that has to arrive in its time, from the status line to the last byte of the body.

    Args:
        sock: where it comes from.
        method: of the call.
        close: closes the connection; called where more came than the answer.
    """

    if TYPE_CHECKING:  # what the standard library has, and its types do not say
        _method: str
        _check_close: Callable[[], bool]

    def __init__(
        self, sock: socket.socket, method: str | None = None, close: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(sock, method=method)
        self._limited = _Limited(self.fp.detach(), sock)
        self._close = close
        self.fp = io.BufferedReader(self._limited)

    @override
    def begin(self) -> None:
        """Read what comes before the body.

        Raises:
            http.client.HTTPException: this is no answer of HTTP.
        """
        version, status, reason = self._read_status_line()
        interim = 0
        while status < HTTPStatus.OK:
            interim += 1
            if status == HTTPStatus.SWITCHING_PROTOCOLS or interim > MOST_INTERIM:
                raise NotHttp("interim answers that nobody asked for")
            self._read_headers()
            version, status, reason = self._read_status_line()
        self.version = 10 if version == "HTTP/1.0" else 11
        self.code = self.status = status
        self.reason = reason.strip()
        headers = self._read_headers()
        self.headers = self.msg = headers  # type: ignore[assignment]
        length, coding = headers.get("content-length"), headers.get("transfer-encoding")
        if coding is not None and (coding.lower() != "chunked" or length is not None or self.version == 10):
            raise NotHttp("a transfer coding that leaves the end of the body unclear")
        if length is not None and not _LENGTH.fullmatch(length):
            raise NotHttp("a length of the body that is none")
        is_bodiless = status in _BODILESS or self._method == "HEAD"
        self.chunked, self.chunk_left = coding is not None and not is_bodiless, None
        self.length = None if length is None or self.chunked else int(length)
        claims_body = status == HTTPStatus.NO_CONTENT and (coding is not None or bool(self.length))
        if is_bodiless:
            self.length = 0
        self.will_close = claims_body or self._check_close() or not (self.chunked or self.length is not None)

    def _read_status_line(self) -> tuple[str, int, str]:
        line = self._read_line()
        if not line:
            raise http.client.RemoteDisconnected("the connection was closed without an answer")
        found = _STATUS.fullmatch(line)
        if found is None:
            raise NotHttp("a first line that is none of HTTP/1")
        return found[1], int(found[2]), found[3] or ""

    def _read_headers(self) -> HTTPHeaderDict:
        headers: list[tuple[str, str]] = []
        for _ in range(MOST_LINES + 1):
            line = self._read_line()
            if found := _HEADER.fullmatch(line):
                headers.append((found[1], found[2].strip()))
            elif line in _EMPTY:
                return HTTPHeaderDict(headers)
            elif headers and (found := _MORE.fullmatch(line)):  # the line before goes on
                name, value = headers[-1]
                headers[-1] = name, f"{value} {found[1].strip()}"
            else:
                raise NotHttp("a line that is no header")
        raise NotHttp(f"more than {MOST_LINES} lines of headers")

    def _read_line(self) -> str:
        line = self.fp.readline(LONGEST_LINE + 1).decode("latin-1")
        if len(line) > LONGEST_LINE:
            raise http.client.LineTooLong("header line")
        return line

    def _close_conn(self) -> None:
        """The answer is over. What came with it, and is not of it, must not be read as the answer to another call."""
        self._limited.end()
        try:
            if self.fp.peek(1):
                self._close()
        finally:
            super()._close_conn()  # type: ignore[misc]


class CheckedBody(HTTPResponse):
    """The body of an answer, whose chunks have to be as HTTP says."""

    if TYPE_CHECKING:
        chunk_left: int | None
        _fp: Any

    def _update_chunk_length(self) -> None:
        if self.chunk_left is not None:
            return
        found = _CHUNK.fullmatch(self._fp.fp.readline(LONGEST_LINE + 1))
        if found is None:
            raise NotHttp("a chunk without a size")
        self.chunk_left = int(found[1], 16)

    def _handle_chunk(self, amt: int | None) -> bytes:
        left = self.chunk_left or 0
        size = left if amt is None else min(amt, left)
        data: bytes = self._fp._safe_read(size)  # noqa: SLF001 - as urllib3 does
        self.chunk_left = left - size
        if not self.chunk_left:
            if self._fp._safe_read(2) != b"\r\n":  # noqa: SLF001
                raise NotHttp("a chunk that is longer than its size")
            self.chunk_left = None
        return data


class _Limited(io.RawIOBase):
    """The bytes of a socket, until the time of the whole answer is over."""

    def __init__(self, source: io.RawIOBase, sock: socket.socket) -> None:
        self._source = source
        self._sock = sock
        self._silence = sock.gettimeout()
        self._ends = time.monotonic() + (self._silence or math.inf) * LONGEST_ANSWER
        self._is_over = False

    def end(self) -> None:
        """Read no more."""
        self._is_over = True

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has arrived, or wait for it; no longer than there is time for the answer."""
        if self._is_over:
            return 0
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
