"""The wire between the connector and everything else: touches are numbered as they happen, and a fault happens to one.

Nothing is listed by hand. Whatever the connector sends over HTTP, requests for tokens included, sends to the bus or
settles there passes `Wire.touch`, so a call that is added later is counted, and hit, as well.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from connector.http.limiter import THROTTLED
from connector.http.transport import BUDGET
from connector.servicebus.bus import OutgoingMessage
from connector.state import Stored
from sandbox.servicebus.delivery import Outcome
from sandbox.servicebus.message import Message
from tests.faults.matrix.systems import SPOTLER_URL, Systems
from tests.faults.simulated_bus import SimulatedBus, SimulatedTime
from tests.in_process import response
from tests.memory_state import MemoryState

if TYPE_CHECKING:
    from tests.faults.matrix.faults import Fault


class Kind(StrEnum):
    """What is touched."""

    TOKEN = "a request for a token"
    READ = "a request that changes nothing"
    WRITE = "a request that may change something"
    SEND = "a send to the bus"
    SETTLEMENT = "a settlement of a message"
    STATE = "a read or a write of the state"


#: The touches that are HTTP requests.
REQUESTS: Final = frozenset({Kind.TOKEN, Kind.READ, Kind.WRITE})


#: What each system answers with a 429, in its own words.
_TOO_MANY: Final = {
    "Spotler": b'{"errorType": "INVALID_STATE", "message": "Too many requests"}',
    Kind.TOKEN: b'{"error": "temporarily_unavailable", "error_description": "AADSTS90055: too many requests"}',
    Kind.READ: b'{"error": {"code": "0x80072322", "message": "Number of requests exceeded the limit."}}',
    Kind.WRITE: b'{"error": {"code": "0x80072322", "message": "Number of requests exceeded the limit."}}',
}


class Death(BaseException):
    """The process has died: nothing of it goes on, and nothing of the connector catches this."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One touch. `request` is what was sent over HTTP, if it was."""

    number: int
    kind: Kind
    what: str
    request: requests.PreparedRequest | None = None

    @property
    def is_spotler(self) -> bool:
        """Whether it goes to Spotler."""
        return self.request is not None and str(self.request.url).startswith(SPOTLER_URL)

    def repeats(self, other: "Touch") -> bool:
        """Whether it is another attempt of the same call."""
        return self.request is not None and _content(self.request) == (other.request and _content(other.request))


@dataclass(frozen=True, slots=True)
class Held:
    """A request whose effect comes late; `due` is the moment, or None for the end of all jobs."""

    touch: Touch
    sent: float
    due: float | None


