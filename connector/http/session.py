"""The session below a transport: how connections are made and kept, and what it means when one of them fails.

`connector.http.connections` has the connections themselves.
"""

import socket
import ssl
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final, cast

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.poolmanager import PoolManager
from urllib3.response import BaseHTTPResponse

from connector.errors import Misconfigured
from connector.http.connections import PATH, POOLS
from connector.words import Sentence

#: What `requests` raises when the network or the other side fails; its other errors are internal errors.
FAULTS: Final = (
    requests.Timeout,
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
#: Azure drops an idle outgoing connection silently after four minutes; probes keep it alive or show that it is dead.
KEEP_ALIVE_SECONDS: Final = 60
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
    session, adapter = _Session(), _Adapter(pool_connections=1, pool_maxsize=parallel, max_retries=0)
    found = session.merge_environment_settings(base_url, {}, None, None if verify is True else verify, None)
    session.trust_env = False
    session.proxies = dict(found["proxies"] or {})
    session.verify = found["verify"]
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


def distrust(error: BaseException, system: str) -> Misconfigured | None:
    """The error if the certificate of the other side is not trusted; None if something else went wrong."""
    cause = _root(error)
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return None
    return Misconfigured(
        Sentence(
            "The certificate of {system} is not trusted: {reason}.",
            system=system,
            reason=cause.verify_message or Sentence("no reason given"),
        ),
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


class _Session(requests.Session):
    """A session to one system, without what others do for each call: cookies, redirects, a choice of connections."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a call and read its answer whole; there are no redirects to follow."""
        verify = True if self.verify is None else self.verify
        adapter = self.adapters["https://"]
        response = adapter.send(request, timeout=options["timeout"], verify=verify, proxies=self.proxies)
        response.content  # noqa: B018 - reads it
        return response


class _Adapter(HTTPAdapter):
    """Finds its connections once, keeps idle ones alive, and limits the time and size of answers."""

    _pool: HTTPConnectionPool | None = None
    _is_whole = False

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> HTTPConnectionPool:
        """The pool, with its proxy and its certificates: the one of the first call, because all go to one system."""
        if self._pool is None:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            super().cert_verify(pool, request.url, verify, cert)  # type: ignore[no-untyped-call]
            self._is_whole = super().request_url(request, proxies) != request.path_url
            self._pool = cast("HTTPConnectionPool", pool)
        return self._pool

    def cert_verify(self, *_: object) -> None:
        """The pool knows its certificates already."""

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """What the first line of a call names: its path (`PATH`), or all of its address if it goes to a proxy."""
        if self._is_whole:
            return super().request_url(request, proxies)
        request.headers[PATH] = request.path_url
        return "/"

    def build_response(self, request: requests.PreparedRequest, raw: BaseHTTPResponse) -> requests.Response:
        """The answer, without looking for cookies in it; its body, which is read later, is limited in size."""
        response = requests.Response()
        response.status_code = raw.status
        response.reason = raw.reason or ""
        response.headers = CaseInsensitiveDict(raw.headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = _Sized(raw)
        response.url = str(request.url)
        response.request = request
        return response

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: object) -> None:
        """Make the pool with sockets that probe the other side."""
        probes = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)] + [
            (socket.IPPROTO_TCP, getattr(socket, name), KEEP_ALIVE_SECONDS)
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL")
            if hasattr(socket, name)  # not on every system
        ]
        more["socket_options"] = [*HTTPConnection.default_socket_options, *probes]
        super().init_poolmanager(connections, maxsize, block, **more)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def close(self) -> None:
        """Close the connections that are not in use; `requests` would only forget them."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()
        super().close()

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        """The pool of a proxy, with the same connections."""
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager


class _Sized:
    """A body of urllib3 that is read piece by piece as it arrives, up to a size."""

    def __init__(self, body: BaseHTTPResponse) -> None:
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


def _root(error: BaseException) -> BaseException:
    """What urllib3 wrapped: the reason of its last attempt, down to the operating system's or TLS's own error."""
    inner = error.args[0] if error.args else None
    if isinstance(inner, MaxRetryError):
        inner = inner.reason
    if isinstance(inner, NewConnectionError | ReadTimeoutError) or not isinstance(inner, BaseException):
        return inner if isinstance(inner, BaseException) else error
    return _root(inner)
