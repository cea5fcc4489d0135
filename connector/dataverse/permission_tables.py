"""The tables that permissions of records are kept in: Spotler Permission, or the Periodieken of iFunds Engage 365.

The names of Engage 365 are not published, so they are the setting PERIODIEK, as JSON:

    {"table": "…", "set": "…", "id": "…", "name": "…", "subscribed": "…",
     "lookups": {"contact": {"column": "…", "navigation": "…"}, …}, "changed_on": "…"}

`changed_on`, a date and time that only the connector writes, may be left out: then the last write of a row counts.
"""

from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connector.dataverse.names import Account, Contact, Lead, Permission, lookup_value
from connector.errors import Misconfigured
from connector.words import Sentence

_Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=128)]


class PermissionLookup(BaseModel):
    """The lookup to the record whose permission a row is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: _Name
    navigation: _Name

    @property
    def value(self) -> str:
        """The property that shows the id."""
        return lookup_value(self.column)


class PermissionTable(BaseModel):
    """A table with a row for each permission of a record, on or off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: _Name
    set: _Name
    id: _Name
    name: _Name
    subscribed: _Name
    lookups: dict[str, PermissionLookup]
    changed_on: _Name | None = None
    changed_by: _Name | None = None
    bit: _Name | None = None

    # The names as bulk writes ask for them.

    @property
    def TABLE(self) -> str:  # noqa: N802 - as the classes in `names` have it
        """The logical name."""
        return self.table

    @property
    def SET(self) -> str:  # noqa: N802
        """The name in addresses."""
        return self.set

    @property
    def ID(self) -> str:  # noqa: N802
        """The primary key."""
        return self.id

    @property
    def owners(self) -> dict[str, str]:
        """The table of the record that each lookup refers to, by the column."""
        return {lookup.column: table for table, lookup in self.lookups.items()}

    @property
    def watched(self) -> tuple[str, ...]:
        """The columns that decide what is sent of the record of a row."""
        optional = (self.bit,) if self.bit else ()
        return (self.name, *optional, self.subscribed, Permission.STATE, *self.owners)

    @property
    def columns(self) -> tuple[str, ...]:
        """The logical names of all columns that are read or written."""
        names = (self.id, *self.watched, self.changed_on, self.changed_by)
        return tuple(dict.fromkeys(name.lower() for name in names if name))

    def lookup(self, record_table: str) -> PermissionLookup:
        """The lookup to records of a table.

        Raises:
            Misconfigured: the setting names none.
        """
        found = self.lookups.get(record_table)
        if found is None:
            raise Misconfigured(
                Sentence("The setting PERIODIEK names no lookup to {record_table}.", record_table=record_table)
            )
        return found


#: The table that the connector's solution adds.
SPOTLER_PERMISSION = PermissionTable(
    table=Permission.TABLE,
    set=Permission.SET,
    id=Permission.ID,
    name=Permission.NAME,
    subscribed=Permission.SUBSCRIBED,
    lookups={
        Contact.TABLE: PermissionLookup(column=Permission.CONTACT, navigation=Permission.CONTACT_NAVIGATION),
        Lead.TABLE: PermissionLookup(column=Permission.LEAD, navigation=Permission.LEAD_NAVIGATION),
        Account.TABLE: PermissionLookup(column=Permission.ACCOUNT, navigation=Permission.ACCOUNT_NAVIGATION),
    },
    changed_on=Permission.CHANGED_ON,
    changed_by=Permission.CHANGED_BY,
    bit=Permission.BIT,
)


@lru_cache(maxsize=8)
def periodiek(setting: str | None) -> PermissionTable:
    """The table of Periodieken.

    Raises:
        Misconfigured: the setting is missing or wrong.
    """
    if not setting:
        raise Misconfigured("The mapping has @map(periodiek), but the setting PERIODIEK is missing.")
    try:
        return PermissionTable.model_validate_json(setting)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, each["loc"])) or "JSON" for each in error.errors()}))
    raise Misconfigured(Sentence("The setting PERIODIEK is wrong: {wrong}.", wrong=wrong))
