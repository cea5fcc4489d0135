"""A unit of work: the writes of one request, or of one change set, that are committed or undone together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.store import Store, Transaction
from sandbox.dataverse.users import Caller
from sandbox.dataverse.writes import RowEvent, Writer

type Listener = Callable[[list[RowEvent]], None]


class UnitOfWork:
    """Collects what several writers do in one transaction."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._transaction = Transaction(store)
        self.events: list[RowEvent] = []

    def writer(self, caller: Caller) -> Writer:
        """A writer on behalf of a caller, within this unit."""
        return Writer(self._store, self._clock, caller, self._transaction, self.events)

    def undo(self) -> None:
        """Take everything back."""
        self._transaction.undo()
        self.events.clear()


@dataclass(slots=True)
class Units:
    """Makes units of work and notifies the listeners of what was committed."""

    store: Store
    clock: Clock
    listeners: tuple[Listener, ...] = ()

    @contextmanager
    def begin(self, running: UnitOfWork | None = None) -> Iterator[UnitOfWork]:
        """A unit of work; inside a change set it is the one that runs already, which is committed elsewhere."""
        if running is not None:
            yield running
            return
        unit = UnitOfWork(self.store, self.clock)
        try:
            yield unit
        except BaseException:
            unit.undo()
            raise
        if unit.events:
            for listener in self.listeners:
                listener(unit.events)
