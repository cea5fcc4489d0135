"""The session below a transport: how connections are made and kept, and what it means when one of them fails.

A time-out of a socket counts anew with every byte. So the time of a whole answer, headers included, is limited as well:
`_Answer` reads every byte of it through `_Limited`.
"""

import http.client
import io
import math
import socket
import ssl
import time
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.poolmanager import PoolManager
from urllib3.response import HTTPResponse

from connector.errors import Misconfigured

#: What `requests` raises when the network or the other side fails; its other errors are internal errors.
FAULTS: Final = (
    requests.Timeout,
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
#: Azure drops an idle outgoing connection silently after four minutes; probes keep it alive or show that it is dead.
KEEP_ALIVE_SECONDS: Final = 60
#: The time that a whole answer may take, headers included, in time-outs.
LONGEST_ANSWER: Final = 3
#: Bytes of an answer; the largest page of rows is a small part of it.
LARGEST_ANSWER: Final = 256 * 1024 * 1024


def new_session(base_url: str, parallel: int, verify: bool | str) -> requests.Session:
    """A session that reads proxies and certificate authorities from the environment once, and keeps no cookies.

    Cookies would bind all calls to one web server of Dataverse, whose limits count per server; a .netrc would replace
    the Authorization header.

    Args:
        base_url: of the system; proxies depend on it.
        parallel: connections kept open.
        verify: False, or the file of a certificate authority; True for the usual ones (REQUESTS_CA_BUNDLE counts).
    """
    session = requests.Session()
    found = session.merge_environment_settings(base_url, {}, None, None if verify is True else verify, None)
    session.trust_env = False
    session.proxies = dict(found["proxies"] or {})
    session.verify = found["verify"]
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=parallel, max_retries=0))
    return session


def distrust(error: BaseException, system: str) -> Misconfigured | None:
    """The error if the certificate of the other side is not trusted; None if something else went wrong."""
    cause = _root(error)
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return None
    return Misconfigured(
        f"The certificate of {system} is not trusted: {cause.verify_message or 'no reason given'}.",
        advice="Check the address of the system in the settings, and proxies that inspect TLS.",
    )


def was_not_reached(error: requests.RequestException) -> bool:
    """Whether the call was certainly not sent: no connection, no TLS, or no way through the proxy."""
    return isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError) or isinstance(
        _root(error), NewConnectionError
    )


def timed_out(error: requests.RequestException) -> bool:
    """Whether the answer did not come, or not all of it, in its time."""
    return isinstance(error, requests.Timeout) or isinstance(_root(error), ReadTimeoutError)


class _Adapter(HTTPAdapter):
    """Keeps idle connections alive, and limits the time and size of answers."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: object) -> None:
        """Make the pool with sockets that probe the other side."""
        probes = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)] + [
            (socket.IPPROTO_TCP, getattr(socket, name), KEEP_ALIVE_SECONDS)
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL")
            if hasattr(socket, name)  # not on every system
        ]
        more["socket_options"] = [*HTTPConnection.default_socket_options, *probes]
        super().init_poolmanager(connections, maxsize, block, **more)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        """The pool of a proxy, with the same connections."""
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send the call; its body, which is read later, is limited in size."""
        response = super().send(request, **options)
        response.raw = _Sized(response.raw)
        return response


class _Sized:
    """A body of urllib3 that is read piece by piece as it arrives, up to a size."""

    def __init__(self, body: HTTPResponse) -> None:
        self._body = body

    def __getattr__(self, name: str) -> object:
        return getattr(self._body, name)

    def stream(self, amount: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """The pieces of the body, as `requests` asks for them."""
        left = LARGEST_ANSWER
        for piece in self._body.stream(amount, decode_content=decode_content):
            yield piece
            left -= len(piece)
            if left < 0:
                self._body.close()
                raise requests.exceptions.ContentDecodingError


class _Answer(http.client.HTTPResponse):
    """An answer that has to arrive in its time, from the status line to the last byte of the body."""

    def __init__(self, sock: socket.socket, *options: Any, **more: Any) -> None:
        super().__init__(sock, *options, **more)
        self.fp = io.BufferedReader(_Limited(self.fp.detach(), sock))


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

    response_class = _Answer

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


class _ConnectingTls(_Connecting, HTTPSConnection):
    """The same with TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connecting


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _ConnectingTls


_POOLS: Final = {"http": _Pool, "https": _TlsPool}


def _root(error: BaseException) -> BaseException:
    """What urllib3 wrapped: the reason of its last attempt, down to the operating system's or TLS's own error."""
    inner = error.args[0] if error.args else None
    if isinstance(inner, MaxRetryError):
        inner = inner.reason
    if isinstance(inner, NewConnectionError | ReadTimeoutError) or not isinstance(inner, BaseException):
        return inner if isinstance(inner, BaseException) else error
    return _root(inner)
