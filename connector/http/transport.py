"""The calls of both clients: attempts, pauses, and what a lost answer means.

    send ─► slot of the limiter ─► one attempt ─┬─ below 500 and not 429 ──────────────────► returned to the client
              ▲                                 ├─ no effect: 429, or not reached ─► Transient ─┐
              │                                 └─ perhaps an effect: 5xx, lost answer          │
              │                                       ├─ repeatable call ───────────► Transient ┤
              │                                       └─ any other call ───────────► Unclear, at once
              └────────────── pause, while attempts and budget last ◄───────────────────────────┘

So `Unclear` always means: this call may have had its effect and must not be repeated. A 503 proves nothing: gateways
answer it for calls that the system behind them carried out.

Sentences and records name method, route template and status; never a host, a query, a header or a body, because those
hold personal data and secrets. For the same reason no error of `requests` is chained: its text holds the whole address.
"""

import json as json_codec
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import requests
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict

from connector.errors import Misconfigured, Transient, Unclear
from connector.http.clock import SYSTEM_CLOCK, Clock
from connector.http.limiter import THROTTLED, Limiter
from connector.http.pace import Pace
from connector.http.session import FAULTS, distrust, new_session, timed_out, was_not_reached
from connector.telemetry import measuring
from connector.telemetry.names import CALLS, LIMITER_PARALLEL
from connector.words import Sentence

#: Attempts of one call. What fails three times is better tried again from the bus than in a thread.
ATTEMPTS: Final = 3
#: Seconds that a call may spend before its last attempt begins: far below the lock of a message (300 s).
BUDGET: Final = 8.0
#: Seconds of the first pause; it doubles, and a random part of it is left out so that threads do not call all at once.
FIRST_PAUSE: Final = 0.5
#: The longest pause that is accepted: Dataverse counts in windows of 300 s, so an hour in Retry-After is an error.
LONGEST_WAIT: Final = 600.0
#: Seconds to reach the other side; a healthy one answers in milliseconds.
CONNECT_TIMEOUT: Final = 5.0
_ENCODER: Final = json_codec.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
#: Methods of calls that need not say that they have no body.
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
#: Addresses that are sent as they are: encoded, without a fragment, and without a step up or down (RFC 3986).
_ENCODED: Final = re.compile(r"https?://[\w.:\[\]-]++(?:/(?!\.)(?:[\w.~!$&'()*+,;=:@-]++|%[0-9A-F]{2})*+)++"
                             r"(?:\?(?:[\w.~!$&'()*+,;=:@/?-]++|%[0-9A-F]{2})*+)?+", re.ASCII)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt, as telemetry sees it. `status` is None where no answer came; `attempt` counts from 1."""

    system: str
    method: str
    route: str
    status: int | None
    seconds: float
    attempt: int


class Transport:
    """Calls one system: one per system and process, shared by all threads.

    Args:
        base_url: scheme, host and fixed part of the path, without a slash at its end.
        timeout: seconds to wait for an answer.
        parallel: calls at the same time at most, and connections kept open.
        system: its name in sentences: "Dataverse".
        verify: False, or the file of a certificate authority; True for the usual ones (REQUESTS_CA_BUNDLE counts).
        session: replaces the session that is made otherwise.
        clock: time and randomness.
        limiter: replaces the `Limiter` that is made otherwise.
        pace: spaces the calls, for a system that says what is left of what it allows.
        on_call: receives every attempt; must be quick, thread-safe and never raise.
        left: what the headers of an answer say about the share of what the system allows that is left; never raises.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float,
        parallel: int,
        system: str,
        verify: bool | str = True,
        session: requests.Session | None = None,
        clock: Clock = SYSTEM_CLOCK,
        limiter: Limiter | None = None,
        pace: Pace | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        left: Callable[[Mapping[str, str]], float | None] = lambda _headers: None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.on_call = on_call
        self._left = left
        self._timeout = (min(timeout, CONNECT_TIMEOUT), timeout)
        self._system = system
        self._clock = clock
        self._limiter = limiter or Limiter(system, parallel, clock, pace)
        self._session = session or new_session(self.base_url, parallel, verify)

    def send(
        self,
        method: str,
        path: str,
        *,
        route: str,
        headers: Mapping[str, str] | None = None,
        params: str | None = None,
        json: object | None = None,
        data: bytes | str | None = None,
        auth: AuthBase | None = None,
        repeatable: bool,
        before: Callable[[], None] | None = None,
        ends: Callable[[int, bytes], bool] | None = None,
    ) -> requests.Response:
        """Send one call, again where that is needed and harmless, and return its answer.

        Args:
            method: the HTTP method, in capitals.
            path: below the base address, quoted.
            route: the path without ids, as it may be logged: "contacts({id})".
            headers: of this call. Content-Type is set for `json` where it is not given.
            params: the query string, encoded.
            json: a body to encode; or
            data: a body as it is (a str is sent as UTF-8).
            auth: applied anew to every attempt, so that a signature is never sent twice.
            repeatable: whether sending it twice does what sending it once does.
            before: is called right before each attempt, when its turn has come; what it raises ends the call.
            ends: says of status and body of a 429 or 5xx that another attempt is vain and the caller reads it.

        Returns:
            Any answer below 500 except 429, or one that ends the call, read whole. The caller reads the refusals.

        Raises:
            Transient: the system cannot be reached or is busy, and attempts or budget are used up.
            Unclear: the call is not repeatable and may have had its effect.
            Misconfigured: the certificate of the other side is not trusted.
        """
        body, more = _body(json, data)
        call = _Call(
            method, f"{self.base_url}/{path.lstrip('/')}" + (f"?{params}" if params else ""), route,
            {**more, **(headers or {})}, body, auth, repeatable, before, ends,
        )  # fmt: skip
        budget = _Budget(self._clock)
        number = 1
        while True:
            try:
                return self._attempt(call, number, budget.left())
            except Transient as error:
                if number == ATTEMPTS or not budget.allows(error):
                    raise
            budget.pause()
            number += 1

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def _attempt(self, call: "_Call", number: int, longest_pause: float) -> requests.Response:
        with self._limiter.slot(longest_pause):
            if call.before is not None:
                call.before()
            started = self._clock.monotonic()
            status = wait = left = None
            try:
                response = self._session.send(
                    call.prepared(self._session.headers), timeout=self._timeout, allow_redirects=False
                )
                status = response.status_code
                wait = retry_after(response.headers.get("Retry-After"), self._clock)
                left = self._left(response.headers)
            except FAULTS as error:
                raise self._network_fault(error, call) from None
            finally:
                seconds = self._clock.monotonic() - started
                self._limiter.observe(status, seconds, wait, left)
                measuring.count(CALLS, system=self._system, outcome=_outcome(status))
                measuring.set_gauge(LIMITER_PARALLEL, self._limiter.limit, system=self._system)
                if self.on_call is not None:
                    self.on_call(CallRecord(self._system, call.method, call.route, status, seconds, number))
        if (status < 500 and status != THROTTLED) or (call.ends and call.ends(status, response.content)):
            return response
        fault = Transient if call.repeatable or status == THROTTLED else Unclear
        answered = Sentence("{system} answered {status} to {call}.", system=self._system, status=status, call=str(call))
        raise fault(answered, retry_after=wait)

    def _network_fault(self, error: requests.RequestException, call: "_Call") -> Transient | Misconfigured:
        if fault := distrust(error, self._system):
            return fault
        about = {"system": self._system, "call": str(call)}
        if was_not_reached(error):
            return Transient(Sentence("{system} could not be reached for {call}.", **about))
        lost = Transient if call.repeatable else Unclear
        if timed_out(error):
            seconds = f"{self._timeout[1]:g}"
            return lost(Sentence("{system} did not answer {call} within {seconds} s.", **about, seconds=seconds))
        return lost(Sentence("The connection to {system} broke during {call}.", **about))


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    route: str
    headers: Mapping[str, str]
    body: bytes | None
    auth: AuthBase | None
    repeatable: bool
    before: Callable[[], None] | None
    ends: Callable[[int, bytes], bool] | None

    def prepared(self, usual: Mapping[str, str | bytes]) -> requests.PreparedRequest:
        """What goes out, with a signature of its own and the headers that a session usually sends.

        `requests` would read and write the address three times over and look for cookies. An address of ours is encoded
        already; any other is left to it.
        """
        request = requests.PreparedRequest()
        headers = {**usual, **self.headers}
        if not _ENCODED.fullmatch(self.url):
            request.prepare(method=self.method, url=self.url, headers=headers, data=self.body, auth=self.auth)
            return request
        request.method, request.url, request.body = self.method, self.url, self.body
        request.headers = CaseInsensitiveDict(headers)  # type: ignore[arg-type]
        if self.body is not None or self.method not in _WITHOUT_BODY:
            request.headers["Content-Length"] = str(len(self.body or b""))
        return request if self.auth is None else self.auth(request)

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


