"""What a button does: an act takes what the form holds, does one thing, and says what it did.

Every act is a POST to `/do/NAME`; afterwards the browser is sent back to the page, which shows the notice.
"""

import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.console.systems import Systems

#: So many notices are kept; the page shows one right after it was made.
KEPT: Final = 50

type Entered = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """What an act did.

    Attributes:
        text: a sentence for people.
        tone: `good`, `calm` or `bad`.
        output: what a command printed.
        go: what the page shows afterwards; see `State`.
        refused: the act that was refused, if it was.
        entered: what its form held, so that nobody has to enter it again.
    """

    text: str
    tone: str = "good"
    output: str = ""
    go: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    entered: Entered = field(default_factory=dict)

    def typed(self, act: str, name: str, usual: str = "") -> str:
        """What a field of the form of an act shows: what was entered, if it was refused, else the usual."""
        return self.entered.get(name, "") if act == self.refused else usual


type Act = Callable[[Systems, Entered], Notice]


class Notices:
    """The latest notices, by a number that addresses can carry."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._kept: OrderedDict[str, Notice] = OrderedDict()

    def keep(self, notice: Notice) -> str:
        """Keep a notice; its number."""
        number = str(next(self._numbers))
        self._kept[number] = notice
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return number

    def find(self, number: str) -> Notice | None:
        """The notice of a number, if it is still kept."""
        return self._kept.get(number)
