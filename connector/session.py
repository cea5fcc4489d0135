"""The session below a transport: how connections are made and kept, and what it means when one of them fails."""

import socket
import ssl
from http.cookiejar import DefaultCookiePolicy
from typing import Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError

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
    """Keeps idle connections alive."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: object) -> None:
        """Make the pool with sockets that probe the other side."""
        probes = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)] + [
            (socket.IPPROTO_TCP, getattr(socket, name), KEEP_ALIVE_SECONDS)
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL")
            if hasattr(socket, name)  # not on every system
        ]
        more["socket_options"] = [*HTTPConnection.default_socket_options, *probes]
        super().init_poolmanager(connections, maxsize, block, **more)


def _root(error: BaseException) -> BaseException:
    """What urllib3 wrapped: the reason of its last attempt, down to the operating system's or TLS's own error."""
    inner = error.args[0] if error.args else None
    if isinstance(inner, MaxRetryError):
        inner = inner.reason
    if isinstance(inner, NewConnectionError) or not isinstance(inner, BaseException):
        return inner if isinstance(inner, BaseException) else error
    return _root(inner)
