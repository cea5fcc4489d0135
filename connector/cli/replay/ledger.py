"""What became of each thing that is replayed, printed as it becomes known, and counted at the end.

Standard output has a line for each thing that was replayed, and the count. Standard error has a line for each thing
that was not replayed, or that failed again.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import typer

from connector.cli.output import put
from connector.words import Sentence

#: The exit code of a process that Ctrl-C ended.
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Replayable:
    """A stored message or a job that can be replayed.

    Attributes:
        id: how people name it.
        code: of the error with which it failed.
        origin: the queue, subscription or operation in which it failed.
    """

    id: str
    code: str
    origin: str

    @property
    def kind(self) -> tuple[str, str]:
        """What fails for the same reason in the same place."""
        return self.code, self.origin


class ReplayState(Enum):
    """What was seen of a thing after its replay."""

    #: Nothing has taken it up yet, or it is being worked on.
    WAITING = auto()
    #: It was taken up, and has not come back so far.
    AWAY = auto()
    #: It has ended, and cannot come back.
    ENDED = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of a thing, with the code of the new error where it failed again, and where it is now."""

    state: ReplayState
    code: str = ""
    where: str = ""


class Ledger:
    """Prints and counts.

    Attributes:
        open: the replayed things that may still fail again, with what was last seen of each.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._replayed = self._ended = self._refused = 0
        self._again = Counter[str]()
        self.open: dict[str, Observed] = {}

    def replayed(self, thing_id: str, text: str) -> None:
        """A thing was replayed."""
        typer.echo(f"{thing_id}  {put(text)}")
        self._replayed += 1
        self.open[thing_id] = Observed(ReplayState.WAITING)

    def refused(self, thing_id: str, why: str) -> None:
        """A thing was not replayed."""
        typer.echo(f"{thing_id}  {put(why)}", err=True)
        self._refused += 1

    def saw(self, thing_id: str, seen: Observed) -> None:
        """What was seen of a thing that is open."""
        if seen.state is ReplayState.FAILED:
            again = put(Sentence("failed again: {code}", code=seen.code))
            typer.echo("  ".join(filter(None, (thing_id, again, put(seen.where)))), err=True)
            self._again[seen.code] += 1
        if seen.state is ReplayState.ENDED:
            self._ended += 1
        if seen.state in (ReplayState.FAILED, ReplayState.ENDED):
            del self.open[thing_id]
        else:
            self.open[thing_id] = seen

    @property
    def progress(self) -> Sentence:
        """How far it is."""
        return Sentence(
            "{replayed} of {total} replayed, {again} failed again",
            replayed=self._replayed,
            total=self._total,
            again=self._again.total(),
        )

    def summary(self, *, ended: str) -> Sentence:
        """All of it in one line.

        Args:
            ended: what things are that have ended well, e.g. `Completed`.
        """
        states = Counter(seen.state for seen in self.open.values())
        codes = [Sentence("{code} {number}", code=code, number=count) for code, count in sorted(self._again.items())]
        parts = {
            Sentence.of(ended): self._ended,
            Sentence("not back so far"): states[ReplayState.AWAY],
            Sentence("still waiting"): states[ReplayState.WAITING],
            Sentence("failed again ({codes})", codes=Sentence.joined(*codes, between=", ")): self._again.total(),
        }
        found = [Sentence("{number} {what}", number=count, what=what) for what, count in parts.items() if count]
        left = self._total - self._replayed
        return Sentence.joined(
            Sentence(
                "{replayed} replayed: {found}.", replayed=self._replayed, found=Sentence.joined(*found, between=", ")
            )
            if found
            else Sentence("{replayed} replayed.", replayed=self._replayed),
            Sentence("{left} not replayed.", left=left) if left else "",
        )

    @property
    def is_complete(self) -> bool:
        """Whether everything was replayed, and nothing failed again or waits."""
        waits = any(seen.state is ReplayState.WAITING for seen in self.open.values())
        return self._replayed == self._total and not self._again and not waits
