"""Outward: a Dataverse record becomes, or stays, its Spotler contact. Map, convert, hash, send.

Spotler's External Id is the row id. Who may not be mailed at all (Do Not Email, deactivated) is anonymised instead, and
never sent for the first time.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from connector.dataverse.names import Account, Contact, Info, Lead
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import ConnectorError
from connector.mapping import content_hash, plan
from connector.outcomes import (
    ANONYMIZED,
    MEANINGS,
    OK,
    SKIPPED_DO_NOT_EMAIL,
    SKIPPED_FILTER,
    SKIPPED_NO_EMAIL,
    UNCHANGED,
)
from connector.services import Services
from connector.spotler import ContactData, Fields, to_spotler
from connector.sync.consent import withdraw
from connector.sync.records import Record

#: Codes of records that were not sent, on purpose.
SKIPPED: Final = frozenset({SKIPPED_NO_EMAIL, SKIPPED_FILTER, SKIPPED_DO_NOT_EMAIL, ANONYMIZED})

#: Spotler's code for a contact that it could reach in no way.
NO_CHANNEL: Final = "NO_ACTIVE_CHANNEL"

#: The lookup of Spotler Info that belongs to each table.
INFO_NAVIGATION: Final = {
    Contact.TABLE: Info.CONTACT_NAVIGATION,
    Lead.TABLE: Info.LEAD_NAVIGATION,
    Account.TABLE: Info.ACCOUNT_NAVIGATION,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a record.

    Attributes:
        code: `OK`, `UNCHANGED`, `ANONYMIZED` or one of the `SKIPPED_*`.
        message: a sentence for people, with the warnings of the mapping.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A contact on its way to Spotler."""

    record: Record
    data: ContactData
    hash: str
    warnings: tuple[str, ...]
    has_address: bool


def _no_haste() -> None:
    """There is time enough."""


