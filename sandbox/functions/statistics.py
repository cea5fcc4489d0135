"""Counts what each function did, for tests and benchmarks that look from outside."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TypedDict


class FunctionFigures(TypedDict):
    """What is known of one function. `batch_sizes` is a histogram: number of messages -> number of calls with so many.

    `unsettled` counts messages that were received and not settled: the engine died, or their lock was lost.
    """

    invocations: int
    failures: int
    messages: int
    in_flight: int
    completed: int
    abandoned: int
    unsettled: int
    batch_sizes: dict[int, int]


@dataclass(slots=True)
class _Counts:
    counter: Counter[str] = field(default_factory=Counter)
    batch_sizes: Counter[int] = field(default_factory=Counter)


class Statistics:
    """The figures of all functions. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._functions: dict[str, _Counts] = {}

    def know(self, function: str) -> None:
        """Lets a function appear before it has run."""
        with self._lock:
            self._functions.setdefault(function, _Counts())

    def began(self, function: str, messages: int) -> None:
        """A call began that works on so many messages (0 for a timer)."""
        with self._lock:
            counts = self._functions.setdefault(function, _Counts())
            counts.counter.update(invocations=1, messages=messages, in_flight=1)
            if messages:
                counts.batch_sizes[messages] += 1

    def ended(self, function: str, *, succeeded: bool) -> None:
        """A call ended."""
        with self._lock:
            self._functions[function].counter.update(in_flight=-1, failures=0 if succeeded else 1)

    def settled(self, function: str, *, completed: int = 0, abandoned: int = 0, unsettled: int = 0) -> None:
        """So many messages were completed, abandoned, or left to their locks."""
        with self._lock:
            self._functions[function].counter.update(completed=completed, abandoned=abandoned, unsettled=unsettled)

    def figures(self) -> dict[str, FunctionFigures]:
        """A copy of everything, by function."""
        with self._lock:
            return {
                name: FunctionFigures(
                    invocations=counts.counter["invocations"],
                    failures=counts.counter["failures"],
                    messages=counts.counter["messages"],
                    in_flight=counts.counter["in_flight"],
                    completed=counts.counter["completed"],
                    abandoned=counts.counter["abandoned"],
                    unsettled=counts.counter["unsettled"],
                    batch_sizes=dict(sorted(counts.batch_sizes.items())),
                )
                for name, counts in self._functions.items()
            }
