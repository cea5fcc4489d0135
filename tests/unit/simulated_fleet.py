"""Many instances of the app against one Dataverse, on a virtual clock: each has a limiter, none knows of the others.

The limiters and their gates are the connector's; the limits are those of the stand-in, with the numbers of the real
service: 6,000 requests and 1,200 seconds of work in 5 minutes, 52 requests at the same time, for one user and server.
"""

import random
from dataclasses import dataclass

from connector.dataverse.api.protection import Protection
from connector.http.gate import Turn
from connector.http.limiter import Limiter
from connector.http.pace import Pace
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.limits import Limiter as ServiceProtection, LimitSettings
from tests.unit.simulated_system import LONGEST_PAUSE, Simulation

USER = "the application user"
#: Seconds that a refusal takes.
REFUSAL = 0.02


def queries(rng):
    """Seconds of work on a call that reads a chunk."""
    return rng.uniform(0.05, 0.15)


def mixed(rng):
    """Seconds of work on calls of a chunk of 100 jobs: four queries, three batches that write."""
    return rng.uniform(0.05, 0.25) if rng.random() < 4 / 7 else rng.uniform(0.5, 3.0)


@dataclass(frozen=True)
class Figures:
    """What happened between two moments.

    Attributes:
        rate: good answers per second.
        refused: the share of answers that were 429.
        used: the larger share of requests and of seconds that the limits allow.
    """

    rate: float
    refused: float
    used: float


class Fleet:
    """Instances that call all the time: each always has more calls to make than places.

    Args:
        instances: how many.
        work: draws the seconds of work on one call.
        most: calls at the same time of one instance, as its setting says.
        seed: of chance.
    """

    def __init__(self, instances, *, work, most=8, seed=1):
        self.simulation = Simulation()
        self.settings = LimitSettings()
        self._protection = ServiceProtection(self.settings, VirtualClock(self.simulation))
        self._rng = random.Random(seed)  # noqa: S311 - a simulation
        self._work = work
        self.answers = []  # moment, whether it is good, seconds of work
        self.limiters = [
            Limiter("Dataverse", most, self.simulation.clock, Pace(self.settings.window_seconds))
            for _ in range(instances)
        ]
        self._left = {limiter: Protection().left for limiter in self.limiters}
        for limiter in self.limiters:
            start = self._rng.uniform(0.0, 30.0)
            for _ in range(2 * most):
                self.simulation.after(start, lambda limiter=limiter: self._ask(limiter))

    def run(self, begin, end):
        """Let time pass until `end`; the figures are from `begin` on."""
        self.simulation.run_until(end)
        counted = [each for each in self.answers if begin <= each[0] < end]
        good = [seconds for _, is_good, seconds in counted if is_good]
        windows = (end - begin) / self.settings.window_seconds
        used = max(len(good) / self.settings.requests, sum(good) / self.settings.seconds) / windows
        return Figures(len(good) / (end - begin), 1 - len(good) / max(len(counted), 1), used)

    def _ask(self, limiter):
        def decided():
            if turn.admitted:
                self._begin(limiter)
            else:
                self.simulation.after(max(limiter.gate.pause, 0.01), lambda: self._ask(limiter))

        turn = Turn(self.simulation.now + LONGEST_PAUSE, lambda: self.simulation.after(0.0, decided))
        limiter.gate.join(turn)
        if turn.admitted is not None:
            decided()

    def _begin(self, limiter, *, reserved=False):
        if (pause := limiter.gate.pause) > 0:
            if pause > LONGEST_PAUSE:
                limiter.gate.leave()
                self.simulation.after(pause, lambda: self._ask(limiter))
            else:
                self.simulation.after(pause, lambda: self._begin(limiter, reserved=reserved))
            return
        if not reserved:
            wait = limiter.gate.start(self.simulation.now + LONGEST_PAUSE)
            if wait is None:
                limiter.gate.leave()
                self.simulation.after(LONGEST_PAUSE, lambda: self._ask(limiter))
                return
            if wait > 0:
                self.simulation.after(wait, lambda: self._begin(limiter, reserved=True))
                return
        try:
            self._protection.enter(USER)
        except ApiError as refusal:
            wait = float(refusal.headers["Retry-After"])
            self.simulation.after(REFUSAL, lambda: self._end(limiter, REFUSAL, wait))
        else:
            seconds = self._work(self._rng)
            self.simulation.after(seconds, lambda: self._end(limiter, seconds, None))

    def _end(self, limiter, seconds, wait):
        left = None
        if wait is None:
            left = self._left[limiter](self._protection.leave(USER, seconds))
        limiter.observe(200 if wait is None else 429, seconds, wait, left)
        limiter.gate.leave()
        self.answers.append((self.simulation.now, wait is None, seconds))
        back_off = 0.0 if wait is None else self._rng.uniform(0.25, 0.5)
        self.simulation.after(back_off, lambda: self._ask(limiter))


class VirtualClock:
    """The clock of the stand-in, in virtual time."""

    def __init__(self, simulation):
        self._simulation = simulation

    def timestamp(self):
        return self._simulation.now
