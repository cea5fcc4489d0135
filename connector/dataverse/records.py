"""Contacts, leads and accounts: the records that have a contact in Spotler."""

import re
from dataclasses import dataclass
from typing import Final

from connector.dataverse.names import Account, Contact, Lead


@dataclass(frozen=True, slots=True, order=True)
class RecordRef:
    """A row of contact, lead or account; where it is said, also a Marketing List.

    Attributes:
        table: the logical name.
        id: the row id in lower case; it is also Spotler's External Id.
    """

    table: str
    id: str


@dataclass(frozen=True, slots=True)
class RecordTable:
    """How the Web API calls one of the three tables."""

    set_name: str
    id_column: str
    name_column: str


RECORD_TABLES: Final = {
    Contact.TABLE: RecordTable(Contact.SET, Contact.ID, "fullname"),
    Lead.TABLE: RecordTable(Lead.SET, Lead.ID, "fullname"),
    Account.TABLE: RecordTable(Account.SET, Account.ID, "name"),
}

_NAMED: Final = re.compile(r"([a-z]+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def record_named(text: str) -> RecordRef | None:
    """The record that a text such as `contact/00000000-…` names; None if it names none."""
    found = _NAMED.fullmatch(text)
    return RecordRef(found[1], found[2]) if found and found[1] in RECORD_TABLES else None
