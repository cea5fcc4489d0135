"""Which record a contact in Spotler belongs to, where two records have one id.

The id of a row is unique within its table only: an import may give a contact and a lead the same one. Spotler knows a
contact by the id alone. So the record that Spotler Info refers to owns the contact. The other one is not synced, and
no job is done about it: it would change, or anonymise, the contact of somebody else.
"""

from collections.abc import Mapping
from typing import Final

from connector.dataverse.api import Row
from connector.dataverse.names import Account, Contact, Info, Lead, lookup_value
from connector.dataverse.records import RecordRef
from connector.errors import Invalid

#: The columns of Spotler Info that refer to its record, by table.
OWNER_COLUMNS: Final[Mapping[str, str]] = {
    Contact.TABLE: lookup_value(Info.CONTACT),
    Lead.TABLE: lookup_value(Info.LEAD),
    Account.TABLE: lookup_value(Info.ACCOUNT),
}


class RecordIdTaken(Invalid):
    """A record of another table has the same id, and the contact in Spotler belongs to that one."""

    code = "RECORD_ID_TAKEN"
    advice = "Create the record again, so that it gets an id of its own, then delete this one."


def owner_of(info: Row) -> RecordRef | None:
    """The record that a row of Spotler Info is about; None where it is gone, or where the row does not say it."""
    record = str(info.get(Info.RECORD) or "").lower()
    owners = (table for table, column in OWNER_COLUMNS.items() if str(info.get(column) or "").lower() == record)
    table = next(owners, None) if record else None
    return RecordRef(table, record) if table else None
