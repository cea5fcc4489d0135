"""The classes of fault, each with the touches that it can happen to.

| class | what happens |
|---|---|
| request lost | nothing reaches the other system; the caller knows so (not reached), or does not (lost) |
| answer lost | the request is carried out: at once, before the next touch, after the lease, after all jobs have ended |
| 429, 503, 502, 404 | the answer of the system (429), or the page of a gateway; before the effect, or after it |
| a wrong 200 | an empty list, null or a text, before the effect or after it |
| the state | is not reached, or is changed and the answer is lost |
| the bus | refuses a send, or takes it and its answer is lost; a settlement is lost |
| death | of the process, before or after the touch |
| a person | withdraws consent, or sets a job back to Queued, right before the touch |
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

import requests

from connector.errors import Transient
from tests.faults.matrix.wire import REQUESTS, Held, Kind, Touch, Wire, too_many
from tests.in_process import response

type GoOn = Callable[[], requests.Response | None]

#: Seconds after a touch at which the lease of the claim has passed for certain, and the sweep has looked.
AFTER_LEASE: Final = 900.0
#: Seconds that a slow call takes: longer than consent may be old when somebody is about to be mailed.
SLOW: Final = 31.0
#: A pause that another system may ask for: longer than a call waits in a thread.
RETRY_AFTER: Final = "30"


class Class(StrEnum):
    """What a fault means for the promise."""

    #: Nothing has happened, and the connector knows it.
    HARMLESS = "harmless"
    #: It is unknown whether something has happened.
    UNCLEAR = "unclear"
    DEATH = "death"
    CONSENT = "consent"
    REQUEUED = "requeued"


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One class of fault. There is one object of each, so none is compared by what it holds.

    Attributes:
        name: on the command line.
        kinds: the touches that it can happen to.
        act: what happens instead of the touch.
    """

    name: str
    kind: Class
    kinds: frozenset[Kind]
    act: Callable[[Wire, Touch, GoOn], requests.Response | None]

    @property
    def repeats(self) -> bool:
        """Whether it may happen to the next attempt of the same call too: nobody dies twice of it."""
        return self.kind in (Class.HARMLESS, Class.UNCLEAR)


def _not_reached(_: Wire, __: Touch, ___: GoOn) -> None:
    raise requests.ConnectTimeout


def _request_lost(_: Wire, __: Touch, ___: GoOn) -> None:
    raise requests.ConnectionError


def _answer_lost(_: Wire, __: Touch, go_on: GoOn) -> None:
    go_on()
    raise requests.ReadTimeout


def _late(wire: Wire, touch: Touch, _: GoOn, *, seconds: float | None) -> None:
    now = wire.time.wall()
    wire.held.append(Held(touch, now, None if seconds is None else now + seconds))
    raise requests.ReadTimeout


def _answered(
    _: Wire,
    touch: Touch,
    go_on: GoOn,
    *,
    status: int,
    body: bytes | None = None,
    retry_after: str | None = None,
    after: bool = False,
) -> requests.Response:
    """Another answer than the one of the system; `after` the request was carried out."""
    assert touch.request is not None
    if after:
        go_on()
    headers = {"Content-Type": "text/html" if body is None else "application/json"}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>".encode()
    return response(touch.request, status, headers, page if body is None else body)


def _throttled(_: Wire, touch: Touch, __: GoOn, *, retry_after: str | None) -> requests.Response:
    return too_many(touch, retry_after)


def _bus_refuses(_: Wire, __: Touch, ___: GoOn) -> None:
    raise Transient("Service Bus did not take a message.")


def _bus_answer_lost(_: Wire, __: Touch, go_on: GoOn) -> None:
    go_on()
    raise Transient("Service Bus did not take a message.")


def _state_not_reached(_: Wire, __: Touch, ___: GoOn) -> None:
    raise Transient("The storage account could not be reached.")


def _state_answer_lost(_: Wire, __: Touch, go_on: GoOn) -> None:
    go_on()
    raise Transient("The storage account could not be reached.")


