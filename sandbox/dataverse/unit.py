"""A unit of work: the writes of one request, or of one change set, that are committed or undone together."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.store import Store, Transaction
from sandbox.dataverse.users import Caller
from sandbox.dataverse.writes import RowEvent, TableRules, Writer

type Listener = Callable[[list[RowEvent]], None]


class UnitOfWork:
    """Collects what several writers do in one transaction."""

    def __init__(self, store: Store, clock: Clock, rules: Mapping[str, TableRules]) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._transaction = Transaction(store)
        self.events: list[RowEvent] = []

    def writer(self, caller: Caller) -> Writer:
        """A writer on behalf of a caller, within this unit."""
        return Writer(self._store, self._clock, caller, self._transaction, self.events, self._rules)

    def settle(self) -> None:
        """Bring up to date what follows from all writes together."""
        for rules in self._rules.values():
            rules.settle(self._transaction, self.events)

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
    rules: Mapping[str, TableRules] = field(default_factory=dict)

    @contextmanager
    def begin(self, running: UnitOfWork | None = None) -> Iterator[UnitOfWork]:
        """A unit of work; inside a change set it is the one that runs already, which is committed elsewhere."""
        if running is not None:
            yield running
            return
        unit = UnitOfWork(self.store, self.clock, self.rules)
        try:
            yield unit
            unit.settle()
        except BaseException:
            unit.undo()
            raise
        if unit.events:
            for listener in self.listeners:
                listener(unit.events)