class _Budget:
    """The time that one call may take, and the pause before its next attempt."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._deadline = clock.monotonic() + BUDGET
        self._faults = 0
        self._pause = 0.0

    def allows(self, error: Transient) -> bool:
        """Whether there is time to try again, after a pause."""
        if isinstance(error, Unclear):
            return False
        backoff = FIRST_PAUSE * 2**self._faults * (0.5 + self._clock.random() / 2)
        self._faults += 1
        self._pause = max(error.retry_after or 0.0, backoff)
        return self._pause <= self.left()

    def pause(self) -> None:
        """Wait before the next attempt."""
        self._clock.sleep(self._pause)

    def left(self) -> float:
        """Seconds left of the budget."""
        return self._deadline - self._clock.monotonic()


def _outcome(status: int | None) -> str:
    """How an attempt ended, for telemetry."""
    if status is None or status >= 500:
        return "failed"
    if status == THROTTLED:
        return "throttled"
    return "refused" if status >= 400 else "ok"


def _body(json: object | None, data: bytes | str | None) -> tuple[bytes | None, dict[str, str]]:
    """The bytes to send, encoded once for all attempts, and the header that belongs to them."""
    if json is not None:
        return _ENCODER.encode(json).encode(), {"Content-Type": "application/json; charset=utf-8"}
    return (data.encode() if isinstance(data, str) else data), {}


def retry_after(text: str | None, clock: Clock) -> float | None:
    """Seconds to wait, from a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - clock.wall()
        except (ValueError, OverflowError):  # no date, or one beyond the calendar
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None
