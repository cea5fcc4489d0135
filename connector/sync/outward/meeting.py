"""A record meets its contact: Spotler is asked what it has, each side gets from the other what that one has newer.

    records ─► noted as being sent ─► read again ─► contacts read ─► consent ─► columns to Dataverse ─► sent

* The note on Spotler Info keeps other workers, and the feed, from taking what is on its way for a change in Spotler.
* Records are read again after the note, so that consent is never older than what is known of Spotler.
* What the contact says about consent is written in Dataverse before anything is sent.
* A column is written only over the version of the row that was read.
* A contact that Spotler had and does not know any more is made again without permissions: its rows go off first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from connector.consent import Fate, KnownState
from connector.dataverse.api import etag
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Transient
from connector.mapping.model import EMAIL
from connector.services import Services
from connector.spotler import ContactResult, SpotlerContact
from connector.sync.both_ways.exchanging import Exchanged, Seen, exchange
from connector.sync.both_ways.switches import known_after_creation, known_after_sending, permissions_in
from connector.sync.info import InfoChanged, InfoWrite, info_of, write_unchanged
from connector.sync.last_common import Holder, LastCommon
from connector.sync.one_by_one import one_by_one
from connector.sync.outward.preparing import Prepared
from connector.sync.outward.sending import delivered, not_begun, send
from connector.sync.permissions.missing import lost_permissions, switch_off_lost
from connector.sync.records import Record, RecordReader
from connector.sync.results import Delivery, NotSent, with_warnings
from connector.words import Sentence

#: Spotler's code for a contact that is there already, where only a new one was to be written.
EXISTS = "CONTACT_ALREADY_EXISTS"


class BeingSent(Transient):
    """Another worker is sending the record to Spotler."""

    code = "RECORD_BUSY"


@dataclass(frozen=True, slots=True)
class Together:
    """What workers have sent of one record at the same time.

    Attributes:
        sent: the states of permissions that this one has sent, by bit.
        others: those that others may have sent.
    """

    sent: Mapping[int, KnownState] = field(default_factory=dict)
    others: Mapping[int, bool] = field(default_factory=dict)


class Meeting:
    """Lets records meet their contacts.

    Args:
        services: the systems.
        check_time: raises when no further call may be begun.
        token: of this worker.
    """

    def __init__(self, services: Services, check_time: Callable[[], None], token: Callable[[], str]) -> None:
        self._services = services
        self._check_time = check_time
        self._token = token

    def meet(
        self, prepared: Sequence[Prepared], together: Mapping[RecordRef, Together]
    ) -> dict[RecordRef, Delivery]:  # fmt: skip
        """Ask Spotler what it has of these records, and bring both sides together.

        Args:
            prepared: the records, on their way to Spotler.
            together: what workers have sent at the same time.
        """
        if not prepared:
            return {}
        results, noted = self._note(prepared)
        before = {each.ref: each for each in noted}
        fresh = self._read_again(noted, results)
        began = self._services.now()
        asked = {record.ref: partial(self._services.spotler.get_contact, record.ref.id) for record in fresh}
        contacts = one_by_one(self._services, self._check_time, asked)
        seen: list[Seen] = []
        missing: list[Prepared] = []
        for record in fresh:
            contact = contacts[record.ref]
            if isinstance(contact, Exception):
                results[record.ref] = not_begun(record, contact, self._as_before(before[record.ref]))
            elif contact is None:
                missing.append(replace(before[record.ref], record=record))
            else:
                seen.append(self._seen(before[record.ref], record, contact, began, together))
        again = self._lost([each for each in missing if each.record.had_contact], seen, results, began, together)
        left = [each for each in missing if not each.record.had_contact]
        results |= self._insert([*left, *again], seen, began, together)
        for each in again:
            if each.ref in results:
                lost = len(lost_permissions(before[each.ref].record)) - len(lost_permissions(each.record))
                results[each.ref] = _made_again(results[each.ref], lost)
        return results | self._exchange(seen, before)

    def _note(self, prepared: Sequence[Prepared]) -> tuple[dict[RecordRef, Delivery], list[Prepared]]:
        """Note on Spotler Info that these records are being sent, unless another worker is doing that."""
        now = self._services.now()
        results: dict[RecordRef, Delivery] = {}
        writes: dict[RecordRef, tuple[Prepared, InfoWrite]] = {}
        until = now + timedelta(seconds=self._services.settings.job_lease_seconds)
        for each in prepared:
            record = each.record
            if record.last.is_held(self._token(), now):
                results[each.ref] = NotSent(BeingSent())
                continue
            columns = each.columns.being_sent(record, each.fields)
            last = replace(record.last, columns=columns, holder=Holder(self._token(), until))
            values = info_of(each.ref, record.name, **{Info.LAST_COMMON: last.text})
            writes[each.ref] = each, InfoWrite(each.ref, record.info, values)
        written = write_unchanged(self._services.dataverse, [write for _, write in writes.values()])
        noted = []
        for ref, (each, _) in writes.items():
            version = written[ref]
            if isinstance(version, ConnectorError):
                results[ref] = NotSent(version)
            else:
                noted.append(replace(each, record=replace(each.record, info=version)))
        return results, noted

    def _read_again(self, noted: Sequence[Prepared], results: dict[RecordRef, Delivery]) -> list[Record]:
        """The records as they are now, if nobody has changed them since; what was in common before still counts."""
        try:
            found = RecordReader(self._services).read([each.ref for each in noted])
        except ConnectorError as error:
            results |= {each.ref: not_begun(each.record, error, self._as_before(each)) for each in noted}
            return []
        fresh = []
        for each in noted:
            record = found.get(each.ref)
            record = record.holding(each.record.held) if record is not None else None
            if record is None or record.decision.fate is not Fate.SENT or not _is_same(record, each.record):
                results[each.ref] = NotSent(InfoChanged())
            else:
                fresh.append(replace(record, info=each.record.info, last=each.record.last))
        return fresh

    def _seen(
        self,
        prepared: Prepared,
        record: Record,
        contact: SpotlerContact,
        began: datetime,
        together: Mapping[RecordRef, Together],
    ) -> Seen:
        others = dict(together.get(record.ref, Together()).others)
        if record.last.was_interrupted(began) and prepared.permissions:
            # Whoever began to send may have switched permissions on; that says nothing about the person.
            others |= dict.fromkeys((option.bit for option in prepared.permissions.options), True)
        sent = together.get(record.ref, Together()).sent
        return Seen.of(record, contact, prepared.fields, prepared.permissions, began, sent=sent, others=others)

    def _lost(
        self,
        missing: Sequence[Prepared],
        seen: list[Seen],
        results: dict[RecordRef, Delivery],
        began: datetime,
        together: Mapping[RecordRef, Together],
    ) -> list[Prepared]:
        """Spotler has lost these contacts: the records that are to be sent as new ones, without permissions.

        Who is at work on one of them may have anonymised it just now, so they are read once more.
        """
        noted = {each.ref: each for each in missing}
        lost = []
        for record in self._read_again(missing, results) if missing else ():
            contact = self._by_address(noted[record.ref]) if lost_permissions(record) else None
            if isinstance(contact, SpotlerContact):
                seen.append(self._seen(noted[record.ref], record, contact, began, together))
            elif contact is not None:
                results[record.ref] = not_begun(record, contact, self._as_before(noted[record.ref]))
            else:
                lost.append(record)
        again = []
        for ref, after in switch_off_lost(self._services, lost).items():
            if isinstance(after, ConnectorError):
                results[ref] = not_begun(noted[ref].record, after, self._as_before(noted[ref]))
            else:
                again.append(replace(noted[ref], record=replace(after, last=LastCommon(noted=after.last.noted))))
        return again

    def _insert(
        self,
        missing: Sequence[Prepared],
        seen: list[Seen],
        began: datetime,
        together: Mapping[RecordRef, Together],
    ) -> dict[RecordRef, Delivery]:
        """Spotler has lost these contacts, or has their address elsewhere: in a contact that belongs to no record."""
        results: dict[RecordRef, Delivery] = {}
        prepared = []
        for each in missing:
            try:
                prepared.append(Prepared.of(self._services, each.record, each.fields))
            except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
                results[each.ref] = not_begun(each.record, error, self._as_before(each))
        contents = {each.ref: each.properties for each in prepared}
        answers = send(self._services, self._check_time, contents, update=False)
        ended = self._services.now()
        for each in prepared:
            answer = answers[each.ref]
            if isinstance(answer, ContactResult) and answer.code == EXISTS:
                contact = self._by_address(each)
                if isinstance(contact, SpotlerContact):
                    seen.append(self._seen(each, each.record, contact, began, together))
                    continue
                answer = contact or answer
            known = known_after_creation(each.permissions, each.switches, began=began, ended=ended)
            last = LastCommon(each.columns.all_sent(each.record, each.fields), known, made_about=ended)
            results[each.ref] = delivered(self._services, each, answer, last, unsent=self._as_before(each))
        return results

    def _by_address(self, prepared: Prepared) -> SpotlerContact | ConnectorError | None:
        """The contact with the address of a record that belongs to no record; an error; None where there is none."""
        address = next((value for name, value in prepared.properties.items() if name.casefold() == EMAIL), "")
        try:
            found = self._services.spotler.search_by_email(str(address))
        except ConnectorError as error:
            return error
        free = [contact for contact in found if contact.external_id is None]
        return free[0] if len(free) == len(found) == 1 else None

    def _exchange(self, seen: Sequence[Seen], before: Mapping[RecordRef, Prepared]) -> dict[RecordRef, Delivery]:
        results: dict[RecordRef, Delivery] = {}
        ready: dict[RecordRef, Exchanged] = {}
        for ref, done in exchange(self._services, seen).items():
            if isinstance(done, Exchanged):
                ready[ref] = done
            else:
                results[ref] = not_begun(before[ref].record, done, self._as_before(before[ref]))
        contents = {ref: each.prepared.sendable(each.keep, each.known) for ref, each in ready.items()}
        began = self._services.now()
        answers = send(self._services, self._check_time, contents)
        ended = self._services.now()
        for ref, each in ready.items():
            switches = permissions_in(contents[ref], each.prepared.permissions)
            known = known_after_sending(each.known, switches.items(), began=began, ended=ended)
            results[ref] = delivered(
                self._services,
                each.prepared,
                answers[ref],
                each.last(was_sent=True, known=known),
                unsent=each.last(was_sent=False),
            )
        return results

    def _as_before(self, prepared: Prepared) -> LastCommon:
        """What was in common before this worker noted that it is sending."""
        return replace(prepared.record.last, holder=None)


def _made_again(result: Delivery, lost: int) -> Delivery:
    """What became of a record whose contact Spotler had lost.

    Where it could not be made again, nothing is left to be lost: who switches a permission on now is newer than that.
    """
    if isinstance(result, NotSent):
        return replace(result, info={**result.info, Info.SENT_HASH: ""}) if result.info is not None else result
    told = Sentence(
        "Spotler had lost the contact, so it was made again, and {count} of its permissions was switched off.",
        plural="Spotler had lost the contact, so it was made again, and {count} of its permissions were switched off.",
        count=lost,
    )
    return replace(result, message=with_warnings(told, result.warnings), lost=lost) if lost else result


def _is_same(one: Record, other: Record) -> bool:
    return one.info == other.info and etag(one.row) == etag(other.row)
