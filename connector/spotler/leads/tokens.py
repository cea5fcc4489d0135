"""Tokens of Spotler Leads: the grant with the password of a user. One token serves all threads until it nearly ends."""

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

import requests
from requests.auth import AuthBase

from connector.http import SYSTEM_CLOCK, Clock, Transport
from connector.http.single_flight import SingleFlight
from connector.spotler.leads.errors import LeadsNotAuthorized, NotSpotlerLeads
from connector.spotler.leads.facts import LeadsFacts
from connector.spotler.wire import as_object, int_of, read_json, text_of
from connector.words import Sentence, marked

#: Seconds before its end at which a token is replaced: longer than any call.
MARGIN: Final = 300.0
#: What to check, by the error of the identity service (RFC 6749, 5.2).
_ADVICE: Final[Mapping[str, str]] = {
    "invalid_client": marked("Check LEADS_CLIENT_ID and LEADS_CLIENT_SECRET."),
    "invalid_grant": marked("Check LEADS_USER and LEADS_PASSWORD."),
    "invalid_scope": marked("Ask Spotler for the scope, and set it in LEADS_FACTS."),
}


@dataclass(frozen=True, slots=True)
class LeadsAccount:
    """Who asks.

    Attributes:
        id: the account whose visitors are read, a GUID.
    """

    id: str
    client_id: str
    client_secret: str = field(repr=False)
    user: str = field(repr=False)
    password: str = field(repr=False)


class LeadsBearer(AuthBase):
    """Puts a token on every attempt.

    Args:
        transport: to the identity service.
        account: who asks.
        facts: the path and the scope.
        clock: gives the time.
    """

    def __init__(
        self, transport: Transport, account: LeadsAccount, facts: LeadsFacts, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._transport = transport
        self._account = account
        self._facts = facts
        self._clock = clock
        self._lock = threading.Lock()
        self._request = SingleFlight[tuple[str, float]]()
        self._known: tuple[str, float] | None = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._token()}"
        return request

    def discard(self, request: requests.PreparedRequest) -> None:
        """Do not use again the token that this request carried."""
        with self._lock:
            if self._known and request.headers.get("Authorization") == f"Bearer {self._known[0]}":
                self._known = None

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _token(self) -> str:
        known = self._known
        if known is None or known[1] - self._clock.wall() <= MARGIN:
            known = self._known = self._request.call(self._fetch)
        return known[0]

    def _fetch(self) -> tuple[str, float]:
        account = self._account
        pair = base64.b64encode(f"{account.client_id}:{account.client_secret}".encode()).decode()
        form = {
            "grant_type": "password",
            "username": account.user,
            "password": account.password,
            "scope": self._facts.scope,
        }
        response = self._transport.send(
            "POST",
            self._facts.token,
            route=self._facts.token,
            headers={
                "Authorization": f"Basic {pair}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            data=urlencode(form),
            repeatable=True,
        )
        answer = as_object(read_json(response))
        token, seconds = text_of(answer, "access_token"), int_of(answer, "expires_in")
        if response.status_code < 300 and token and seconds:
            return token, self._clock.wall() + seconds
        if error := text_of(answer, "error"):
            raise LeadsNotAuthorized(advice=_ADVICE.get(error, LeadsNotAuthorized.advice))
        raise NotSpotlerLeads(
            Sentence(
                "LEADS_IDENTITY_URL did not answer like Spotler Leads ({status_code}).",
                status_code=response.status_code,
            )
        )
