"""The token endpoint of Microsoft Entra ID, as far as client credentials need it, and the check of its tokens.

People sign in with a browser, which the stand-in does not play: the side door gives them their token.
"""

import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

import jwt
from jwt.types import Options

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.values import JsonObject

_ALGORITHM: Final = "HS256"
_SCOPE_SUFFIX: Final = "/.default"
#: The app registration of Power Apps, with which people sign in.
_MICROSOFT: Final = "4e291c71-d680-4d0e-9640-0a3358e31177"
#: Tokens of this many sign-ins are remembered once checked; a run has a handful.
_REMEMBERED: Final = 1000


class SignInError(Exception):
    """The token endpoint refuses; `content` is the JSON of its answer and `status` the HTTP status."""

    def __init__(self, status: int, error: str, number: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.content: JsonObject = {
            "error": error,
            "error_description": f"AADSTS{number}: {description}",
            "error_codes": [number],
        }


@dataclass(frozen=True, slots=True)
class Client:
    """An app registration: who may get tokens.

    Attributes:
        client_id: the application (client) id.
        secret: its client secret.
    """

    client_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token is for.

    Attributes:
        client_id: the app registration.
        object_id: the person who signed in with it; empty where the app signed in by itself.
    """

    client_id: str
    object_id: str = ""


class TokenService:
    """Issues and checks access tokens.

    Args:
        tenant_id: the only tenant it knows.
        clients: the app registrations.
        clock: decides what has expired.
        lifetime: seconds that a token is good for.
    """

    def __init__(self, tenant_id: str, clients: tuple[Client, ...], clock: Clock, lifetime: int) -> None:
        self.tenant_id = tenant_id
        self.lifetime = lifetime
        self._clients = {client.client_id: client for client in clients}
        self._clock = clock
        self._key = secrets.token_hex(32)
        self._checked: dict[str, tuple[Identity, str, float]] = {}

    def configuration(self, base_url: str) -> JsonObject:
        """The OpenID configuration document."""
        authority = f"{base_url}/{self.tenant_id}"
        return {
            "token_endpoint": f"{authority}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "jwks_uri": f"{authority}/discovery/v2.0/keys",
            "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{authority}/oauth2/v2.0/devicecode",
            "issuer": f"{authority}/v2.0",
            "response_types_supported": ["code", "token"],
            "subject_types_supported": ["pairwise"],
            "tenant_region_scope": None,
        }

    def issue(self, tenant_id: str, form: bytes, audiences: tuple[str, ...]) -> JsonObject:
        """Answer a request for a token.

        Args:
            tenant_id: from the path.
            form: the body of the request.
            audiences: the addresses under which this environment is known.

        Raises:
            SignInError: when the request, the client, its secret or the scope is wrong.
        """
        fields = {name: values[0] for name, values in parse_qs(form.decode()).items()}
        if tenant_id != self.tenant_id:
            raise SignInError(400, "invalid_request", 90002, f"Tenant '{tenant_id}' not found.")
        if fields.get("grant_type") != "client_credentials":
            raise SignInError(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        client = self._clients.get(fields.get("client_id", ""))
        if client is None:
            message = "Application was not found in the directory. It has not been installed by an administrator."
            raise SignInError(401, "invalid_client", 700016, message)
        if not secrets.compare_digest(client.secret, fields.get("client_secret", "")):
            raise SignInError(401, "invalid_client", 7000215, "Invalid client secret provided.")
        scope = fields.get("scope", "")
        audience = scope.removesuffix(_SCOPE_SUFFIX)
        if not scope.endswith(_SCOPE_SUFFIX):
            raise SignInError(400, "invalid_scope", 1002012, f"The provided value for scope {scope} is not valid.")
        if audience not in audiences:
            message = f"The resource principal named {audience} was not found in the tenant."
            raise SignInError(400, "invalid_resource", 500011, message)
        token = self._sign(client.client_id, audience)
        return {
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "ext_expires_in": self.lifetime,
            "access_token": token,
        }

    def issue_to_person(self, object_id: str, audience: str) -> str:
        """The token of a person who has signed in with a browser, in an app of Microsoft."""
        return self._sign(_MICROSOFT, audience, object_id)

    def identity_of(self, token: str, audiences: tuple[str, ...]) -> Identity | None:
        """Who a token is for, or None when it is forged, expired or meant for somebody else."""
        known = self._checked.get(token)
        if known is None:
            known = self._check(token)
            if known is None:
                return None
            if len(self._checked) >= _REMEMBERED:
                self._checked.clear()
            self._checked[token] = known
        identity, audience, expires = known
        return identity if audience in audiences and self._clock.timestamp() < expires else None

    def _sign(self, client_id: str, audience: str, object_id: str = "") -> str:
        now = self._clock.timestamp()
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.tenant_id}/",
            "iat": int(now),
            "nbf": int(now),
            "exp": now + self.lifetime,
            "appid": client_id,
            **({"oid": object_id} if object_id else {}),
            "tid": self.tenant_id,
            "uti": secrets.token_urlsafe(16),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def _check(self, token: str) -> tuple[Identity, str, float] | None:
        options: Options = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM], options=options)
        except jwt.InvalidTokenError:
            return None
        return Identity(claims["appid"], claims.get("oid", "")), claims["aud"], claims["exp"]
