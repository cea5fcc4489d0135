"""Outward: a Dataverse record becomes, or stays, its Spotler contact. Map, convert, hash, send.

Spotler's External Id is the row id. Who may not be mailed at all (Do Not Email, deactivated) is anonymised instead, and
who takes no part any more (a filter, a table) loses all permissions; neither is sent for the first time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Final

from connector.dataverse.names import Account, Contact, Info, Lead
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import ConnectorError, Refused
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
from connector.spotler import ContactData, ContactUnknown, Fields
from connector.sync.consent import withdraw
from connector.sync.records import Record

#: Codes of records that were not sent, on purpose.
SKIPPED: Final = frozenset({SKIPPED_NO_EMAIL, SKIPPED_FILTER, SKIPPED_DO_NOT_EMAIL, ANONYMIZED})

#: Spotler's code for a contact that it could reach in no way.
NO_CHANNEL: Final = "NO_ACTIVE_CHANNEL"

#: Spotler's code for a contact that opted out of everything, and so is inactive.
OPTED_OUT: Final = "CONTACT_OPTOUT"

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
    """A contact on its way to Spotler.

    Attributes:
        skipped: why it would not be sent if Spotler did not know it already.
    """

    record: Record
    data: ContactData
    hash: str
    warnings: tuple[str, ...]
    skipped: str | None

    @property
    def is_excluded(self) -> bool:
        """Whether its record takes no part any more."""
        return self.skipped == SKIPPED_FILTER


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
        # Do Not Bulk Email switches the permission rows off too: taking it back must not bring them back.
        refusing = {record.ref: record.subscriptions for record in records if record.do_not_bulk_email}
        refused = withdraw(self._services, refusing)
        leaving = [record for record in records if record.do_not_email or not record.is_active]
        results = self._take_out(leaving)
        done = results.keys() | refused.keys()
        parcels = []
        for record, packed in self._pack([record for record in records if record.ref not in done]):
            if not isinstance(packed, _Parcel):
                results[record.ref] = packed
            elif packed.hash == record.sent_hash and not always:
                results[record.ref] = _sent(SKIPPED_FILTER if packed.is_excluded else UNCHANGED)
            else:
                parcels.append(packed)
        excluded = [parcel for parcel in parcels if parcel.is_excluded]
        results |= self._one_by_one({each.record.ref: partial(self._switch_off, each) for each in excluded})
        results |= self._deliver([parcel for parcel in parcels if not parcel.is_excluded])
        return results | refused

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
        )
        # A record that was sent before is sent again without what it has lost: Spotler must not keep that.
        if outcome.skipped is not None and not (record.is_known and outcome.properties):
            if outcome.skipped == SKIPPED_NO_EMAIL:
                self._note(record, status=SKIPPED_NO_EMAIL)
            return _sent(outcome.skipped)
        return _Parcel(
            record=record,
            data=ContactData(record.ref.id, outcome.properties),
            hash=content_hash(outcome.properties),
            warnings=outcome.warnings,
            skipped=outcome.skipped,
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
            if answer.code == NO_CHANNEL and parcel.skipped == SKIPPED_NO_EMAIL:
                # Spotler keeps no contact that it can reach in no way, and must not keep the old address.
                unreachable.append(parcel.record)
            elif answer.error is not None:
                results[ref] = answer.error
                self._note_refusal(parcel.record, answer.error)
            else:
                results[ref] = Sent(OK, " ".join(("Sent to Spotler.", *parcel.warnings)))
                self._note(parcel.record, status=OK, sent_hash=parcel.hash, active=True)
        return results | self._take_out(unreachable)

    def anonymize(self, record: Record) -> bool:
        """Take the personal data of a record out of Spotler; unknown to Spotler is the same end state.

        Spotler is asked also where nothing says that it knows the record: Spotler Info may be lost, and the contact may
        have been there before the connector.

        Returns:
            whether Spotler has, or had, a contact for it.

        Raises:
            ConnectorError: when Spotler does not do it.
        """
        was_there = self._services.spotler.anonymize(record.ref.id) or record.is_known
        if record.exists and was_there:
            self._note(record, status=ANONYMIZED, sent_hash="", active=False)
        return was_there

    def _take_out(self, records: Sequence[Record]) -> dict[RecordRef, Sent | Exception]:
        """Anonymise records that may not be mailed."""
        return self._one_by_one({record.ref: partial(self._leave, record) for record in records})

    def _leave(self, record: Record) -> Sent:
        return _sent(ANONYMIZED if self.anonymize(record) else SKIPPED_DO_NOT_EMAIL)

    def _switch_off(self, parcel: _Parcel) -> Sent:
        """Take the permissions from a contact whose record takes no part any more; one that is gone has none."""
        record = parcel.record
        try:
            self._services.spotler.update_contact(record.ref.id, parcel.data.properties)
        except ContactUnknown:
            self._note(record, status=SKIPPED_FILTER, sent_hash="", active=False)
            return _sent(SKIPPED_FILTER)
        except Refused as error:
            self._note_refusal(record, error)
            raise
        self._note(record, status=SKIPPED_FILTER, sent_hash=parcel.hash)
        return Sent(SKIPPED_FILTER, f"{MEANINGS[SKIPPED_FILTER].sentence} All its permissions are off in Spotler.")

    def _one_by_one(self, calls: Mapping[RecordRef, Callable[[], Sent]]) -> dict[RecordRef, Sent | Exception]:
        """Make a call for each record, a few at the same time; an error is the result of its record and no other."""

        def result(call: Callable[[], Sent]) -> Sent | Exception:
            try:
                self._check_time()
                return call()
            except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
                return error

        if len(calls) == 1:  # the caller may be a thread of the pool, which must not wait for another
            return {ref: result(call) for ref, call in calls.items()}
        asked = {ref: self._services.pool.submit(result, call) for ref, call in calls.items()}
        wait(asked.values())
        return {ref: future.result() for ref, future in asked.items()}

    def _note_refusal(self, record: Record, error: ConnectorError) -> None:
        """Remember what Spotler said; whoever opted out of everything is inactive there."""
        active = False if error.result_code == OPTED_OUT else None
        self._note(record, status=error.result_code, error=error.sentence, active=active)

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
