"""How many calls another system bears at the same time, found out from its answers.

The limit moves between 1 and the setting, by laws that have proved themselves in networks:

    at first   doubles every half second of use, until the first setback
    refused    limit x (1 - share / 2), where that share of the calls of a second met 429, 502, 503, 504 or silence; at
               least a tenth less where a pause is asked for, because meeting that limit is dear
    slower     limit x usual / now x 0.8, when calls take half as long again as usual: what waits in the system goes,
               and a part of what it works on, so that the usual time can be measured again
    else       plateau + most x ((age - k) / 40 s)^3, while every place is in use

* The fall by share is that of DCTCP (RFC 8257): a stray refusal costs next to nothing, a storm halves every second.
* The growth is the curve of CUBIC (RFC 9438), the congestion control of most of the internet. `plateau` is what the
  system is expected to bear and `age` the time in use since the setback: quickly up to the plateau, slowly over it,
  quickly again if nothing happens; `k` makes the curve begin at the limit after the setback. Time counts and not the
  number of answers, so the way from one call back to all takes 40 s of use in any system.
* Slowness is a gradient, as in TCP Vegas, Netflix's concurrency-limits and Envoy's adaptive concurrency: what exceeds
  the number that a system works on only waits in it, and times rise in proportion. A call is compared with its own kind
  only, and by the geometric mean of a second, because single times scatter. After such a setback the limit rests until
  the usual time has been measured; what is slow even then is slow by itself, and taken for usual in a few steps.
* A fraction of a call counts as one more call for that part of every second. Without it, a system that bears four and
  a half calls could only be given four.
* Calls that began before a setback say nothing about the limit after it: one overload is one setback, whatever the
  number of answers that it spoils.
"""

import math
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from connector.http.gate import NO_EFFECT, Clock, Gate

#: Answers that speak of overload: slow down (429), or a gate before the system gets nothing through it.
OVERLOAD: Final = (429, 502, 503, 504)
#: Calls at the same time to begin with: a cold start shall not be a burst.
FIRST: Final = 4
#: Seconds of use in which the limit doubles at first: some round trips, as the slow start of TCP doubles with each.
DOUBLING_SECONDS: Final = 0.5
#: Seconds of use from one call back to all: fewer would meet the limit more often, and a recovery may take a minute.
GROWTH_SECONDS: Final = 40.0
#: Growth per second at least: makes up for stray refusals, up to one in 200, which would hold the curve at its start.
CREEP: Final = 0.0025
#: The part of the limit to give up at least when a pause is asked for: a second of pause costs as much in ten seconds.
ASKED: Final = 0.1
#: Seconds of answers that are judged together. Limits are mostly counted by the second.
ROUND_SECONDS: Final = 1.0
#: How much slower is a sign of waiting: less may be the weather, more would fill the queue of the other system.
SLOWER: Final = 1.5
#: What is kept of the calls that the system worked on, so that its queue runs empty and shows the usual time.
DRAIN: Final = 0.8
#: Standard errors by which a mean must be beyond that, because it may be chance.
DOUBT: Final = 2.0
#: Answers of one kind that a judgement needs; a quarter of the scatter of single times is left.
SAMPLE: Final = 16
#: The same while the limit rests, which shall be short.
DRAINED_SAMPLE: Final = 8
#: Seconds after which times are too old to be judged together with new ones: a sample of slow calls, one by one.
SAMPLE_SECONDS: Final = 60.0
#: Seconds in which the usual time follows most of an improvement.
BETTER_SECONDS: Final = 10.0
#: Shorter times count as this one: they measure this machine, not the other.
SHORTEST: Final = 0.01
#: Kinds of calls to remember; there are some dozens, and a mistake that invents more shall not fill the memory.
MOST_KINDS: Final = 1000


class AdaptiveGovernor:
    """Lets out as many calls at a time as the other system bears; one per system and process, shared by all threads.

    Args:
        system: its name in sentences.
        most: calls at the same time that are never exceeded.
        clock: time.
    """

    def __init__(self, system: str, most: int, clock: Clock) -> None:
        self._limit = Limit(most)
        self.gate: Final = Gate(system, min(FIRST, most), clock)
        self._clock = clock
        self._lock = threading.Lock()
        self._times = Times()
        self._answers = self._refused = 0  # in this round
        self._round_began = self._last_good = self._set_back = self._measuring_until = -math.inf  # moments

    @property
    def limit(self) -> int:
        """Calls at the same time, at present."""
        return self._limit.calls(self._clock.monotonic())

    def slot(self, patience: float) -> AbstractContextManager[None]:
        """A place for one call, in the order of asking; see `Gate.slot`."""
        return self.gate.slot(patience)

    def observe(self, status: int | None, seconds: float, retry_after: float | None, kind: str) -> None:
        """Learn from one attempt, before its slot ends."""
        self.gate.observe(status, seconds, retry_after, kind)
        with self._lock:
            now = self._clock.monotonic()
            if now - seconds >= self._set_back:
                if status is None or status in OVERLOAD:
                    self._count(now, refused=True, asked=status in NO_EFFECT and retry_after is not None)
                elif status < 500:  # 500 is a mistake, there or here, that says nothing about the load
                    self._count(now, refused=False, asked=False)
                    self._weigh(status, seconds, kind, now)
            calls = self._limit.calls(now)
            if calls != self.gate.places:
                self.gate.resize(calls)

    def _count(self, now: float, *, refused: bool, asked: bool) -> None:
        self._answers += 1
        self._refused += refused
        if asked or now - self._round_began >= ROUND_SECONDS:
            if self._refused:
                self._limit.refused(self._refused / self._answers, ASKED if asked else 0.0)
                self._start_over(now)
            self._answers = self._refused = 0
            self._round_began = now

    def _weigh(self, status: int, seconds: float, kind: str, now: float) -> None:
        measuring = now < self._measuring_until
        # A refusal of the content (4xx) is quick and would pass for a quiet day.
        gradient = self._times.add(kind, seconds, now, drained=measuring) if status < 400 else None
        if gradient is not None and gradient < 1:
            self._limit.slowed(gradient)
            self._start_over(now)
            self._measuring_until = now + SAMPLE_SECONDS
        elif gradient is not None:
            self._measuring_until = now
        elif self.gate.is_full and not measuring:
            # An answer vouches for the time that it took, as far as no other answer has done so.
            self._limit.grow(min(seconds, now - self._last_good))
        self._last_good = now

    def _start_over(self, now: float) -> None:
        self._times.restart()
        self._set_back = now