class Outward:
    """Sends records to Spotler, a hundred at a time; takes them out of it one by one, a few at the same time.

    `infos` collects the rows of Spotler Info to write, by record id; the caller writes them with everything else.
    `check_time` raises when no further call may be begun.
    """

    def __init__(
        self,
        services: Services,
        infos: dict[str, dict[str, object]],
        *,
        check_time: Callable[[], None] = _no_haste,
    ) -> None:
        self._services = services
        self._infos = infos
        self._check_time = check_time

    def send(self, records: Sequence[Record], *, always: bool) -> dict[RecordRef, Sent | Exception]:
        """Send these records; without `always`, only those whose content changed since they were last sent.

        Returns:
            for each record what became of it, or the error that stopped it and no other.
        """
        leaving = [record for record in records if record.do_not_email or not record.is_active]
        results = self._withdraw(leaving)
        parcels = []
        for record, packed in self._pack([record for record in records if record.ref not in results]):
            if not isinstance(packed, _Parcel):
                results[record.ref] = packed
            elif packed.hash == record.sent_hash and not always:
                results[record.ref] = _sent(UNCHANGED)
            else:
                parcels.append(packed)
        # Do Not Bulk Email switches the permission rows off too: taking it back must not bring them back.
        refusing = {each.record.ref: each.record.subscriptions for each in parcels if each.record.do_not_bulk_email}
        results |= withdraw(self._services, refusing)
        results |= self._deliver([parcel for parcel in parcels if parcel.record.ref not in results])
        return results

    def _pack(self, records: Sequence[Record]) -> Iterator[tuple[Record, _Parcel | Sent | Exception]]:
        if not records:
            return
        try:
            fields = self._services.spotler.fields()
        except ConnectorError as error:
            yield from ((record, error) for record in records)
            return
        for record in records:
            try:
                yield record, self._pack_one(record, fields)
            except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
                yield record, error

    def _pack_one(self, record: Record, fields: Fields) -> _Parcel | Sent:
        outcome = plan(self._services.mapping, record.ref.table).contact(
            record.row,
            record.permissions,
            fields,
            to_wire=to_spotler,
            time_zone=self._services.settings.time_zone,
        )
        # A record that was sent before is sent again without its address: Spotler must not keep the old one.
        if outcome.skipped is not None and not (outcome.skipped == SKIPPED_NO_EMAIL and record.is_known):
            return _sent(outcome.skipped)
        return _Parcel(
            record=record,
            data=ContactData(record.ref.id, outcome.properties),
            hash=content_hash(outcome.properties),
            warnings=outcome.warnings,
            has_address=outcome.skipped is None,
        )

    def _now(self) -> str:
        return self._services.now().astimezone(UTC).isoformat(timespec="seconds")

    def _deliver(self, parcels: Sequence[_Parcel]) -> dict[RecordRef, Sent | Exception]:
        if not parcels:
            return {}
        try:
            self._check_time()
            answers = self._services.spotler.upsert_contacts([parcel.data for parcel in parcels])
        except ConnectorError as error:
            return {parcel.record.ref: error for parcel in parcels}
        results: dict[RecordRef, Sent | Exception] = {}
        unreachable = []
        for parcel, answer in zip(parcels, answers, strict=True):
            ref = parcel.record.ref
            if answer.code == NO_CHANNEL and not parcel.has_address:
                # Spotler keeps no contact that it can reach in no way, and must not keep the old address.
                unreachable.append(parcel.record)
            elif answer.error is not None:
                results[ref] = answer.error
                self._note(parcel.record, status=answer.error.result_code, error=answer.error.sentence)
            else:
                results[ref] = Sent(OK, " ".join(("Sent to Spotler.", *parcel.warnings)))
                self._note(parcel.record, status=OK, sent_hash=parcel.hash, active=True)
        return results | self._take_out(unreachable)

    def anonymize(self, record: Record) -> None:
        """Take the personal data of a record out of Spotler; unknown to Spotler is the same end state.

        Raises:
            ConnectorError: when Spotler does not do it.
        """
        self._services.spotler.anonymize(record.ref.id)
        if record.exists:
            self._note(record, status=ANONYMIZED, sent_hash="", active=False)

    def _withdraw(self, records: Sequence[Record]) -> dict[RecordRef, Sent | Exception]:
        """Anonymise records that may not be mailed; there is nothing to do for those that were never sent."""
        results: dict[RecordRef, Sent | Exception] = {
            record.ref: _sent(SKIPPED_DO_NOT_EMAIL) for record in records if not record.is_known
        }
        return results | self._take_out([record for record in records if record.is_known])

    def _take_out(self, records: Sequence[Record]) -> dict[RecordRef, Sent | Exception]:
        if len(records) == 1:  # the caller may be a thread of the pool, which must not wait for another
            return {records[0].ref: self._leave(records[0])}
        leaving = {record.ref: self._services.pool.submit(self._leave, record) for record in records}
        wait(leaving.values())
        return {ref: future.result() for ref, future in leaving.items()}

    def _leave(self, record: Record) -> Sent | Exception:
        try:
            self._check_time()
            self.anonymize(record)
        except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
            return error
        return _sent(ANONYMIZED)

    def _note(
        self,
        record: Record,
        *,
        status: str,
        sent_hash: str | None = None,
        active: bool | None = None,
        error: str | None = None,
    ) -> None:
        """Remember the row of Spotler Info that says this."""
        table = record.ref.table
        row: dict[str, object] = {
            Info.NAME: record.name,
            Info.LAST_STATUS: status,
            Info.LAST_ERROR: error,
            f"{INFO_NAVIGATION[table]}@odata.bind": f"/{RECORD_TABLES[table].set_name}({record.ref.id})",
        }
        if sent_hash is not None:
            row[Info.SENT_HASH] = sent_hash
            row[Info.LAST_SYNC_ON] = self._now()
        if active is not None:
            row[Info.ACTIVE] = active
        self._infos[record.ref.id] = row


def _sent(code: str) -> Sent:
    return Sent(code, MEANINGS[code].sentence)
