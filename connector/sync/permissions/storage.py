"""Where the permissions of records are kept: as rows beside them, or as membership of Marketing Lists.

The mapping says which, for each table of records (`@map(permissions)`, `@map(periodiek)`, `@map(list)`). Both kinds
show each permission of a record as a `PermissionRow`, so nothing above this knows the difference.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from connector.consent import Item, PermissionRow
from connector.consent.creation import NewRow
from connector.dataverse.choices import ChangedBy
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError

#: What became of each of several writes: what went wrong, or None.
type Problems = Sequence[ConnectorError | None]


class Switchable(Protocol):
    """A permission of a record that is switched: the part of a `Switch` that its place needs."""

    @property
    def record(self) -> RecordRef:
        """Whose permission it is."""

    @property
    def row(self) -> PermissionRow:
        """As it was read."""

    @property
    def at(self) -> datetime:
        """Since when."""

    @property
    def changed_by(self) -> ChangedBy:
        """What people see as the place where it was changed."""


class PermissionStorage(Protocol):
    """The place of the permissions of one table of records.

    Every method raises ConnectorError where Dataverse cannot be asked at all, and then nothing was written as far as is
    known.
    """

    @property
    def name(self) -> str:
        """The same for places that are written together."""

    @property
    def explains_itself(self) -> bool:
        """Whether it shows by itself when a permission was switched on, so that the history may follow after it.

        Where it does, "on" in the history and off here means that a person has switched it off since.
        """

    @property
    def former_names(self) -> Mapping[str, str]:
        """Names under which the history has entries about permissions that are called otherwise now, with those."""

    def items(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those permissions of Spotler that there is a place for."""

    def row_id(self, record: RecordRef, permission: str) -> str:
        """The id of the row of a permission that the connector creates: two workers create the same one."""

    def read(self, ids: Collection[str]) -> Mapping[str, Sequence[PermissionRow]]:
        """The permissions of records, by the id of the record; also those that are deactivated."""

    def create(self, rows: Sequence[tuple[RecordRef, NewRow]]) -> Problems:
        """Create rows; `Conflict` or `Duplicate` where another worker has."""

    def switch_off(self, switches: Sequence[Switchable]) -> Problems:
        """Switch off, whatever has changed since; `NotFound` where there is nothing left to switch off."""

    def switch_on(self, switches: Sequence[Switchable]) -> Problems:
        """Switch on what has not been changed since; `Conflict` where a person has changed it."""

    def takes(self, name: str, bit: int | None) -> bool:
        """Whether the permission can be switched on here; else only people can, in another way."""

    def note_edits(self, rows: Sequence[PermissionRow]) -> None:
        """Write down when people switched these, where there is a place for it."""
