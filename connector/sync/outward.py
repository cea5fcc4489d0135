"""Outward: a Dataverse record becomes, or stays, its Spotler contact. Map, convert, hash, send.

Spotler's External Id is the row id. Who may not be mailed at all (Do Not Email, deactivated) is anonymised instead, and
never sent for the first time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from connector.dataverse.choices import ChangedBy
from connector.dataverse.client import Keyed, NotFound
from connector.dataverse.names import Account, Contact, Info, Lead, Permission
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
from connector.spotler import ContactData, to_spotler
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


class Outward:
    """Sends records to Spotler, a hundred at a time.

    `infos` collects the rows of Spotler Info to write, by record id; the caller writes them with everything else.
    """

    def __init__(self, services: Services, infos: dict[str, dict[str, object]]) -> None:
        self._services = services
        self._infos = infos

    def send(self, records: Sequence[Record], *, always: bool) -> dict[RecordRef, Sent | ConnectorError]:
        """Send these records; without `always`, only those whose content changed since they were last sent.

        Returns:
            for each record what became of it, or the error that stopped it.

        Raises:
            Transient, Misconfigured: when Spotler can do nothing at all right now.
        """
        results: dict[RecordRef, Sent | ConnectorError] = {}
        parcels = []
        for record in records:
            if record.do_not_email or not record.is_active:
                results[record.ref] = self._withdraw(record)
                continue
            packed = self._pack(record)
            if isinstance(packed, Sent):
                results[record.ref] = packed
            elif packed.hash == record.sent_hash and not always:
                results[record.ref] = _sent(UNCHANGED)
            else:
                parcels.append(packed)
        self._withdraw_consent([parcel.record for parcel in parcels])
        results.update(self._deliver(parcels))
        return results

    def _pack(self, record: Record) -> _Parcel | Sent:
        outcome = plan(self._services.mapping, record.ref.table).contact(
            record.row,
            record.permissions,
            self._services.spotler.fields(),
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

    def _withdraw_consent(self, records: Sequence[Record]) -> None:
        """Do Not Bulk Email switches the permission rows off too: taking it back must not bring them back.

        Before Spotler is told, so that a crash in between leaves nobody subscribed who refused.

        Raises:
            ConnectorError: when Dataverse does not take it.
        """
        changes = [
            Keyed(
                row,
                {
                    Permission.SUBSCRIBED: False,
                    Permission.CHANGED_ON: self._now(),
                    Permission.CHANGED_BY: ChangedBy.DYNAMICS.value,
                },
            )
            for record in records
            if record.do_not_bulk_email
            for row in record.subscriptions
        ]
        for result in self._services.dataverse.update_multiple(Permission, changes) if changes else []:
            if result.error is not None and not isinstance(result.error, NotFound):
                raise result.error

    def _now(self) -> str:
        return self._services.now().astimezone(UTC).isoformat(timespec="seconds")

    def _deliver(self, parcels: Sequence[_Parcel]) -> dict[RecordRef, Sent | ConnectorError]:
        if not parcels:
            return {}
        answers = self._services.spotler.upsert_contacts([parcel.data for parcel in parcels])
        results: dict[RecordRef, Sent | ConnectorError] = {}
        for parcel, answer in zip(parcels, answers, strict=True):
            ref = parcel.record.ref
            if answer.code == NO_CHANNEL and not parcel.has_address:
                # Spotler keeps no contact that it can reach in no way, and must not keep the old address.
                results[ref] = self._leave(parcel.record)
            elif answer.error is not None:
                results[ref] = answer.error
                self._note(parcel.record, status=answer.error.result_code, error=answer.error.sentence)
            else:
                results[ref] = Sent(OK, " ".join(("Sent to Spotler.", *parcel.warnings)))
                self._note(parcel.record, status=OK, sent_hash=parcel.hash, active=True)
        return results

    def anonymize(self, record: Record) -> None:
        """Take the personal data of a record out of Spotler; unknown to Spotler is the same end state.

        Raises:
            ConnectorError: when Spotler does not do it.
        """
        self._services.spotler.anonymize(record.ref.id)
        self._note(record, status=ANONYMIZED, sent_hash="", active=False)

    def _withdraw(self, record: Record) -> Sent | ConnectorError:
        """Anonymise a record that may not be mailed; there is nothing to do for one that was never sent."""
        if not record.is_known:
            return _sent(SKIPPED_DO_NOT_EMAIL)
        return self._leave(record)

    def _leave(self, record: Record) -> Sent | ConnectorError:
        try:
            self.anonymize(record)
        except ConnectorError as error:
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
