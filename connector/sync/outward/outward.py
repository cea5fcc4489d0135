"""Outward: a Dataverse record becomes, or stays, its Spotler contact. Map, convert, hash, send.

    records ─► rows of withdrawn permissions off ─┬─ removed ──► anonymised, one call each ────────────┐
        ▲                                         ├─ silenced ─► permissions off, one call each ───────┼─► Spotler Info
        │                                         └─ sent ─────► what has changed, a hundred per call ─┘        │
        └───────────────────────── somebody else has sent the record meanwhile ─────────────────────────────────┘

Spotler's External Id is the row id. What becomes of a record is decided by `connector.consent`. A withdrawal of consent
is written in Dataverse first, so that no later sync brings the permission back.

Spotler takes whatever comes last, so of two workers the one with the older content may win. Both write Spotler Info
only over the version that they read with the record; the one that finds another version reads the record again and
sends it again.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from connector import telemetry
from connector.consent import Fate
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Refused
from connector.outcomes import UNCHANGED
from connector.services import Services
from connector.sync.both_ways.row_writes import RecordChanged
from connector.sync.brake.braking import NOT_EDITED, Braking
from connector.sync.info import InfoChanged, InfoWrite, info_of, write_infos, write_unchanged
from connector.sync.last_common import LastCommon
from connector.sync.outward.delivering import Delivering
from connector.sync.outward.leaving import Leaving
from connector.sync.outward.meeting import Meeting, Together
from connector.sync.outward.preparing import Prepared
from connector.sync.owners import RecordIdTaken
from connector.sync.permissions.rows import PermissionRows
from connector.sync.permissions.switch import switch
from connector.sync.permissions.withdrawal import withdrawals_decided
from connector.sync.records import Record, RecordReader
from connector.sync.results import Delivery, NotSent, Sent, skipped_code

log = logging.getLogger(__name__)

#: The name under which problems are logged.
OPERATION: Final = "spotler-info"
#: How often a record is sent that somebody else sends at the same time, before it waits.
TRIES: Final = 3


def no_deadline() -> None:
    """There is time enough."""


class Outward:
    """Sends records to Spotler, a hundred at a time; takes them out of it one by one, a few at the same time.

    Spotler Info is written too. A result carries the row only where it could not be written now: write it later with
    `connector.sync.info.write_late`.

    Args:
        services: the systems.
        check_time: raises when no further call may be begun.
        remembers: whether the caller writes such rows later. For one that does not, a removal waits for Dataverse:
            without a row that says who has taken the contact out of Spotler, it would count as lost.
    """

    def __init__(
        self, services: Services, *, check_time: Callable[[], None] = no_deadline, remembers: bool = True
    ) -> None:
        self._services = services
        self._brake = Braking(services)
        self._rows = PermissionRows(services)
        self._token = cache(services.new_id)
        self._leaving = Leaving(services, check_time, self._token, waits=not remembers)
        self._delivering = Delivering(services, check_time, Meeting(services, check_time, self._token), self._rows)

    def send(
        self,
        records: Sequence[Record],
        *,
        always: bool,
        created: Collection[RecordRef] = (),
        edited: Mapping[RecordRef, Collection[str]] = NOT_EDITED,
    ) -> dict[RecordRef, Delivery]:
        """Send these records; without `always`, only those whose content changed since they were last sent.

        An unchanged record costs no call to Spotler. Neither does one that may not be there and is known to be gone.
        Rows of Spotler Permission that are missing are made: of new records before they are sent, of older ones once
        it is known what Spotler has.

        Args:
            records: which.
            always: also those that are unchanged.
            created: those that people made in Dynamics just now.
            edited: the columns that people changed, as far as that is known: what follows from them is never held back.

        Returns:
            for each record what became of it, or the error that stopped it and no other.
        """

        def once(records: Sequence[Record], together: Mapping[RecordRef, Together]) -> dict[RecordRef, Delivery]:
            return self._send(records, together, edited, always=always, created=created)

        return self._until_unchanged(records, once)

    def anonymize(self, records: Sequence[Record]) -> dict[RecordRef, Delivery]:
        """Take records out of Spotler for good: they stay out until somebody clears Keep Out.

        Keep Out is written before Spotler is called, so that a crash in between keeps the person out. Spotler is asked
        whatever Spotler Info says. A contact that it does not know is the same end state, and is reported as that.
        """
        return self._until_unchanged(records, self._leaving.anonymize)

    def _until_unchanged(
        self,
        records: Sequence[Record],
        once: Callable[[Sequence[Record], Mapping[RecordRef, Together]], dict[RecordRef, Delivery]],
    ) -> dict[RecordRef, Delivery]:
        """Work on records until nobody else has written their Spotler Info meanwhile."""
        results: dict[RecordRef, Delivery] = {}
        together: dict[RecordRef, Together] = {}
        left = list(records)
        for _ in range(TRIES):
            results |= {each.ref: _left_alone(each) for each in left if each.is_foreign}
            left = [each for each in left if not each.is_foreign]
            if not left:
                return results
            done = once(left, together)
            results |= self._remember(done)
            again = {record.ref: record for record in left if _is_to_be_repeated(results[record.ref])}
            if not again:
                return results
            try:
                found = RecordReader(self._services).read(list(again), list(again))
            except ConnectorError as error:
                return results | {ref: NotSent(error) for ref in again}
            left = [found[ref] for ref in again]
            for record in left:
                ref = record.ref
                together[ref] = _together(again[ref], done[ref], record, together.get(ref))
        # Which of the contents Spotler has is not known.
        self._forget(left)
        return results

    def _forget(self, records: Sequence[Record]) -> None:
        """Whoever sends these records next must not take them for sent."""
        rows = [(each.ref, info_of(each.ref, each.name, **{Info.SENT_HASH: ""})) for each in records if each.exists]
        for error in write_infos(self._services.dataverse, rows).values():
            telemetry.log_problem(log, error, operation=OPERATION)

    def _send(
        self,
        records: Sequence[Record],
        together: Mapping[RecordRef, Together],
        edited: Mapping[RecordRef, Collection[str]],
        *,
        always: bool,
        created: Collection[RecordRef],
    ) -> dict[RecordRef, Delivery]:
        now = self._services.now()
        records, results = self._brake.admit(records, edited)
        refused: dict[RecordRef, ConnectorError] = {}
        known = {record.ref: record.last.permissions for record in records}
        ensured = self._rows.ensure(records, created, known=known)
        refused |= {ref: each for ref, each in ensured.items() if isinstance(each, ConnectorError)}
        # A removal runs also where the rows could not be written.
        records = [after if isinstance(after := ensured[record.ref], Record) else record for record in records]
        refused |= switch(self._services, [each for record in records for each in withdrawals_decided(record, now)])
        records = [_noted(each) for each in records]
        removed = [record for record in records if record.decision.fate is Fate.REMOVED]
        results |= self._leaving.remove(removed, together)
        waiting = [record for record in records if record.ref not in results and record.ref not in refused]
        prepared: list[Prepared] = []
        for ref, each in self._prepare_all(waiting, together, always=always).items():
            if isinstance(each, Prepared):
                prepared.append(each)
            else:
                results[ref] = each
        prepared, failed = self._brake.without_emptied(prepared, edited)
        results |= failed
        results |= self._leaving.silence([each for each in prepared if each.is_silenced])
        results |= self._delivering.deliver([each for each in prepared if not each.is_silenced], together)
        for ref, error in refused.items():
            done = results.get(ref)
            results[ref] = NotSent(error, done.info, done.over) if done else NotSent(error)
        return results

    def _prepare_all(
        self, records: Sequence[Record], together: Collection[RecordRef], *, always: bool
    ) -> dict[RecordRef, Prepared | Delivery]:
        if not records:
            return {}
        try:
            fields = self._services.spotler.fields()
        except ConnectorError as error:
            return {record.ref: NotSent(error) for record in records}
        results: dict[RecordRef, Prepared | Delivery] = {}
        for record in records:
            silenced = record.decision.fate is Fate.SILENCED
            code = skipped_code(record.decision.reason) if silenced else UNCHANGED
            is_certain = record.ref not in together
            if silenced and record.is_gone and is_certain:
                results[record.ref] = Sent.of(code)
                continue
            try:
                prepared = Prepared.of(self._services, record, fields)
            except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
                results[record.ref] = NotSent(error)
                continue
            was_sent = prepared.hash == record.sent_hash and not prepared.was_overtaken
            is_unchanged = was_sent and not record.is_gone and is_certain and not always
            results[record.ref] = Sent.of(code, is_there=True) if is_unchanged else prepared
        return results

    def _remember(self, results: Mapping[RecordRef, Delivery]) -> dict[RecordRef, Delivery]:
        """Write Spotler Info; a row that cannot be written now stays with its result."""
        writes = [
            InfoWrite(ref, result.over, result.info) for ref, result in results.items() if result.info is not None
        ]
        written: Mapping[RecordRef, object] = {}
        try:
            written = write_unchanged(self._services.dataverse, writes)
        except Exception as error:  # noqa: BLE001 - an internal error keeps no outcome from being recorded
            telemetry.log_problem(log, error, operation=OPERATION)
        after: dict[RecordRef, Delivery] = {}
        for ref, result in results.items():
            version = written.get(ref)
            if isinstance(version, InfoChanged):
                after[ref] = NotSent(version)
            elif isinstance(version, ConnectorError) and not isinstance(version, Refused):
                after[ref] = result
            else:
                after[ref] = replace(result, info=None)
        problems = [each for each in written.values() if isinstance(each, ConnectorError)]
        for first_of_each_type in {type(each): each for each in problems}.values():
            if not isinstance(first_of_each_type, InfoChanged):
                telemetry.log_problem(log, first_of_each_type, operation=OPERATION)
        return after


def _noted(record: Record) -> Record:
    """The record once its rows are off that its decision withdraws; the history explains them as it did before."""
    off = record.decision.withdrawals
    return record.noted(off=off) if (off or not record.facts.rows) and record.is_noted else record


def _left_alone(record: Record) -> Delivery:
    """The result of a record whose id belongs to another one; a deleted one has nothing in Spotler."""
    return NotSent(RecordIdTaken()) if record.exists else Sent.of(skipped_code(record.decision.reason))


def _is_to_be_repeated(result: Delivery) -> bool:
    return isinstance(result, NotSent) and isinstance(result.error, InfoChanged | RecordChanged)


def _together(before: Record, done: Delivery, now: Record, earlier: Together | None) -> Together:
    """What workers have sent of a record while this one sent it.

    Args:
        before: the record as it was sent.
        done: what became of it, with what would have been remembered.
        now: the record as it was read again.
        earlier: what was sent at the same time before that.
    """
    ours = LastCommon.parse((done.info or {}).get(Info.LAST_COMMON)).permissions
    known = before.last.permissions
    sent = {bit: state for bit, state in ours.items() if known.get(bit) != state}
    others = {bit: state.on for bit, state in now.last.permissions.items() if known.get(bit) != state}
    return Together({**(earlier.sent if earlier else {}), **sent}, {**(earlier.others if earlier else {}), **others})
