"""What Spotler called its permissions before, so that a row with an old name and no bit is found.

The refresh of permissions remembers the names by bit, in one value of the state, `permissions/names`:

    {"1": ["Newsletter", "News"], "2": ["Events"]}

If it is lost, rows with older names and no bit are not recognised any more, as before the first refresh.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from connector.consent import Item, PermissionRow
from connector.consent.permissions import key_of
from connector.services import Services
from connector.state import StateConflict

NAME: Final = "permissions/names"
#: The most digits of a bit.
BIT_LENGTH: Final = 20


def remember_names(services: Services, items: Sequence[Item]) -> None:
    """Add the present names of the permissions.

    Raises:
        ConnectorError: the state cannot be used.
    """
    stored = services.state.read(NAME)
    before = _names(stored.value if stored else {})
    after = {bit: list(names) for bit, names in before.items()}
    for item in items:
        names = after.setdefault(item.bit, [])
        if item.name not in names:
            names.append(item.name)
    if after != before:
        value = {str(bit): names for bit, names in sorted(after.items())}
        try:
            services.state.write(NAME, value, version=stored.version if stored else None)
        except StateConflict:
            return  # another refresh has written the same names


def former_names(services: Services, items: Sequence[Item]) -> dict[int, tuple[str, ...]]:
    """The names that only this permission had and that none has now, by bit.

    Raises:
        ConnectorError: the state cannot be used.
    """
    stored = services.state.read(NAME)
    names = _names(stored.value if stored else {})
    present = {key_of(item.name) for item in items}
    owners = Counter(key for each in names.values() for key in {key_of(name) for name in each})
    return {
        item.bit: tuple(
            name for name in names.get(item.bit, ()) if owners[key_of(name)] == 1 and key_of(name) not in present
        )
        for item in items
    }


class FormerNames:
    """The former names for the records of a chunk: the state is read once, and only where a row may have one."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._read: dict[int, tuple[str, ...]] | None = None

    def of(self, permission: Item, rows: Iterable[PermissionRow]) -> tuple[str, ...]:
        """The former names of a permission that these rows may have.

        Raises:
            ConnectorError: the state or Spotler cannot be used.
        """
        field = self._services.spotler.fields().permissions
        items = field.options if field is not None else ()
        present = {key_of(item.name) for item in items}
        is_known = any((item.bit, item.name) == (permission.bit, permission.name) for item in items)
        if not is_known or all(row.bit is not None or key_of(row.name) in present for row in rows):
            return ()
        if self._read is None:
            self._read = former_names(self._services, items)
        return self._read.get(permission.bit, ())


def _names(value: Mapping[str, object]) -> dict[int, list[str]]:
    """What the state holds; what cannot be read is as if it were not there."""
    return {
        int(bit): [name for name in names if isinstance(name, str)]
        for bit, names in value.items()
        if bit.isdecimal() and len(bit) <= BIT_LENGTH and isinstance(names, list)
    }
