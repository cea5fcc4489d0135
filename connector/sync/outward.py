"""Outward: a Dataverse record becomes, or stays, its Spotler contact. Map, convert, hash, send.

    records ─► rows of withdrawn permissions off ─┬─ removed ──► anonymised, one call each ────────────┐
                                                  ├─ silenced ─► permissions off, one call each ───────┼─► results
                                                  └─ sent ─────► what has changed, a hundred per call ─┘

Spotler's External Id is the row id. What becomes of a record is decided by `connector.consent`. A withdrawal of consent
is written in Dataverse first, so that no later sync brings the permission back.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Final

from connector.consent import Fate, Reason
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Refused
from connector.mapping import Outcome, content_hash, plan
from connector.outcomes import ANONYMIZED, MEANINGS, OK, SKIPPED_KEEP_OUT, UNCHANGED
from connector.services import Services
from connector.spotler import FIELDS_MISSED_TTL, ContactData, ContactUnknown, Fields
from connector.sync.info import InfoValues, info_of, write_infos
from connector.sync.permission_switch import switch
from connector.sync.records import Record
from connector.sync.results import Delivery, NotSent, PermissionsHidden, Sent, skipped_code
from connector.sync.withdrawal import withdrawals_decided

#: Spotler's code for a contact that opted out of everything, and so is inactive.
OPTED_OUT: Final = "CONTACT_OPTOUT"

#: What is said of a contact that was anonymised, where the usual sentence is not exact.
_WHY_ANONYMIZED: Final = {
    Reason.NO_ADDRESS: "It has no e-mail address, so it was anonymised in Spotler.",
    Reason.KEEP_OUT: "Keep Out is set on its Spotler Info, so it was anonymised in Spotler.",
}


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A record in the form in which it goes to Spotler."""

    record: Record
    properties: Mapping[str, object]
    hash: str
    warnings: tuple[str, ...]


def no_deadline() -> None:
    """There is time enough."""


