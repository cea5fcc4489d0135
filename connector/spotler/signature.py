"""OAuth 1.0a signatures for Spotler: HMAC-SHA1 in the Authorization header, without a token (RFC 5849).

Spotler wants a signature on every call, and `requests-oauthlib` took as much processor time for it as for the call
itself (docs/decisions/0007-own-signature.md). This is the small part of the standard that Spotler uses; the tests
compare it with `oauthlib`. Bodies are JSON and no part of the signature; a form would be, so it is refused.
"""

import hmac
import itertools
import secrets
import time
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

import requests
from requests.auth import AuthBase

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_FORM: Final = "application/x-www-form-urlencoded"


class OAuth1(AuthBase):
    """Signs a call; each one has a nonce of its own.

    Args:
        key: the consumer key of the account.
        secret: its consumer secret.
        now: seconds since 1970.
        nonce: a text of letters and digits that was not used before.
    """

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        now: Callable[[], float] = time.time,
        nonce: Callable[[], str] | None = None,
    ) -> None:
        self._key = _escape(key)
        self._unsigned = hmac.new(f"{_escape(secret)}&".encode("ascii"), digestmod="sha1")
        self._now = now
        self._nonce = nonce or _nonces()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header.

        Raises:
            ValueError: the body is a form.
        """
        if _FORM in str(request.headers.get("Content-Type", "")):
            raise ValueError("a form would have to be signed")
        parameters = [
            ("oauth_consumer_key", self._key),
            ("oauth_nonce", self._nonce()),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", str(int(self._now()))),
            ("oauth_version", "1.0"),
        ]
        signing = self._unsigned.copy()
        signing.update(_base_string(str(request.method), str(request.url), parameters).encode("ascii"))
        signature = b64encode(signing.digest()).decode("ascii")
        header = ", ".join(
            f'{name}="{value}"' for name, value in (*parameters, ("oauth_signature", _escape(signature)))
        )
        request.headers["Authorization"] = f"OAuth {header}"
        return request


def _nonces() -> Callable[[], str]:
    """Texts that no other process and no other call has: a nonce has to be new, and need not be hard to guess."""
    process, calls = secrets.token_hex(12), itertools.count(1)
    return lambda: f"{process}{next(calls):08x}"


def _base_string(method: str, url: str, parameters: list[tuple[str, str]]) -> str:
    """What is signed (section 3.4.1): method, address, and all parameters in the order of their encoded names."""
    address, _, query = url.partition("#")[0].partition("?")
    scheme, _, rest = address.partition("://")
    authority, _, path = rest.partition("/")
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        parameters = sorted([*parameters, *((_escape(name), _escape(value)) for name, value in pairs)])
    joined = "&".join([f"{name}={value}" for name, value in parameters])
    return f"{method}&{_origin(f'{scheme}://{authority}')}{_escape(f'/{path}')}&{_escape_encoded(joined)}"


@lru_cache(maxsize=8)
def _origin(address: str) -> str:
    """Scheme, host and port as they are signed: in lower case, without the port that the scheme implies, encoded."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return _escape(f"{parts.scheme}://{host}{port}")


def _escape(text: str) -> str:
    """Percent-encoding as section 3.6 wants it."""
    return quote(text, safe="~")


def _escape_encoded(text: str) -> str:
    """The same, for names and values that are encoded already: what is left is what joins them, and percent signs."""
    return text.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
