"""Spotler Info: what is remembered of the contact of a record, as values, and the writes of many rows.

What was sent is written only over the version of the row that was read before: whoever finds another one knows that
somebody else has sent the record meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final

from connector.dataverse.api import (
    BatchRequest,
    BatchResponse,
    Conflict,
    Dataverse,
    Duplicate,
    Keyed,
    NotFound,
    Row,
    filters,
)
from connector.dataverse.names import Account, Contact, Info, Lead
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import ConnectorError, Transient

#: How far the clocks of Dataverse and of this machine may be apart, with the whole seconds that Dataverse keeps.
CLOCKS_DIFFER: Final = timedelta(seconds=5)

#: What a row says of its contact: with the moment of the sync, so that two that say the same are one.
_SAID: Final = (Info.LAST_STATUS, Info.LAST_SYNC_ON, Info.SENT_HASH, Info.LAST_COMMON, Info.GONE)

#: The columns of one row of Spotler Info.
type InfoValues = Mapping[str, object]

#: The lookup of Spotler Info that belongs to each table.
INFO_NAVIGATION: Final = {
    Contact.TABLE: Info.CONTACT_NAVIGATION,
    Lead.TABLE: Info.LEAD_NAVIGATION,
    Account.TABLE: Info.ACCOUNT_NAVIGATION,
}


@dataclass(frozen=True, slots=True)
class InfoVersion:
    """The version of a row that was read.

    Attributes:
        id: of the row; empty where the record had none.
        etag: its version.
        common: what it says that both systems have in common, as it is written.
    """

    id: str = ""
    etag: str = ""
    common: str = field(default="", compare=False)


#: Of a record that had no row.
NO_INFO: Final = InfoVersion()


@dataclass(frozen=True, slots=True)
class InfoWrite:
    """A row that is written only over one version.

    Attributes:
        ref: the record.
        version: the version that was read.
        values: by column.
    """

    ref: RecordRef
    version: InfoVersion
    values: InfoValues

    @property
    def request(self) -> BatchRequest:
        """The conditional write; it returns the version that it makes."""
        if not self.version.id:
            key = filters.key({Info.RECORD: self.ref.id})
            return BatchRequest.insert(Info.SET, key, self.values, returning=Info.ID)
        return BatchRequest.update(
            Info.SET, self.version.id, self.values, if_match=self.version.etag, returning=Info.ID
        )  # fmt: skip

    def made(self, answer: BatchResponse) -> InfoVersion:
        """The version that the write has made."""
        row = answer.body if isinstance(answer.body, Mapping) else {}
        common = str(self.values.get(Info.LAST_COMMON, self.version.common) or "")
        return InfoVersion(str(row.get(Info.ID) or self.version.id), answer.etag, common)


class InfoChanged(Transient):
    """Another worker wrote the Spotler Info row of the record at the same time."""

    code = "INFO_CHANGED"


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


def write_unchanged(dataverse: Dataverse, writes: Sequence[InfoWrite]) -> dict[RecordRef, InfoVersion | ConnectorError]:
    """Write rows that nobody has written since they were read, all in one call; a record without a row gets one.

    Returns:
        for each record the version that was made, or why none was: `InfoChanged` where somebody else has written.
    """
    if not writes:
        return {}
    try:
        answers = dataverse.batch([write.request for write in writes])
    except ConnectorError as error:
        return {write.ref: error for write in writes}
    results: dict[RecordRef, InfoVersion | ConnectorError] = {}
    for write, answer in zip(writes, answers, strict=True):
        if isinstance(answer.error, Conflict | Duplicate | NotFound):
            results[write.ref] = InfoChanged()
        elif answer.error is not None:
            results[write.ref] = answer.error
        else:
            results[write.ref] = write.made(answer)
    return results


def merged(rows: Iterable[tuple[RecordRef, InfoValues | None]]) -> dict[RecordRef, dict[str, object]]:
    """One row for each record that has values, in which the later ones win."""
    by_record: dict[RecordRef, dict[str, object]] = {}
    for ref, values in rows:
        if values is not None:
            by_record.setdefault(ref, {}).update(values)
    return by_record


def write_late(
    dataverse: Dataverse, rows: Iterable[tuple[RecordRef, datetime, InfoValues]]
) -> dict[RecordRef, ConnectorError]:
    """Write rows that could not be written when they were made.

    Where a row was written since, or may have been, it is unknown what Spotler holds. So that is forgotten: the
    next sync sends the record, and the next removal asks Spotler. But a row that says the same was written by an
    attempt to do this that did not get to its end.

    Args:
        dataverse: where.
        rows: the record, when the row was made, and its values.

    Returns:
        the records whose row could not be written, and why.
    """
    late = sorted(rows, key=itemgetter(1))
    if not late:
        return {}
    try:
        found = dataverse.query(
            Info.SET,
            select=(Info.RECORD, Info.MODIFIED_ON, *_SAID),
            filter=filters.in_(Info.RECORD, sorted(ref.id for ref, _, _ in late)),
        )
    except ConnectorError as error:
        return {ref: error for ref, _, _ in late}
    rows_there = {str(row[Info.RECORD]).lower(): row for row in found}
    return write_infos(
        dataverse,
        [(ref, _late(values, made_on, over=rows_there.get(ref.id))) for ref, made_on, values in late],
    )  # fmt: skip


def _late(values: InfoValues, made_on: datetime, *, over: Row | None) -> InfoValues | None:
    """What is written of a late row over the one that is there; None where that one says the same."""
    if over is None or datetime.fromisoformat(str(over[Info.MODIFIED_ON])) < made_on - CLOCKS_DIFFER:
        return values
    is_same = all(name in values and (over.get(name) or None) == (values[name] or None) for name in _SAID)
    return None if is_same else _forgotten(values)


def _forgotten(values: InfoValues) -> InfoValues:
    """A row that says nothing of what Spotler holds; nor, where the contact may have left, of whether it gets mail."""
    lookups = {name: value for name, value in values.items() if "@" in name}
    activity = {Info.ACTIVE: None} if values.get(Info.GONE) is True else {}
    return {**lookups, Info.SENT_HASH: "", Info.GONE: False, **activity}
