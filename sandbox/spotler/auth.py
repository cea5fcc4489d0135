"""OAuth 1.0a with one leg: consumer key and secret, HMAC-SHA1, no token (RFC 5849).

Accepts what real clients send: a signature in the header that is not percent-encoded, no blank after the
comma, `realm`, the OAuth parameters in the query string, an empty `oauth_token`, an `oauth_body_hash`. It is
the path as sent that is signed. A signature may be made for the public host or for the host that was called.
"""

import hmac
import re
from base64 import b64encode
from collections import deque
from dataclasses import dataclass, field
from hashlib import sha1
from urllib.parse import quote, unquote

from sandbox.spotler.errors import ErrorType
from sandbox.spotler.settings import Credential, Settings

_HEADER_ITEM = re.compile(r'([^=\s,"]+)\s*=\s*"([^"]*)"')
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
_PARAMETERS = {
    *("oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method", "oauth_timestamp"),
    *("oauth_version", "oauth_token", "oauth_body_hash"),
}
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_FORM = "application/x-www-form-urlencoded"

type Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature is about. `path` and `query` are as sent, still percent-encoded."""

    method: str
    scheme: str
    host: str
    path: str
    query: str
    authorization: str
    content_type: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome. `base` is scheme and host that the signature was made for; `expected` the base string."""

    credential: Credential | None
    base: str = ""
    expected: str = ""
    error_type: ErrorType = ErrorType.NOT_AUTHORIZED
    reason: str = ""

    @property
    def verified(self) -> bool:
        """Whether the call may go on."""
        return self.credential is not None


def percent_encoded(text: str) -> str:
    """Everything but letters, digits and `-._~` as `%XX`."""
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="")


def decoded_pairs(query: str) -> Pairs:
    """A query string or form body as pairs; empty values are kept, `+` is a blank."""
    if not query:
        return []
    pairs = [part.partition("=") for part in query.split("&") if part]
    return [(unquote(name.replace("+", " ")), unquote(value.replace("+", " "))) for name, _, value in pairs]


def header_pairs(authorization: str) -> Pairs:
    """The items of an OAuth header but `realm`, percent-decoded only: a raw signature may hold a bare `+`."""
    scheme, _, items = authorization.partition(" ")
    if scheme.lower() != "oauth":
        return []
    return [(unquote(name), unquote(value)) for name, value in _HEADER_ITEM.findall(items) if name != "realm"]


def base_url(scheme: str, host: str, path: str) -> str:
    """Scheme and host in lower case without the default port, then the path as sent."""
    return f"{scheme.lower()}://{host.lower().removesuffix(_DEFAULT_PORTS.get(scheme.lower(), ':'))}{path}"


def normalised(pairs: Pairs) -> str:
    """The parameters that are signed, each percent-encoded, in the order of their encoded names and values."""
    encoded = sorted(
        (percent_encoded(name), percent_encoded(value)) for name, value in pairs if name != "oauth_signature"
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def base_string(method: str, url: str, parameters: str) -> str:
    """What is signed: method, URL and the normalised parameters, each percent-encoded."""
    return f"{method.upper()}&{percent_encoded(url)}&{percent_encoded(parameters)}"


def signature(base: str, secret: str) -> str:
    """HMAC-SHA1 under the encoded secret and an empty token secret, in base 64."""
    signing_key = f"{percent_encoded(secret)}&".encode()
    return b64encode(hmac.digest(signing_key, base.encode(), sha1)).decode()


@dataclass(slots=True)
class Verifier:
    """Checks signatures and remembers which nonces were used inside the time window."""

    _seen: set[tuple[str, str, str]] = field(default_factory=set)
    _order: deque[tuple[int, tuple[str, str, str]]] = field(default_factory=deque)

    def verify(self, request: SignedRequest, settings: Settings, now: float) -> Verdict:
        """Check one request at the time `now` in seconds since 1970."""
        in_query = decoded_pairs(request.query)
        pairs = header_pairs(request.authorization) + in_query
        if request.content_type.partition(";")[0].strip().lower() == _FORM:
            pairs += decoded_pairs(request.body.decode("utf-8", "replace"))
        own = [(name, value) for name, value in pairs if name.startswith("oauth_")]
        oauth = dict(own)
        if len(oauth) < len(own):
            return Verdict(None, reason="an OAuth parameter comes twice")
        credential = settings.credential(oauth.get("oauth_consumer_key", ""))
        if credential is None:
            return Verdict(None, error_type=ErrorType.AUTH_NOT_FOUND, reason="consumer key unknown or missing")
        if reason := _other_scheme(oauth):
            return Verdict(None, reason=reason)
        parameters = normalised(pairs)
        given = oauth.get("oauth_signature", "").encode()
        expected: list[str] = []
        for base in (f"{request.scheme}://{request.host}", settings.public_base):
            scheme, _, host = base.partition("://")
            expected.append(base_string(request.method, base_url(scheme, host, request.path), parameters))
            if hmac.compare_digest(signature(expected[-1], credential.secret).encode(), given):
                reason = self._replay(oauth, settings, now)
                return Verdict(None if reason else credential, base, expected[-1], reason=reason)
        return Verdict(None, expected=expected[0], reason="signature does not match")

    def _replay(self, oauth: dict[str, str], settings: Settings, now: float) -> str:
        """Why the timestamp or the nonce is refused, or nothing."""
        stamp, nonce = oauth.get("oauth_timestamp", ""), oauth.get("oauth_nonce", "")
        if not (stamp.isascii() and stamp.isdigit() and nonce):
            return "timestamp or nonce missing"
        if settings.clock_skew_s and abs(now - int(stamp)) > settings.clock_skew_s:
            return "timestamp outside the window"
        if not settings.check_nonce:
            return ""
        window = 2 * settings.clock_skew_s
        while window and self._order and self._order[0][0] < now - window:
            self._seen.discard(self._order.popleft()[1])
        use = (oauth["oauth_consumer_key"], stamp, nonce)
        if use in self._seen:
            return "nonce was used before"
        self._seen.add(use)
        self._order.append((int(now), use))
        return ""


def _other_scheme(oauth: dict[str, str]) -> str:
    """Why the parameters are not those of one-legged OAuth 1.0a with HMAC-SHA1, or nothing."""
    if unknown := oauth.keys() - _PARAMETERS:
        return f"the OAuth parameter {min(unknown)} is unknown"
    if oauth.get("oauth_token"):
        return "there are no tokens"
    if oauth.get("oauth_signature_method") != "HMAC-SHA1":
        return "signature method is not HMAC-SHA1"
    return "" if oauth.get("oauth_version", "1.0") == "1.0" else "OAuth version is not 1.0"
