"""Tokens: the grant with the password of a user, as the identity service of the vendor describes it."""

import base64
import binascii
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from sandbox.imitated_api import RawRequest
from sandbox.leads.settings import LeadsSettings
from sandbox.leads.wire import LeadsAnswer, json_answer

PATH = "/core/connect/token"
_SCOPES = {"openid", "GatorLeadsApi"}
_FORM = {"grant_type", "username", "password", "scope"}


class LeadsTokens:
    """Hands out tokens and knows them again."""

    def __init__(self, settings: LeadsSettings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._until: dict[str, datetime] = {}

    def issue(self, request: RawRequest) -> LeadsAnswer:
        """The answer to a request for a token."""
        problem = self._problem(request)
        if problem:
            return json_answer({"error": problem}, 400)
        token = secrets.token_urlsafe(32)
        self._until[token] = self._now() + timedelta(seconds=self._settings.token_seconds)
        return json_answer({
            "access_token": token,
            "expires_in": self._settings.token_seconds,
            "token_type": "Bearer",
        })  # fmt: skip

    def accepts(self, authorization: str) -> bool:
        """Whether a call carries a token of ours that has not ended."""
        kind, _, token = authorization.partition(" ")
        until = self._until.get(token)
        return kind == "Bearer" and until is not None and self._now() < until

    def revoke(self) -> None:
        """Forget every token."""
        self._until.clear()

    def _problem(self, request: RawRequest) -> str:
        """What is wrong with a request for a token, in a word of OAuth; empty for nothing."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        form = dict(pairs)
        is_form = request.method == "POST" and kind == "application/x-www-form-urlencoded"
        user = (self._settings.username, self._settings.password)
        problems = (
            ("invalid_client", not self._is_client(request.headers.get("authorization", ""))),
            ("invalid_request", not is_form or len(form) != len(pairs) or form.keys() != _FORM),
            ("unsupported_grant_type", form.get("grant_type") != "password"),
            ("invalid_scope", set(form.get("scope", "").split()) - {"offline_access"} != _SCOPES),
            ("invalid_grant", (form.get("username"), form.get("password")) != user),
        )
        return next((word for word, applies in problems if applies), "")

    def _is_client(self, authorization: str) -> bool:
        kind, _, encoded = authorization.partition(" ")
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return kind == "Basic" and pair == f"{self._settings.client_id}:{self._settings.client_secret}"
