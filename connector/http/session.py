"""The session below a transport: how connections are made and kept, and what it means when one of them fails."""

import socket
import ssl
import time
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.response import HTTPResponse

from connector.errors import Misconfigured

#: What `requests` raises when the network or the other side fails; its other errors are mistakes of ours.
FAULTS: Final = (
    requests.Timeout,
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
#: Azure drops an idle outgoing connection silently after four minutes; probes keep it alive or show that it is dead.
KEEP_ALIVE_SECONDS: Final = 60
#: The time that a whole answer may take, in time-outs: a time-out alone counts the silence between two of its bytes.
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
    """What to tell where the certificate of the other side is not trusted; None where that is not what went wrong."""
    cause = _root(error)
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return None
    return Misconfigured(
        f"The certificate of {system} is not trusted: {cause.verify_message or 'no reason given'}.",
        advice="Check the address of the system in the settings, and proxies that open TLS on the way.",
    )


def was_not_reached(error: requests.RequestException) -> bool:
    """Whether the call surely did not get to the other side, so that it had no effect."""
    return isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError) or isinstance(
        _root(error), NewConnectionError
    )


class _Adapter(HTTPAdapter):
    """Keeps idle connections alive, and bounds answers."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: object) -> None:
        """Make the pool with sockets that probe the other side."""
        probes = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)] + [
            (socket.IPPROTO_TCP, getattr(socket, name), KEEP_ALIVE_SECONDS)
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL")
            if hasattr(socket, name)  # not on every system
        ]
        more["socket_options"] = [*HTTPConnection.default_socket_options, *probes]
        super().init_poolmanager(connections, maxsize, block, **more)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send the call; its answer, which is read later, may not drip in for ever."""
        began = time.monotonic()
        response = super().send(request, **options)
        _, seconds = options["timeout"]
        response.raw = _Bounded(response.raw, began + seconds * LONGEST_ANSWER)
        return response


class _Bounded:
    """An answer of urllib3 that is read piece by piece as it arrives, in its time and size.

    Time-outs of sockets count anew with every byte.
    """

    def __init__(self, answer: HTTPResponse, ends: float) -> None:
        self._answer = answer
        self._ends = ends

    def __getattr__(self, name: str) -> object:
        return getattr(self._answer, name)

    def stream(self, amount: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """The pieces of the body, as `requests` asks for them."""
        left = LARGEST_ANSWER
        while piece := self._answer.read1(amount, decode_content=decode_content):
            yield piece
            left -= len(piece)
            if left < 0 or time.monotonic() > self._ends:
                self._answer.close()
                raise requests.ReadTimeout


def _root(error: BaseException) -> BaseException:
    """What urllib3 wrapped: the reason of its last attempt, down to the operating system's or TLS's own error."""
    inner = error.args[0] if error.args else None
    if isinstance(inner, MaxRetryError):
        inner = inner.reason
    if isinstance(inner, NewConnectionError) or not isinstance(inner, BaseException):
        return inner if isinstance(inner, BaseException) else error
    return _root(inner)