class Outward:
    """Sends records to Spotler, a hundred at a time; takes them out of it one by one, a few at the same time.

    Each result carries the row of Spotler Info to write; `connector.sync.info.write_infos` writes them all at once.
    `check_time` raises when no further call may be begun.
    """

    def __init__(self, services: Services, *, check_time: Callable[[], None] = no_deadline) -> None:
        self._services = services
        self._check_time = check_time

    def send(self, records: Sequence[Record], *, always: bool) -> dict[RecordRef, Delivery]:
        """Send these records; without `always`, only those whose content changed since they were last sent.

        An unchanged record costs no call to Spotler. Neither does one that may not be there and is known to be gone.

        Returns:
            for each record what became of it, or the error that stopped it and no other.
        """
        now = self._services.now()
        refused = switch(self._services, [each for record in records for each in withdrawals_decided(record, now)])
        results = self._one_by_one({
            record.ref: partial(self._remove, record) for record in records if record.decision.fate is Fate.REMOVED
        })  # fmt: skip
        waiting = [record for record in records if record.ref not in results and record.ref not in refused]
        prepared: list[_Prepared] = []
        for ref, each in self._prepare_all(waiting, always=always).items():
            if isinstance(each, _Prepared):
                prepared.append(each)
            else:
                results[ref] = each
        silenced = [each for each in prepared if each.record.decision.fate is Fate.SILENCED]
        results |= self._one_by_one({each.record.ref: partial(self._silence, each) for each in silenced})
        results |= self._deliver([each for each in prepared if each.record.decision.fate is Fate.SENT])
        for ref, error in refused.items():
            done = results.get(ref)
            results[ref] = NotSent(error, done.info if done else None)
        return results

    def anonymize(self, records: Sequence[Record]) -> dict[RecordRef, Delivery]:
        """Take records out of Spotler for good: they stay out until somebody clears Keep Out.

        Keep Out is written before Spotler is called, so that a crash in between keeps the person out. Spotler is asked
        whatever Spotler Info says. A contact that it does not know is the same end state, and is reported as that.
        """
        marks = [
            (each.ref, info_of(each.ref, each.name, **{Info.KEEP_OUT: True}))
            for each in records
            if each.exists and not each.facts.keep_out
        ]
        refused = write_infos(self._services.dataverse, marks)
        results = self._one_by_one({
            record.ref: partial(self._anonymize, record) for record in records if record.ref not in refused
        })  # fmt: skip
        return results | {ref: NotSent(error) for ref, error in refused.items()}

    # What is prepared

    def _prepare_all(self, records: Sequence[Record], *, always: bool) -> dict[RecordRef, _Prepared | Delivery]:
        if not records:
            return {}
        try:
            fields = self._services.spotler.fields()
        except ConnectorError as error:
            return {record.ref: NotSent(error) for record in records}
        return {record.ref: self._prepare(record, fields, always=always) for record in records}

    def _prepare(self, record: Record, fields: Fields, *, always: bool) -> _Prepared | Delivery:
        silenced = record.decision.fate is Fate.SILENCED
        code = skipped_code(record.decision.reason) if silenced else UNCHANGED
        if silenced and record.is_gone:
            return Sent.of(code)
        try:
            outcome = self._map(record, fields)
        except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
            return NotSent(error)
        fingerprint = content_hash(outcome.properties)
        if fingerprint == record.sent_hash and not record.is_gone and not always:
            return Sent.of(code, is_there=True)
        return _Prepared(record, outcome.properties, fingerprint, outcome.warnings)

    def _map(self, record: Record, fields: Fields) -> Outcome:
        """The contact of a record. A withdrawal that finds no place is tried with the fields as they are now.

        Raises:
            PermissionsHidden: a permission has to be switched off that Spotler does not show.
        """
        outcome = self._map_with(record, fields)
        if outcome.hidden or outcome.lost_refusals:
            outcome = self._map_with(record, self._services.spotler.fields(max_age=FIELDS_MISSED_TTL))
        if outcome.hidden:
            raise PermissionsHidden
        return outcome

    def _map_with(self, record: Record, fields: Fields) -> Outcome:
        return plan(self._services.mapping, record.ref.table).contact(
            record.row,
            record.decision,
            fields,
        )

    # What is done in Spotler

    def _deliver(self, prepared: Sequence[_Prepared]) -> dict[RecordRef, Delivery]:
        """Write contacts, new and known ones."""
        if not prepared:
            return {}
        # Whoever returns is no longer gone before Spotler has the contact: a later removal must find it.
        returning = [each.record for each in prepared if each.record.is_gone]
        marks = [(each.ref, info_of(each.ref, each.name, **{Info.GONE: False})) for each in returning]
        refused = write_infos(self._services.dataverse, marks)
        results: dict[RecordRef, Delivery] = {ref: NotSent(error) for ref, error in refused.items()}
        ready = [each for each in prepared if each.record.ref not in refused]
        try:
            self._check_time()
        except ConnectorError as error:
            return results | {each.record.ref: NotSent(error) for each in ready}
        try:
            contacts = [ContactData(each.record.ref.id, each.properties) for each in ready]
            answers = self._services.spotler.upsert_contacts(contacts)
        except ConnectorError as error:
            return results | {each.record.ref: self._failed(each.record, error) for each in ready}
        for each, answer in zip(ready, answers, strict=True):
            if answer.error is None:
                results[each.record.ref] = Sent(
                    OK,
                    " ".join(("Sent to Spotler.", *each.warnings)),
                    self._info(each.record, OK, sent_hash=each.hash, active=True, gone=False),
                    is_there=True,
                    changed=True,
                )
            else:
                results[each.record.ref] = self._failed(each.record, answer.error, noted=True)
        return results

    def _silence(self, prepared: _Prepared) -> Delivery:
        """Take the permissions from a contact whose record is not sent any more; one that is gone has none."""
        record = prepared.record
        code = skipped_code(record.decision.reason)
        try:
            self._services.spotler.update_contact(record.ref.id, prepared.properties)
        except ContactUnknown:
            return Sent.of(code, info=self._info(record, code, sent_hash="", active=False, gone=True))
        except ConnectorError as error:
            return self._failed(record, error, noted=isinstance(error, Refused))
        return Sent.of(
            code,
            f"{MEANINGS[code].sentence} All its permissions are off in Spotler.",
            info=self._info(record, code, sent_hash=prepared.hash),
            is_there=True,
            changed=True,
        )

    def _remove(self, record: Record) -> Delivery:
        """Anonymise a record that may not be in Spotler, unless Spotler Info says that it is gone."""
        reason = record.decision.reason
        skipped = skipped_code(reason)
        if record.is_gone:
            return Sent.of(skipped)
        code = ANONYMIZED if self._take_out(record) else skipped
        message = _WHY_ANONYMIZED.get(reason, "") if reason and code == ANONYMIZED else ""
        return Sent.of(code, message, info=self._gone(record, code), changed=code == ANONYMIZED)

    def _anonymize(self, record: Record) -> Delivery:
        """Anonymise a record because a job says so."""
        was_there = self._take_out(record)
        message = (
            "The contact is anonymised in Spotler."
            if was_there
            else "Spotler does not know the contact, so there was nothing to anonymise."
        )
        if record.exists:
            message += " It stays out until Keep Out on its Spotler Info is cleared."
        return Sent(OK, message, self._gone(record, ANONYMIZED if was_there else SKIPPED_KEEP_OUT), changed=was_there)

    def _take_out(self, record: Record) -> bool:
        """Anonymise a contact; whether Spotler has, or had, one.

        An earlier attempt may have anonymised what Spotler Info still calls known.
        """
        return self._services.spotler.anonymize(record.ref.id) or record.is_known

    def _one_by_one(self, calls: Mapping[RecordRef, Callable[[], Delivery]]) -> dict[RecordRef, Delivery]:
        """Make a call for each record, a few at the same time; an error is the result of its record and no other."""

        def result(call: Callable[[], Delivery]) -> Delivery:
            try:
                self._check_time()
                return call()
            except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
                return NotSent(error)

        if len(calls) == 1:  # the caller may be a thread of the pool, which must not wait for another
            return {ref: result(call) for ref, call in calls.items()}
        asked = {ref: self._services.pool.submit(result, call) for ref, call in calls.items()}
        wait(asked.values())
        return {ref: future.result() for ref, future in asked.items()}

    # What is remembered

    def _failed(self, record: Record, error: ConnectorError, *, noted: bool = False) -> NotSent:
        """An error of Spotler. After one that may have had an effect, it is unknown what Spotler holds.

        Args:
            record: whose it is.
            error: what Spotler said.
            noted: whether it is an answer about this contact, which people should see on Spotler Info.
        """
        forgotten = "" if record.sent_hash and not isinstance(error, Refused) else None
        if not noted:
            known = {Info.SENT_HASH: forgotten} if forgotten is not None else None
            return NotSent(error, info_of(record.ref, record.name, **known) if known else None)
        active = False if error.result_code == OPTED_OUT else None
        info = self._info(record, error.result_code, error=error.sentence, sent_hash=forgotten, active=active)
        return NotSent(error, info)

    def _gone(self, record: Record, status: str) -> InfoValues | None:
        return self._info(record, status, sent_hash="", active=False, gone=True) if record.exists else None

    def _info(
        self,
        record: Record,
        status: str,
        *,
        sent_hash: str | None = None,
        active: bool | None = None,
        gone: bool | None = None,
        error: str | None = None,
    ) -> InfoValues:
        """The row of Spotler Info that says this; what is None stays as it is, but for the error."""
        now = self._services.now().astimezone(UTC).isoformat(timespec="seconds")
        columns: dict[str, object | None] = {
            Info.SENT_HASH: sent_hash,
            Info.LAST_SYNC_ON: now if sent_hash is not None and error is None else None,
            Info.ACTIVE: active,
            Info.GONE: gone,
        }
        known = {name: value for name, value in columns.items() if value is not None}
        return info_of(record.ref, record.name, **{Info.LAST_STATUS: status, Info.LAST_ERROR: error, **known})
