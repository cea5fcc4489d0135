"""What a lead refused counts for the contact and the account that are made when it is qualified: it is the same person.

They are new records of Dynamics, so the environment variables could subscribe them. The lead itself leaves Spotler.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

from connector.consent import PermissionRow
from connector.dataverse.api import UnknownName, filters
from connector.dataverse.names import Account, Contact, Lead, lookup_value
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.services import Services
from connector.sync.permissions.places import storage_of

#: The tables of records that are made of a lead.
_MADE: Final = (Contact.TABLE, Account.TABLE)
_LEAD: Final = lookup_value("originatingleadid")


def refused_as_leads(services: Services, refs: Collection[RecordRef]) -> Mapping[RecordRef, tuple[PermissionRow, ...]]:
    """The permissions that records refused when they were leads; those that were none are left out.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    if not services.mapping.syncs(Lead.TABLE):
        return {}
    by_lead = defaultdict[str, list[RecordRef]](list)
    for table in _MADE:
        names, ids = RECORD_TABLES[table], sorted(ref.id for ref in refs if ref.table == table)
        if not ids:
            continue
        try:
            rows = services.dataverse.query(
                names.set_name, select=(names.id_column, _LEAD), filter=filters.in_(names.id_column, ids)
            )
        except UnknownName:  # an environment in which leads are not qualified
            continue
        for row in rows:
            if lead := str(row.get(_LEAD) or "").lower():
                by_lead[lead].append(RecordRef(table, str(row[names.id_column]).lower()))
    if not by_lead:
        return {}
    found = storage_of(services, Lead.TABLE).read(sorted(by_lead))
    return {
        ref: tuple(row for row in rows if row.refuses) for lead, rows in found.items() for ref in by_lead[lead.lower()]
    }
