"""Spotler Info: what is remembered of the contact of a record, as values, and the one write of many rows."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from connector.dataverse.api import Dataverse, Keyed, filters
from connector.dataverse.names import Account, Contact, Info, Lead
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import ConnectorError

#: The columns of one row of Spotler Info.
type InfoValues = Mapping[str, object]

#: The lookup of Spotler Info that belongs to each table.
INFO_NAVIGATION: Final = {
    Contact.TABLE: Info.CONTACT_NAVIGATION,
    Lead.TABLE: Info.LEAD_NAVIGATION,
    Account.TABLE: Info.ACCOUNT_NAVIGATION,
}


def info_of(ref: RecordRef, name: str, **columns: object) -> dict[str, object]:
    """The values of a row that says this, with what a new row needs besides.

    Args:
        ref: the record.
        name: what users call it.
        columns: what is to be remembered, by column.
    """
    bind = f"{INFO_NAVIGATION[ref.table]}@odata.bind"
    return {Info.NAME: name, bind: f"/{RECORD_TABLES[ref.table].set_name}({ref.id})", **columns}


def write_infos(
    dataverse: Dataverse, rows: Iterable[tuple[RecordRef, InfoValues | None]]
) -> dict[RecordRef, ConnectorError]:
    """Write rows of Spotler Info, all in one call; those without values are left out.

    Several rows of one record become one, in which the later values win.

    Returns:
        the records whose row could not be written, and why.
    """
    by_record = merged(rows)
    if not by_record:
        return {}
    changes = [Keyed(filters.key({Info.RECORD: ref.id}), values) for ref, values in by_record.items()]
    try:
        results = dataverse.upsert_multiple(Info, changes)
    except ConnectorError as error:
        return dict.fromkeys(by_record, error)
    return {ref: result.error for ref, result in zip(by_record, results, strict=True) if result.error is not None}


def merged(rows: Iterable[tuple[RecordRef, InfoValues | None]]) -> dict[RecordRef, dict[str, object]]:
    """One row for each record that has values, in which the later ones win."""
    by_record: dict[RecordRef, dict[str, object]] = {}
    for ref, values in rows:
        if values is not None:
            by_record.setdefault(ref, {}).update(values)
    return by_record


def write_late(
    dataverse: Dataverse, rows: Mapping[RecordRef, tuple[datetime, InfoValues]]
) -> dict[RecordRef, ConnectorError]:
    """Write rows that could not be written when they were made, unless somebody has written a newer one since.

    Args:
        dataverse: where.
        rows: by record, when the row was made, and its values.

    Returns:
        the records whose row could not be written, and why.
    """
    if not rows:
        return {}
    found = dataverse.query(
        Info.SET,
        select=(Info.RECORD, Info.MODIFIED_ON),
        filter=filters.in_(Info.RECORD, sorted(ref.id for ref in rows)),
    )
    written = {str(row[Info.RECORD]).lower(): datetime.fromisoformat(str(row[Info.MODIFIED_ON])) for row in found}
    older = [(ref, values) for ref, (made_on, values) in rows.items() if written.get(ref.id, made_on) <= made_on]
    return write_infos(dataverse, older)