def _not_settled(_: Wire, __: Touch, ___: GoOn) -> None:
    """The message stays locked, and comes again when its lock has passed."""


def _dies_before(wire: Wire, _: Touch, __: GoOn) -> None:
    wire.die()


def _dies_after(wire: Wire, _: Touch, go_on: GoOn) -> None:
    go_on()
    wire.die()


def _person(wire: Wire, _: Touch, go_on: GoOn, *, does: str, seconds: float = 0.0) -> requests.Response | None:
    wire.person(does)
    if seconds:
        wire.time.sleep(seconds)
    return go_on()


_ALL: Final = frozenset(Kind)
_WRITE: Final = frozenset({Kind.WRITE})
_JSON: Final = {"empty-list": b"[]", "null": b"null", "text": b'"fine"'}

_FAULTS: Final = (
    Fault("not-reached", Class.HARMLESS, REQUESTS, _not_reached),
    Fault("request-lost", Class.UNCLEAR, REQUESTS, _request_lost),
    Fault("answer-lost", Class.UNCLEAR, REQUESTS, _answer_lost),
    Fault("answer-lost-before-next", Class.UNCLEAR, _WRITE, partial(_late, seconds=0.0)),
    Fault("answer-lost-after-lease", Class.UNCLEAR, _WRITE, partial(_late, seconds=AFTER_LEASE)),
    Fault("answer-lost-after-end", Class.UNCLEAR, _WRITE, partial(_late, seconds=None)),
    Fault("429", Class.HARMLESS, REQUESTS, partial(_throttled, retry_after=None)),
    Fault("429-retry-after", Class.HARMLESS, REQUESTS, partial(_throttled, retry_after=RETRY_AFTER)),
    Fault("503", Class.UNCLEAR, REQUESTS, partial(_answered, status=503)),
    Fault("503-after-effect", Class.UNCLEAR, _WRITE, partial(_answered, status=503, after=True)),
    Fault("html-404", Class.UNCLEAR, REQUESTS, partial(_answered, status=404)),
    Fault("html-502", Class.UNCLEAR, REQUESTS, partial(_answered, status=502)),
    Fault("html-502-after-effect", Class.UNCLEAR, _WRITE, partial(_answered, status=502, after=True)),
    *(
        Fault(f"200-{name}", Class.UNCLEAR, REQUESTS, partial(_answered, status=200, body=body))
        for name, body in _JSON.items()
    ),
    *(
        Fault(f"200-{name}-after-effect", Class.UNCLEAR, _WRITE, partial(_answered, status=200, body=body, after=True))
        for name, body in _JSON.items()
    ),
    Fault("bus-refuses", Class.HARMLESS, frozenset({Kind.SEND}), _bus_refuses),
    Fault("bus-answer-lost", Class.HARMLESS, frozenset({Kind.SEND}), _bus_answer_lost),
    Fault("state-not-reached", Class.HARMLESS, frozenset({Kind.STATE}), _state_not_reached),
    Fault("state-answer-lost", Class.HARMLESS, frozenset({Kind.STATE}), _state_answer_lost),
    Fault("settlement-lost", Class.HARMLESS, frozenset({Kind.SETTLEMENT}), _not_settled),
    Fault("death-before", Class.DEATH, _ALL, _dies_before),
    Fault("death-after", Class.DEATH, _ALL, _dies_after),
    Fault("do-not-email", Class.CONSENT, _ALL, partial(_person, does="do-not-email")),
    Fault("do-not-email-slow", Class.CONSENT, _ALL, partial(_person, does="do-not-email", seconds=SLOW)),
    Fault("permission-off", Class.CONSENT, _ALL, partial(_person, does="permission-off")),
    Fault("queued-by-person", Class.REQUEUED, _ALL, partial(_person, does="queue")),
)

#: By name.
FAULTS: Final = {fault.name: fault for fault in _FAULTS}
