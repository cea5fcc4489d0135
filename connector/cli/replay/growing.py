"""Replay in growing batches, which stops by itself when the same error comes back.

    1 ─► look ─► 2 ─► look ─► 5 ─► look ─► … 10,000
          │
          ├─ it failed again with the same error: no more of its kind
          ├─ it failed with another error: one at a time; when that error comes back too, no more of its kind
          └─ nobody takes it up: no more of its kind

A kind is what failed with one error in one queue, subscription or operation. Each kind grows and stops by itself: what
was corrected for one may not have been for another. A batch is sent in portions, with a look after each, so that a
large one also stops when it begins to fail.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Final, Protocol

import typer

from connector.cli.output import say
from connector.cli.replay.clock import ReplayClock
from connector.cli.replay.ledger import INTERRUPTED, Ledger, Observed, Replayable, ReplayState
from connector.words import Sentence

#: How many of a kind are replayed one after another, each batch after the one before it went well.
SIZES: Final = (1, 2, 5, 20, 100, 500, 2_000, 10_000)
#: Seconds' worth of sending between two looks: opening a link for each single message would take most of the time.
PORTION_SECONDS: Final = 10
#: Seconds to the next look, which grow by half with each look that sees nothing new, up to the longest.
FIRST_LOOK: Final = 1.0
LONGEST_LOOK: Final = 10.0
LATER_LOOK: Final = 1.5
#: Seconds between two lines that say what is waited for.
TELL_EVERY: Final = 10.0


class Replayer(Protocol):
    """Replays things of one sort, and sees what becomes of them."""

    #: What things are called that have ended well.
    ended: str

    def replay(self, things: Sequence[Replayable], ledger: Ledger) -> None:
        """Replay these; the ledger is told of each, whether it was or not."""
        ...

    def look(self, ids: Collection[str]) -> Mapping[str, Observed]:
        """What is to be seen of these now."""
        ...


@dataclass(frozen=True, slots=True)
class Manner:
    """How to replay.

    Attributes:
        rate: so many in a second at most, on average.
        wait: seconds without any change after which a batch is over.
        tolerated: so many of a kind may fail again with the same error.
    """

    rate: float
    wait: float
    tolerated: int = 0


@dataclass(slots=True)
class _Kind:
    """What failed with one error in one place.

    Attributes:
        left: what was not replayed yet, in order.
        met: the error of the kind, and those of earlier batches.
        back: how many failed again with an error that was met before.
        new: errors that the present batch has met for the first time.
        stopped: why no more are replayed; None: it goes on.
    """

    name: Sentence
    left: deque[Replayable]
    met: set[str]
    step: int = 0
    back: int = 0
    new: set[str] = field(default_factory=set)
    failed: bool = False
    stopped: Sentence | None = None

    def take(self) -> list[Replayable]:
        """The next batch."""
        return [] if self.stopped else [self.left.popleft() for _ in range(min(SIZES[self.step], len(self.left)))]

    def saw(self, code: str, tolerated: int) -> None:
        """One of them failed again."""
        self.failed = True
        if code not in self.met:
            self.new.add(code)
            return
        self.back += 1
        if self.back > tolerated:
            self.stopped = Sentence("the same error came back ({code})", code=code)

    def end_batch(self, *, waits: bool, wait: float) -> None:
        """Grow where it went well."""
        if waits and not self.stopped:
            self.stopped = Sentence(
                "nothing happened for {count} second to what was replayed; see whether the app runs",
                plural="nothing happened for {count} seconds to what was replayed; see whether the app runs",
                count=wait,
            )
        self.step = 0 if self.failed else min(self.step + 1, len(SIZES) - 1)
        self.met |= self.new
        self.new, self.failed = set(), False


def replay_growing(things: Iterable[Replayable], replayer: Replayer, manner: Manner, clock: ReplayClock) -> None:
    """Replay these things and print what became of each.

    Raises:
        typer.Exit: not everything was replayed, something failed again, or Ctrl-C was pressed.
        ConnectorError: a system failed; things without a line were not replayed, and the rest was not watched.
    """
    run = _Run(list(things), replayer, manner, clock)
    with clock.interruptible():
        run.go()


class _Run:
    def __init__(self, things: Sequence[Replayable], replayer: Replayer, manner: Manner, clock: ReplayClock) -> None:
        self._things = {thing.id: thing for thing in things}
        self._kinds: dict[tuple[str, str], _Kind] = {}
        for thing in self._things.values():
            kind = self._kinds.setdefault(
                thing.kind, _Kind(Sentence.joined(thing.origin, thing.code, between=", "), deque(), {thing.code})
            )
            kind.left.append(thing)
        self._replayer, self._manner, self._clock = replayer, manner, clock
        self._ledger = Ledger(len(self._things))
        self._next = clock.now()

    def go(self) -> None:
        try:
            while not self._clock.stopped:
                batch = [thing for kind in self._kinds.values() for thing in kind.take()]
                if not batch:
                    break
                self._batch(batch)
        finally:
            say(self._ledger.summary(ended=self._replayer.ended))
        if self._clock.stopped:
            say("Stopped by Ctrl-C; what has a line above was replayed.", err=True)
            raise typer.Exit(INTERRUPTED)
        if not self._ledger.is_complete:
            raise typer.Exit(1)

    def _batch(self, batch: Sequence[Replayable]) -> None:
        before = [kind for kind in self._kinds.values() if kind.stopped]
        for portion in batched(batch, max(1, int(self._manner.rate * PORTION_SECONDS)), strict=False):
            self._clock.pause(self._next - self._clock.now())
            wanted = [each for each in portion if not self._clock.stopped and not self._kind_of(each.id).stopped]
            if wanted:
                self._next = max(self._next, self._clock.now()) + len(wanted) / self._manner.rate
                self._replayer.replay(wanted, self._ledger)
                self._look()
        self._watch()
        waiting = [id_ for id_, seen in self._ledger.open.items() if seen.state is ReplayState.WAITING]
        waits = {id(self._kind_of(id_)) for id_ in waiting if not self._clock.stopped}
        for kind in {id(self._kind_of(each.id)): self._kind_of(each.id) for each in batch}.values():
            kind.end_batch(waits=id(kind) in waits, wait=self._manner.wait)
        say(Sentence("{progress}.", progress=self._ledger.progress), err=True)
        for kind in self._kinds.values():
            if kind.stopped and kind not in before:
                say(Sentence("No more of {kind}: {why}.", kind=kind.name, why=kind.stopped), err=True)

    def _watch(self) -> None:
        """Look until everything has ended, or nothing has changed for the waiting time."""
        changed = told = self._clock.now()
        pause = FIRST_LOOK
        while self._ledger.open and not self._clock.stopped:
            left = self._manner.wait - (self._clock.now() - changed)
            if left <= 0:
                break
            self._clock.pause(min(left, pause))
            if self._look():
                changed, pause = self._clock.now(), FIRST_LOOK
            else:
                pause = min(pause * LATER_LOOK, LONGEST_LOOK)
            if self._ledger.open and self._clock.now() - told >= TELL_EVERY:
                told = self._clock.now()
                say(
                    Sentence(
                        "{progress}; waiting for {number} of them.",
                        progress=self._ledger.progress,
                        number=len(self._ledger.open),
                    ),
                    err=True,
                )

    def _look(self) -> bool:
        """See what became of what is open; returns whether anything changed."""
        open_ = dict(self._ledger.open)
        changed = {id_: seen for id_, seen in self._replayer.look(open_).items() if seen != open_[id_]}
        for id_, seen in changed.items():
            self._ledger.saw(id_, seen)
            if seen.state is ReplayState.FAILED:
                self._kind_of(id_).saw(seen.code, self._manner.tolerated)
        return bool(changed)

    def _kind_of(self, thing_id: str) -> _Kind:
        return self._kinds[self._things[thing_id].kind]
