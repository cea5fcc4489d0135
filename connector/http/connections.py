"""The connections below a session: a call goes out in one piece, and its answer (`connector.http.answers`) is ours too.

`urllib3` and `http.client` send headers and body apart, which wakes the other side up twice, check each header by
itself, and read headers with the parser of e-mails. That was much of the processor time of a call, so these parts are
ours; connecting, proxies, TLS, bodies of answers and their decoding are theirs.
"""

import re
import ssl
from collections.abc import Mapping
from typing import Any, Final, cast, override
from urllib.parse import urlsplit

from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.response import HTTPResponse

from connector.http.answers import CheckedBody, RawAnswer

#: The header in which a path comes past `urllib3`, which would look at each character of it; as HTTP/2 calls it.
PATH: Final = ":path"
#: What no address may hold: the first line of a call would end there.
_BREAKS: Final = re.compile(r"[\x00-\x20\x7f]")


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
        answer = RawAnswer(self.sock, method, self.close)
        try:
            answer.begin()
        except BaseException:
            answer.close()
            raise
        if answer.will_close:
            self.close()
        return CheckedBody(
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