class Wire:
    """Numbers touches from 1, and lets a fault happen to one of them.

    Args:
        systems: what answers.
        time: the simulated time.
        fault: what happens; None for nothing.
        at: the touch that it happens to.
        attempts: how many attempts of the same call it happens to; those that a thread makes, not later ones.
    """

    def __init__(
        self, systems: Systems, time: SimulatedTime, *, fault: "Fault | None" = None, at: int = 0, attempts: int = 1
    ) -> None:
        self.systems = systems
        self.time = time
        self.touches: list[Touch] = []
        #: The touches that the fault has happened to.
        self.struck: list[Touch] = []
        self.held: list[Held] = []
        #: When the connector began to send what caused an effect in Spotler, by the number of the effect.
        self.sent: dict[int, float] = {}
        #: Until when Spotler has no time for anything.
        self.busy_until = 0.0
        #: Called before a late effect in Spotler, and by faults in which a person does something.
        self.before_late: Callable[[], None] = lambda: None
        self.person: Callable[[str], None] = lambda _: None
        self.headers = requests.utils.default_headers()
        self._fault = fault
        self._at = at
        self._attempts = attempts
        self._dead = False
        self._until = 0.0

    # What the connector uses

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        """As a session: one request over HTTP."""
        parts = urlsplit(str(request.url))
        kind = Kind.READ if request.method == "GET" else Kind.WRITE
        if "/trackedlinks/" in parts.path:  # it hands out, or acknowledges
            kind = Kind.WRITE
        if ("/v2.0/" in parts.path and not parts.path.startswith("/api/")) or parts.path.endswith("/connect/token"):
            kind = Kind.TOKEN
        answer = self.touch(kind, f"{request.method} {parts.netloc}{parts.path}", request)
        assert answer is not None
        return answer

    def close(self) -> None:
        """Nothing is open."""

    # What happens

    def touch(
        self,
        kind: Kind,
        what: str,
        request: requests.PreparedRequest | None = None,
        act: Callable[[], None] = lambda: None,
    ) -> requests.Response | None:
        """One touch: what it does, or what the fault makes of it."""
        if self._dead:
            raise Death
        self.release(lambda held: held.due is not None and held.due <= self.time.wall())
        touch, began = Touch(len(self.touches) + 1, kind, what, request), self.time.wall()
        self.touches.append(touch)

        def go_on() -> requests.Response | None:
            if request is not None:
                is_busy = touch.is_spotler and self.time.wall() < self.busy_until
                return too_many(touch) if is_busy else self.perform(touch, began)
            act()
            return None

        if self._fault is None or not self._is_hit(touch):
            return go_on()
        self.struck.append(touch)
        return self._fault.act(self, touch, go_on)

    def perform(self, touch: Touch, sent: float) -> requests.Response:
        """Let a request reach its system."""
        assert touch.request is not None
        before = self.systems.last_effect()
        answer = self.systems.answer(touch.request)
        self.sent |= dict.fromkeys(range(before + 1, self.systems.last_effect() + 1), sent)
        return answer

    def release(self, which: Callable[[Held], bool]) -> bool:
        """Let late requests happen; whether there were any."""
        due = [each for each in self.held if which(each)]
        for held in due:
            self.held.remove(held)
            if held.touch.is_spotler:
                self.before_late()
            answer = self.perform(held.touch, held.sent)
            assert answer.status_code != requests.codes.unauthorized, "a late request has to be as good as it was"
        return bool(due)

    def die(self) -> None:
        """The process ends here.

        Raises:
            Death: now and at every further touch, until another process is there.
        """
        self._dead = True
        raise Death

    def revive(self) -> None:
        """Another process is there."""
        self._dead = False

    def _is_hit(self, touch: Touch) -> bool:
        if touch.number == self._at:
            self._until = self.time.wall() + BUDGET
            return True
        if self._fault is None or not self._fault.repeats or not 0 < len(self.struck) < self._attempts:
            return False
        return self.time.wall() <= self._until and touch.repeats(self.struck[0])


class WireAdapter(BaseAdapter):
    """The wire for what makes its own session: azure-identity."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:  # type: ignore[override]
        """One request over HTTP."""
        return self._wire.send(request)

    def close(self) -> None:
        """Nothing is open."""


class TouchedState:
    """The state on the wire.

    Args:
        state: what is stored; it outlives every process.
        wire: counts the touches.
    """

    def __init__(self, state: MemoryState, wire: Wire) -> None:
        self._state = state
        self._wire = wire

    def read(self, name: str) -> Stored | None:
        """One read."""
        return self._touch(f"reading {name}", lambda: self._state.read(name))

    def write(self, name: str, value: Mapping[str, object], *, version: str | None) -> str:
        """One write."""
        return self._touch(f"writing {name}", lambda: self._state.write(name, value, version=version))

    def delete(self, name: str) -> None:
        """One deletion."""
        self._touch(f"deleting {name}", lambda: self._state.delete(name))

    def names(self, prefix: str = "") -> Sequence[str]:
        """One listing."""
        return self._touch(f"listing {prefix}", lambda: self._state.names(prefix))

    def _touch[T](self, what: str, use: Callable[[], T]) -> T:
        done: list[T] = []
        self._wire.touch(Kind.STATE, what, act=lambda: done.append(use()))
        return done[0]


class TouchedBus(SimulatedBus):
    """The simulated bus on the wire."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.time)
        self._wire = wire

    def to_queue(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        """One send; nothing to send is no touch."""
        batch, send = list(messages), super().to_queue
        if batch:
            self._wire.touch(Kind.SEND, f"sending {len(batch)} to {name}", act=lambda: send(name, batch))

    def post(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        """A send by somebody else."""
        super().to_queue(name, messages)

    def settle_one(self, path: str, message: Message, outcome: Outcome) -> None:
        """One settlement."""
        self._wire.touch(
            Kind.SETTLEMENT, f"{outcome.name.lower()} a message", act=lambda: self.settle(path, [message], outcome)
        )


def too_many(touch: Touch, retry_after: str | None = None) -> requests.Response:
    """The answer of a system that has no time, in its own words."""
    assert touch.request is not None
    headers = {"Content-Type": "application/json"} | ({"Retry-After": retry_after} if retry_after else {})
    return response(touch.request, THROTTLED, headers, _TOO_MANY["Spotler" if touch.is_spotler else touch.kind])


def _content(request: requests.PreparedRequest) -> tuple[object, ...]:
    return request.method, request.url, request.body
