"""State that a test keeps in memory; the contract test of state runs against it too."""

import itertools
import threading
from collections.abc import Mapping, Sequence

from connector.state import StateConflict, Stored
from connector.state.model import checked, from_json, to_json


class MemoryState:
    """Values as their text, so that nobody shares an object with the state."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[bytes, str]] = {}
        self._versions = itertools.count(1)
        self._lock = threading.Lock()

    def read(self, name: str) -> Stored | None:
        found = self._values.get(checked(name))
        return Stored(from_json(name, found[0]), found[1]) if found else None

    def write(self, name: str, value: Mapping[str, object], *, version: str | None) -> str:
        text = to_json(value)
        with self._lock:
            if (found[1] if (found := self._values.get(checked(name))) else None) != version:
                raise StateConflict
            self._values[name] = (text, str(next(self._versions)))
            return self._values[name][1]

    def delete(self, name: str) -> None:
        self._values.pop(checked(name), None)

    def names(self, prefix: str = "") -> Sequence[str]:
        return sorted(name for name in self._values if name.startswith(prefix))
