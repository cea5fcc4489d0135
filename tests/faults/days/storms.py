"""Outages, lost answers, late effects and crashes: a wire on which they happen to whatever is touched."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import requests

from connector.errors import Transient
from tests.faults.matrix.systems import DATAVERSE_URL, LEADS_URL, SPOTLER_URL, Systems
from tests.faults.matrix.wire import Held, Kind, Touch, Wire
from tests.faults.simulated_bus import SimulatedTime
from tests.in_process import response

#: What may be out of order.
SYSTEMS: Final = ("Spotler", "Dataverse", "Leads", "state")
#: Where each of them that has an address is.
_ROOTS: Final = {"Spotler": SPOTLER_URL, "Dataverse": DATAVERSE_URL, "Leads": LEADS_URL}
#: How late a call about the members of an audience may take effect. Of no other call the effect has to be remembered.
LATEST: Final = timedelta(hours=3)
DELAYS: Final = 0.3
_MEMBERS: Final = re.compile(r"/audience/[^/]+/contact$")


@dataclass(frozen=True, slots=True)
class Outage:
    """A system does not answer, or says that it cannot.

    Attributes:
        system: one of `SYSTEMS`.
        until: when it is over.
        answers: whether it answers at all.
    """

    system: str
    until: datetime
    answers: bool


class StormyWire(Wire):
    """A wire on which things go wrong, until it is calmed.

    Args:
        systems: what answers.
        time: the simulated time.
        chance: decides.
    """

    def __init__(self, systems: Systems, time: SimulatedTime, chance: random.Random) -> None:
        super().__init__(systems, time)
        self._chance = chance
        self.outages: list[Outage] = []
        #: So many touches later the process dies; None for never.
        self.dies_in: int | None = None
        #: How likely the answer to a call that may change something is lost.
        self.loses = 0.0
        #: How likely a call about the members of an audience takes effect later, and is not answered.
        self.delays = DELAYS

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.outages, self.dies_in, self.loses, self.delays = [], None, 0.0, 0.0

    def touch(
        self,
        kind: Kind,
        what: str,
        request: requests.PreparedRequest | None = None,
        act: Callable[[], None] = lambda: None,
    ) -> requests.Response | None:
        """One touch, if nothing is in its way."""
        dies = False
        if self.dies_in is not None:
            self.dies_in -= 1
            dies = self.dies_in <= 0
        if dies and self._chance.random() < 0.5:
            self._die()
        if (outage := self._outage(kind, request)) is not None:
            return self._fail(outage, request)
        if (
            request is not None
            and _MEMBERS.search(str(request.url))
            and self.delays
            and self._chance.random() < self.delays
        ):
            self._hold(Touch(0, kind, what, request))
        answer = super().touch(kind, what, request, act)
        self.touches.clear()
        if dies:
            self._die()
        if kind is Kind.WRITE and self.loses and self._chance.random() < self.loses:
            raise requests.ReadTimeout
        return answer

    def _hold(self, touch: Touch) -> None:
        """It takes effect later, when whoever sent it has long since sent it again."""
        if self._dead:
            self.die()
        now = self.time.wall()
        self.held.append(Held(touch, now, now + self._chance.uniform(1, LATEST.total_seconds())))
        raise requests.ReadTimeout

    def _die(self) -> None:
        self.dies_in = None
        self.die()

    def _outage(self, kind: Kind, request: requests.PreparedRequest | None) -> Outage | None:
        if request is not None:
            system = next(name for name, root in _ROOTS.items() if str(request.url).startswith(root))
        elif kind is Kind.STATE:
            system = "state"
        else:
            return None
        now = self.time.now()
        return next((each for each in self.outages if each.system == system and now < each.until), None)

    def _fail(self, outage: Outage, request: requests.PreparedRequest | None) -> requests.Response:
        if self._dead:
            self.die()
        if request is None:
            raise Transient("The state cannot be reached.")
        if not outage.answers:
            raise requests.ConnectionError
        return response(request, 503, {"Content-Type": "text/html"}, b"<html>Service Unavailable</html>")