class Limit:
    """The number of calls at the same time, from 1 to `most`: its falls and its growth."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._steepness = most / GROWTH_SECONDS**3
        self._value = float(min(FIRST, most))
        self._searching = True
        self._plateau = self._age = self._flat_at = 0.0

    def calls(self, now: float) -> int:
        """The limit in whole calls: at 4.5 it is 4 in the first half of every second, and 5 in the second."""
        return int(self._value + now % ROUND_SECONDS / ROUND_SECONDS)

    def refused(self, share: float, least: float) -> None:
        """The system refused this share of the calls: give up half of that, and no less than `least`."""
        self._fall(self._value * (1 - max(share / 2, least)), self._value * (1 - least / 2))

    def slowed(self, gradient: float) -> None:
        """Calls wait in the system, which works on this part of the limit only."""
        self._fall(self._value * gradient * DRAIN, self._value * gradient)

    def grow(self, seconds: float) -> None:
        """All places were in use for so many seconds, and all went well."""
        if self._searching:
            risen = self._value * 2 ** (min(seconds, GROWTH_SECONDS) / DOUBLING_SECONDS)
        else:
            self._age += seconds
            curve = self._plateau + self._steepness * (self._age - self._flat_at) ** 3
            risen = max(curve, self._value * (1 + CREEP * seconds))
        self._value = min(max(self._value, risen), self._most)

    def _fall(self, value: float, plateau: float) -> None:
        self._searching = False
        self._value = max(value, 1.0)
        self._plateau = max(plateau, 1.0)
        self._age = 0.0
        self._flat_at = math.cbrt((self._plateau - self._value) / self._steepness)


@dataclass(slots=True)
class _Kind:
    """Logarithms of the times of one kind: the usual one, and the sum of those to be judged next."""

    began: float
    total: float = 0.0
    squares: float = 0.0
    count: int = 0
    usual: float | None = None
    judged: float = 0.0


class Times:
    """What calls usually take, by kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def add(self, kind: str, seconds: float, now: float, *, drained: bool) -> float | None:
        """Count one time in, measured while nothing waits in the system or not.

        Returns:
            The usual time divided by the present one if that is longer beyond doubt, else 1; None before a judgement.
        """
        times = self._kinds.get(kind)
        if times is None:
            if len(self._kinds) >= MOST_KINDS:
                self._kinds.clear()
            times = self._kinds[kind] = _Kind(now)
        if times.count == 0 or now - times.began > SAMPLE_SECONDS:
            times.total, times.squares, times.count, times.began = 0.0, 0.0, 0, now
        logarithm = math.log(max(seconds, SHORTEST))
        times.total += logarithm
        times.squares += logarithm * logarithm
        times.count += 1
        if times.usual is None:
            if times.count == FIRST:  # before the limit rises: later ones may have waited
                times.usual, times.judged, times.count = times.total / times.count, now, 0
            return None
        if times.count >= (DRAINED_SAMPLE if drained else SAMPLE) and now - times.began >= ROUND_SECONDS:
            return self._judge(times, times.usual, now, drained=drained)
        return None

    def restart(self) -> None:
        """Forget the samples that have begun: the load has changed."""
        for times in self._kinds.values():
            times.count = 0

    @staticmethod
    def _judge(times: _Kind, usual: float, now: float, *, drained: bool) -> float:
        mean = times.total / times.count
        error = math.sqrt(max(times.squares / times.count - mean * mean, 0.0) / times.count)
        excess = mean - usual
        if drained:
            times.usual = usual + excess / 2
        elif excess < 0:
            times.usual = usual + excess * -math.expm1((times.judged - now) / BETTER_SECONDS)
        times.judged = now
        times.count = 0
        return math.exp(-excess) if excess - DOUBT * error >= math.log(SLOWER) else 1.0
