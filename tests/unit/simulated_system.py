"""A system under load and the clients that call it through a limiter, on a virtual clock: hours pass in seconds.

The clients do what the threads of the transport do (join the queue, wait out a pause, call, observe, leave, back off
after a refusal), as events instead of threads. The limiter and its gate are the real ones.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from statistics import fmean

from connector.http.clock import Clock
from connector.http.gate import Turn
from connector.http.limiter import Limiter

#: Seconds that a client waits for the end of a pause, as in the transport.
LONGEST_PAUSE = 8.0


class Simulation:
    """Events in the order of virtual time; what is left to chance is the same each time."""

    def __init__(self):
        self.now = 0.0
        self._random = random.Random(0).random  # noqa: S311 - a simulation
        self._events = []
        self._order = count()

    @property
    def clock(self):
        return Clock(monotonic=lambda: self.now, random=self._random)

    def after(self, seconds, action):
        heapq.heappush(self._events, (self.now + seconds, next(self._order), action))

    def run_until(self, moment):
        while self._events and self._events[0][0] <= moment:
            self.now, _, action = heapq.heappop(self._events)
            action()
        self.now = moment


@dataclass(frozen=True)
class Answer:
    """What came back: `status` None is silence."""

    status: int | None
    seconds: float
    retry_after: float | None = None


@dataclass
class System:
    """Works on so many calls at a time, in the order of arrival, and refuses those beyond its limit per second.

    Attributes:
        workers: calls at the same time; others wait in its queue. None: as many as come.
        per_second: calls begun in a second; those beyond are answered 429.
        service: seconds of work on one call, or a function that draws them.
        retry_after: seconds that a 429 names.
        fault: may answer in the system's place, given the moment.
    """

    workers: int | None = None
    per_second: int | None = None
    service: float | Callable[[random.Random], float] = 0.1
    retry_after: float | None = None
    fault: Callable[[float, random.Random], Answer | None] = lambda _moment, _rng: None

    def __post_init__(self):
        self._free = [0.0] * (self.workers or 1000)
        self._second = self._begun = 0

    def answer(self, now, rng):
        if faulty := self.fault(now, rng):
            return faulty
        second = int(now + 0.37)  # its seconds do not begin with ours
        if second != self._second:
            self._second, self._begun = second, 0
        if self.per_second is not None and self._begun >= self.per_second:
            return Answer(429, 0.02, self.retry_after)
        self._begun += 1
        work = self.service(rng) if callable(self.service) else self.service * rng.uniform(0.8, 1.2)
        end = max(now, heapq.heappop(self._free)) + work
        heapq.heappush(self._free, end)
        return Answer(200, end - now)


@dataclass(frozen=True)
class Figures:
    """What happened between two moments: good answers per second, share of others, mean seconds of the good."""

    rate: float
    refused: float
    seconds: float


class Load:
    """Clients that call all the time: always more calls to make than places."""

    def __init__(self, system, *, most, clients=None, seed=1):
        self.simulation = Simulation()
        self.limiter = Limiter("Spotler", most, self.simulation.clock)
        self.running = self.most_running = 0
        self.calls_of = [0] * (clients or 2 * most)
        self._gate = self.limiter.gate
        self._system = system
        self._rng = random.Random(seed)  # noqa: S311 - a simulation
        self._answers = []
        for client in range(len(self.calls_of)):
            self._ask(client)

    def run_until(self, moment):
        self.simulation.run_until(moment)

    def figures(self, begin, end):
        answers = [answer for moment, answer in self._answers if begin <= moment < end]
        good = [answer.seconds for answer in answers if answer.status == 200]
        return Figures(len(good) / (end - begin), 1 - len(good) / max(len(answers), 1), fmean(good or [0.0]))

    def sent(self, begin, end):
        return sum(begin <= moment < end for moment, _ in self._answers) / (end - begin)

    def _ask(self, client):
        def decided():
            if turn.admitted:
                self._begin(client)
            else:
                self.simulation.after(max(self._gate.pause, 0.01), lambda: self._ask(client))

        turn = Turn(self.simulation.now + LONGEST_PAUSE, lambda: self.simulation.after(0.0, decided))
        self._gate.join(turn)
        if turn.admitted is not None:
            decided()

    def _begin(self, client):
        if (pause := self._gate.pause) > 0:
            if pause > LONGEST_PAUSE:
                self._gate.leave()
                self.simulation.after(pause, lambda: self._ask(client))
            else:
                self.simulation.after(pause, lambda: self._begin(client))
            return
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        answer = self._system.answer(self.simulation.now, self._rng)
        self.simulation.after(answer.seconds, lambda: self._end(client, answer))

    def _end(self, client, answer):
        self.running -= 1
        self.limiter.observe(answer.status, answer.seconds, answer.retry_after)
        self._gate.leave()
        self._answers.append((self.simulation.now, answer))
        self.calls_of[client] += 1
        back_off = 0.0 if answer.status == 200 else self._rng.uniform(0.25, 0.5)
        self.simulation.after(back_off, lambda: self._ask(client))
