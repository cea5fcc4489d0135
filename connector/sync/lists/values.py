"""The values of the state about one list, each with a checksum."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from connector.state import StateConflict, StateStore, StoredValueUnreadable
from connector.sync.lists.checksums import with_checksum, without_checksum
from connector.sync.lists.errors import ListStateLost
from connector.sync.lists.ids import unpacked
from connector.sync.lists.run import ListRun

LISTS: Final = "lists"
#: How often a value is written that somebody else writes at the same time.
TRIES: Final = 5


class ValueLost(Exception):
    """A value that should be there is not, or cannot be read."""


class ListValues:
    """The values of one list.

    Args:
        state: of the app.
        list_id: in lower case.
    """

    def __init__(self, state: StateStore, list_id: str) -> None:
        self._state = state
        self._root = f"{LISTS}/{list_id}"

    @staticmethod
    def remembered(state: StateStore) -> set[str]:
        """The ids of the lists of which something is stored."""
        return {name.split("/")[1] for name in state.names(f"{LISTS}/")}

    # Runs

    def runs(self) -> list[int]:
        """The numbers of the runs that something is stored of, oldest first."""
        names = self._state.names(f"{self._root}/")
        return sorted({int(name.split("/")[2]) for name in names if name.split("/")[2].isdigit()})

    def run(self, number: int) -> tuple[ListRun, str] | None:
        """A run and its version; None where it cannot be read."""
        with suppress(StoredValueUnreadable, ValueError):
            stored = self._state.read(self._name(number, "run"))
            if stored is not None:
                return ListRun.parse(without_checksum(stored.value, required=False)), stored.version
        return None

    def save(self, number: int, run: ListRun, version: str | None) -> str:
        """Write a run over the version that was read.

        Raises:
            StateConflict: another worker has written it.
        """
        return self._state.write(self._name(number, "run"), with_checksum(run.value), version=version)

    # Values of a run

    def put(self, number: int, kind: str, place: int | None, value: Mapping[str, object]) -> None:
        """Write a value, whatever was there: a piece that is repeated writes it again."""
        name = self._name(number, kind, place)
        version = None
        for _ in range(TRIES):
            try:
                self._state.write(name, with_checksum(value), version=version)
            except StateConflict:
                with suppress(StoredValueUnreadable):
                    version = stored.version if (stored := self._state.read(name)) else None
            else:
                return
        raise StateConflict

    def get(self, number: int, kind: str, place: int, *names: str) -> Mapping[str, bytes]:
        """The members that an earlier piece wrote, by what it says of them: under these names, or under all it has.

        Raises:
            ListStateLost: they are not there any more, or were changed.
        """
        try:
            value = self._read(self._name(number, kind, place), required=True)
            return {each: member_bytes(value.get(each)) for each in names or value}
        except ValueLost:
            raise ListStateLost from None

    def _read(self, name: str, *, required: bool = False) -> Mapping[str, object]:
        try:
            stored = self._state.read(name)
            if stored is not None:
                return without_checksum(stored.value, required=required)
        except (StoredValueUnreadable, ValueError):
            pass
        raise ValueLost

    def _name(self, number: int, kind: str, place: int | None = None) -> str:
        return f"{self._root}/{number:06}/{kind}" + ("" if place is None else f"-{place:05}")


def member_bytes(value: object) -> bytes:
    """The members that a value names.

    Raises:
        ValueLost: it names none in the way in which they are written.
    """
    try:
        return unpacked(value)
    except ValueError:
        raise ValueLost from None
