"""`$cbs`: clients put the token for an entity before they attach to it (AMQP claims-based security)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.servicebus.requests import Request
from sandbox.servicebus.security import TokenRefusedError
from sandbox.servicebus.values import Int

if TYPE_CHECKING:
    from sandbox.servicebus.claims import Claims

ADDRESS = "$cbs"

#: The SDK for Python says `jwt` of every token, so what a token is shows only in its text.
_TOKEN_TYPES = ("servicebus.windows.net:sastoken", "jwt")


def put_token(claims: Claims, payload: bytes) -> bytes:
    """Answer a put-token request: 202, or a status and sentence that say why the token is refused."""
    request = Request.parse(payload)
    try:
        _put(claims, request)
    except TokenRefusedError as refusal:
        return request.answer({"status-code": Int(refusal.status), "status-description": refusal.description})
    return request.answer({"status-code": Int(202), "status-description": "Accepted"})


def _put(claims: Claims, request: Request) -> None:
    audience, kind = request.properties.get("name"), request.properties.get("type")
    if request.operation != "put-token" or not isinstance(audience, str) or not isinstance(request.value, str):
        raise TokenRefusedError("A put-token request needs a name and a token.", 400)
    if kind not in _TOKEN_TYPES:
        raise TokenRefusedError(f"Unknown token type {kind!r}.", 400)
    claims.put_token(request.value, audience)
