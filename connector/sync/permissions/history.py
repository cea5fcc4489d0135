"""Consent History in Dataverse: entries are added, many in one write, and read back.

An entry is written before the row that it explains. A crash in between leaves an entry for a change that is then made
with the next attempt; the other order would leave a change that nothing explains.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from connector.consent.history import Change, Latest
from connector.consent.permissions import key_of
from connector.dataverse.api import Dataverse, Keyed, NotFound, Row, filters
from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import Account, Consent, Contact, Lead
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.dataverse.texts import cut
from connector.errors import ConnectorError, Transient
from connector.sync.moments import read_moment
from connector.telemetry import measuring
from connector.telemetry.names import CONSENT_CHANGES

#: The lookup of Consent History that belongs to each table.
_NAVIGATION: Final = {
    Contact.TABLE: Consent.CONTACT_NAVIGATION,
    Lead.TABLE: Consent.LEAD_NAVIGATION,
    Account.TABLE: Consent.ACCOUNT_NAVIGATION,
}
#: The longest texts that the columns take.
NAME_LENGTH: Final = 300
PERMISSION_LENGTH: Final = 200
EVIDENCE_LENGTH: Final = 500


class HistoryNotWritten(Transient):
    """The history of consent could not be written, so the permission was not switched either."""

    code = "CONSENT_HISTORY"
    advice = "The connector retries; if this persists, check the table Consent History and its privileges."


def append(dataverse: Dataverse, changes: Sequence[Change]) -> dict[RecordRef, ConnectorError]:
    """Add entries; one that is there already stays once.

    Returns:
        the records of which an entry could not be written, and why: nothing of them may be switched now.
    """
    by_key = {change.key: change for change in changes}
    failed = _write(dataverse, by_key, linked=True)
    # A record that was deleted keeps its history, without the lookup.
    deleted = {key: by_key[key] for key, error in failed.items() if isinstance(error, NotFound)}
    for key in deleted:
        del failed[key]
    failed |= _write(dataverse, deleted, linked=False)
    for change in (change for key, change in by_key.items() if key not in failed):
        source = change.cause.name.lower()
        measuring.count(CONSENT_CHANGES, source=source, state="on" if change.after else "off")
    return {by_key[key].record: HistoryNotWritten(error.sentence) for key, error in failed.items()}


def latest(
    dataverse: Dataverse, records: Collection[RecordRef], former: Mapping[str, str] | None = None
) -> dict[RecordRef, dict[str, Latest]]:
    """The newest entry about each permission of these records, by the name of the permission as it is compared.

    Args:
        dataverse: where the history is.
        records: whose.
        former: names that permissions had before, with what they are called now: their entries are theirs.
    """
    now_called = {key_of(before): key_of(name) for before, name in (former or {}).items()}
    by_record: dict[RecordRef, dict[str, Latest]] = {}
    for change, noted_on in _dated(dataverse, records):
        entry = Latest(change.after, change.at, change.cause is ConsentCause.PERSON, read_moment(noted_on))
        key = key_of(change.permission)
        by_record.setdefault(change.record, {})[now_called.get(key, key)] = entry
    return by_record


def last_withdrawals(dataverse: Dataverse, records: Collection[RecordRef]) -> dict[RecordRef, dict[str, Change]]:
    """How each permission of these records was last switched off, by its name as it is compared."""
    by_record: dict[RecordRef, dict[str, Change]] = {}
    for change in _read(dataverse, records):
        if change.before and not change.after:
            by_record.setdefault(change.record, {})[key_of(change.permission)] = change
    return by_record


def off_since_first_sync(
    dataverse: Dataverse, records: Collection[RecordRef]
) -> dict[RecordRef, dict[str, datetime]]:  # fmt: skip
    """Since when permissions are off about which the history says nothing else, by name as it is compared."""
    found: dict[RecordRef, dict[str, list[Change]]] = {}
    for change in _read(dataverse, records):
        found.setdefault(change.record, {}).setdefault(key_of(change.permission), []).append(change)
    return {
        record: {
            key: entries[0].at
            for key, entries in by_name.items()
            if len(entries) == 1 and entries[0].cause is ConsentCause.FIRST_SYNC and not entries[0].after
        }
        for record, by_name in found.items()
    }


def history_of(dataverse: Dataverse, record_id: str) -> list[Change]:
    """All entries about one record, the oldest first. The record itself may be deleted."""
    return _read(dataverse, [RecordRef("", record_id)])


def _write(dataverse: Dataverse, changes: Mapping[str, Change], *, linked: bool) -> dict[str, ConnectorError]:
    if not changes:
        return {}
    rows = [Keyed(filters.key({Consent.KEY: key}), _row(change, linked=linked)) for key, change in changes.items()]
    try:
        results = dataverse.upsert_multiple(Consent, rows)
    except ConnectorError as error:
        return dict.fromkeys(changes, error)
    return {key: result.error for key, result in zip(changes, results, strict=True) if result.error is not None}


def _row(change: Change, *, linked: bool) -> Row:
    record = change.record
    lookup = {f"{_NAVIGATION[record.table]}@odata.bind": f"/{RECORD_TABLES[record.table].set_name}({record.id})"}
    return {
        Consent.NAME: cut(f"{change.permission}: {'on' if change.after else 'off'}", NAME_LENGTH),
        Consent.RECORD: record.id,
        Consent.RECORD_TABLE: record.table,
        Consent.PERMISSION: cut(change.permission, PERMISSION_LENGTH),
        Consent.BEFORE: change.before,
        Consent.AFTER: change.after,
        Consent.ON: change.moment,
        Consent.SOURCE: change.cause.value,
        Consent.EVIDENCE: cut(change.evidence, EVIDENCE_LENGTH),
        **(lookup if linked else {}),
    }


def _read(dataverse: Dataverse, records: Collection[RecordRef]) -> list[Change]:
    """The entries about these records, the oldest first."""
    return [change for change, _ in _dated(dataverse, records)]


def _dated(dataverse: Dataverse, records: Collection[RecordRef]) -> list[tuple[Change, str]]:
    """The same, with when each was written."""
    if not records:
        return []
    rows = dataverse.query(
        Consent.SET,
        select=(
            Consent.RECORD,
            Consent.RECORD_TABLE,
            Consent.PERMISSION,
            Consent.BEFORE,
            Consent.AFTER,
            Consent.ON,
            Consent.SOURCE,
            Consent.EVIDENCE,
            _CREATED_ON,
        ),
        filter=filters.in_(Consent.RECORD, sorted({record.id for record in records})),
    )
    return _in_order(rows)


def _in_order(rows: Iterable[Row]) -> list[tuple[Change, str]]:
    """Entries by their time. At the same second an opt-out comes last, so that it is what counts."""
    changes = [(_change(row), str(row.get(_CREATED_ON) or "")) for row in rows]
    return sorted(changes, key=lambda each: (each[0].at, not each[0].after, each[1]))


def _change(row: Row) -> Change:
    before, source = row.get(Consent.BEFORE), row.get(Consent.SOURCE)
    moment = datetime.fromisoformat(str(row.get(Consent.ON) or row[_CREATED_ON]))
    return Change(
        record=RecordRef(str(row.get(Consent.RECORD_TABLE) or ""), str(row[Consent.RECORD]).lower()),
        permission=str(row.get(Consent.PERMISSION) or ""),
        before=before if isinstance(before, bool) else None,
        after=row.get(Consent.AFTER) is True,
        at=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        cause=_cause(source),
        evidence=str(row.get(Consent.EVIDENCE) or ""),
    )


def _cause(source: object) -> ConsentCause:
    """The cause; of a row that somebody else made, which may lack one, a person."""
    try:
        return ConsentCause(int(str(source)))
    except ValueError:
        return ConsentCause.PERSON


_CREATED_ON: Final = "createdon"
