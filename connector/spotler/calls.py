"""One call to Spotler: its address, its signature, its refusal.

Everything above this module speaks of contacts and audiences; everything below of bytes and retries.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import quote

import requests
from requests.auth import AuthBase

from connector.errors import ConnectorError, Invalid, Misconfigured, Refused, Transient, Unclear
from connector.http import SYSTEM_CLOCK, Clock
from connector.spotler.clock import SpotlerClock
from connector.spotler.errors import AnswerUnreadable, NotLicensed, NotSpotler, error_of, error_type_of
from connector.spotler.fields import Fields
from connector.spotler.readers import read_fields
from connector.spotler.wire import read_json

#: Without Accept, Spotler answers XML.
_HEADERS: Final = {"Accept": "application/json", "Content-Type": "application/json"}
_NO_CONTENT: Final = 204
#: Seconds for which an accepted call proves that key and secret are right, so that a 403 means the licence.
_PROOF_SECONDS: Final = 300


class Sender(Protocol):
    """The part of `connector.http.Transport` that is used here."""

    def send(
        self,
        method: str,
        path: str,
        *,
        route: str,
        headers: Mapping[str, str] | None = None,
        params: str | None = None,
        json: object | None = None,
        auth: AuthBase | None = None,
        repeatable: bool,
        before: Callable[[], None] | None = None,
    ) -> requests.Response:
        """Send one call and return any answer that is not a fault of the other side."""

    def close(self) -> None:
        """Close what it holds."""


@dataclass(frozen=True, slots=True)
class Route:
    """A call that Spotler offers.

    Attributes:
        method: the HTTP method.
        path: below the base address, with `{names}` for ids; this form may be logged.
        bare: the codes that refusals without a body stand for, by status, where the resource declares none.
        licensed: whether a 403 can mean that the edition lacks it.
        repeatable: whether doing it twice does what doing it once does.
    """

    method: str
    path: str
    bare: Mapping[int, str] = field(default_factory=dict)
    licensed: bool = False
    repeatable: bool = True

    def fill(self, ids: Mapping[str, str]) -> str:
        """The path with its ids, each percent-encoded whole, `/` and `@` included."""
        return re.sub(r"\{(\w+)\}", lambda name: _segment(ids[name[1]]), self.path)


_FIELDS: Final = Route("GET", "/contact/properties/list")


class Calls:
    """Sends signed calls. Shared by all threads.

    Args:
        transport: attempts, time-outs and parallel calls.
        auth: the signature; applied anew to each attempt, since a repeated nonce is refused.
        clock: time, for tests.
        time: Spotler's clock, as the answers show it.
    """

    def __init__(
        self, transport: Sender, auth: AuthBase, *, clock: Clock = SYSTEM_CLOCK, time: SpotlerClock | None = None
    ) -> None:
        self._transport = transport
        self._auth = auth
        self._clock = clock
        self.time = time or SpotlerClock()
        #: When key and secret were last seen to work.
        self._proven = -math.inf

    def send(
        self,
        route: Route,
        ids: Mapping[str, str] | None = None,
        *,
        query: str | None = None,
        body: object | None = None,
        repeatable: bool | None = None,
        before: Callable[[], None] | None = None,
    ) -> requests.Response:
        """Make one call and return its answer, a success.

        Args:
            route: which.
            ids: the parts of its path, not encoded.
            query: the query string, encoded.
            body: sent as JSON.
            repeatable: where it is known better than the route does.
            before: is called right before the call is sent, when its turn has come; what it raises ends the call.

        Raises:
            Invalid: an id is empty, or a text cannot be encoded.
            Refused, Misconfigured: Spotler said no.
            Transient: Spotler cannot do it now.
            Unclear: the call is not repeatable, and may or may not have had its effect.
        """
        repeatable = route.repeatable if repeatable is None else repeatable
        path = route.fill(ids or {})
        began = self._clock.wall()
        try:
            response = self._transport.send(
                route.method,
                path,
                route=route.path,
                headers=_HEADERS,
                params=query,
                json=body,
                auth=self._auth,
                repeatable=repeatable,
                before=before,
            )
        except UnicodeEncodeError:
            raise Invalid("A text holds a character that cannot be sent (a lone surrogate).") from None
        if 200 <= response.status_code < 300:
            self.time.hear(response, began, self._clock.wall())
            return response
        error = self._error(route, response)
        if isinstance(error, Refused) and not isinstance(error, NotLicensed):
            self._proven = self._clock.monotonic()
        raise unclear_unless(error, repeatable=repeatable)

    def do(
        self,
        route: Route,
        ids: Mapping[str, str] | None = None,
        *,
        body: object | None = None,
        repeatable: bool | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        """Make one call that answers nothing (204); the arguments are those of `send`.

        Raises:
            Transient, Unclear: any other success, because it does not come from Spotler; beside what `send` raises.
        """
        response = self.send(route, ids, body=body, repeatable=repeatable, before=before)
        if response.status_code != _NO_CONTENT:
            raise unclear_unless(
                AnswerUnreadable(), repeatable=route.repeatable if repeatable is None else repeatable
            )  # fmt: skip
        self._proven = self._clock.monotonic()

    def read(
        self,
        route: Route,
        ids: Mapping[str, str] | None = None,
        *,
        query: str | None = None,
        body: object | None = None,
        before: Callable[[], None] | None = None,
    ) -> object:
        """Make one call and return the JSON of its answer; the arguments are those of `send`.

        Raises:
            Transient, Unclear: the answer is not JSON; beside what `send` raises.
        """
        answer = read_json(self.send(route, ids, query=query, body=body, before=before))
        if answer is None:
            raise unclear_unless(AnswerUnreadable(), repeatable=route.repeatable)
        self._proven = self._clock.monotonic()
        return answer

    def fields(self) -> Fields:
        """The account's contact fields. The call changes nothing and every licence allows it, so it shows the state.

        Raises:
            ConnectorError: Spotler cannot answer properly, or refuses the key.
        """
        return read_fields(list_of(self.read(_FIELDS), "properties"))

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    def _error(self, route: Route, response: requests.Response) -> ConnectorError:
        error = error_of(response, bare=route.bare)
        if not (route.licensed and response.status_code == 403 and error.result_code == "NOT_AUTHORIZED"):
            return error
        if response.content.strip() and error_type_of(response) is None:  # a firewall's page says nothing of a licence
            return NotSpotler(response.status_code)
        if self._clock.monotonic() - self._proven > _PROOF_SECONDS:
            try:
                self.fields()
            except (Misconfigured, Transient) as cause:
                return cause
            except Refused:
                return error
        return NotLicensed()


def unclear_unless(error: ConnectorError, *, repeatable: bool) -> ConnectorError:
    """The error of a call that was sent: where it must not be repeated, only a refusal proves that it did nothing."""
    if isinstance(error, Transient) and not repeatable:
        unclear = Unclear(error.sentence, code=error.result_code)
        unclear.__cause__ = error
        return unclear
    return error


def list_of(body: object, name: str) -> list[object]:
    """The list of an answer that is the list itself, or an envelope with the list under `name`.

    Raises:
        Transient: there is no list, or none of its items is an object. An answer that is misread as an empty list would
            lose records.
    """
    found = body.get(name) if isinstance(body, dict) else body
    if isinstance(found, list) and (not found or any(isinstance(each, dict) for each in found)):
        return found
    if found is None and isinstance(body, dict) and isinstance(body.get("paging"), dict):
        return []  # an envelope may leave out an empty list
    raise AnswerUnreadable


def some_of[T](found: tuple[T, ...], listed: list[object]) -> tuple[T, ...]:
    """What was found in a list, for callers to whom something that is not listed does not exist.

    Raises:
        Transient: nothing could be read in a list that is not empty.
    """
    if listed and not found:
        raise AnswerUnreadable
    return found


def _segment(value: str) -> str:
    """One part of a path. An empty one would address the collection; dots would be taken for a way up."""
    if not value.strip() or value in {".", ".."}:
        raise Invalid("An id in the address of a Spotler call is empty or not usable.")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise Invalid("An id holds a character that cannot be sent.") from None
