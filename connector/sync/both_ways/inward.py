"""Inward: what changed in Spotler is written into the record, where it really differs.

    contacts ─► their records ─┬─ nothing new ──────────────────────────────────────────────► counted
        ▲                      ├─ read long ago, or perhaps before the last send ─► asked ───┐
        │                      └─ new ──────────────────────────────────────────────────────┴► exchanged ─► Spotler Info
        └──────────── somebody else wrote the record or its Spotler Info meanwhile ◄─────────────────┘

The feed also has what the connector itself wrote: it is recognised by what both systems have in common. Where both
sides changed a column and Dataverse wins, the record is sent. Work may be repeated; nothing happens twice.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

from connector import telemetry
from connector.consent import contradicts
from connector.dataverse.api import filters
from connector.dataverse.edition import read_columns
from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError, Misconfigured, Transient
from connector.mapping.model import TABLES
from connector.services import Services
from connector.spotler import Fields, SpotlerContact
from connector.sync.both_ways import reports
from connector.sync.both_ways.exchanging import Exchanged, Seen, exchange, has_news
from connector.sync.both_ways.row_writes import RecordChanged
from connector.sync.info import CLOCKS_DIFFER, InfoChanged, InfoWrite, info_of, write_unchanged
from connector.sync.last_common import LastCommon
from connector.sync.one_by_one import one_by_one
from connector.sync.outward.meeting import BeingSent
from connector.sync.outward.outward import TRIES, Outward
from connector.sync.outward.preparing import is_as_sent, permissions_field
from connector.sync.owners import OWNER_COLUMNS, owner_of
from connector.sync.permissions.missing import MissingHeld
from connector.sync.records import Record, RecordReader
from connector.sync.results import NotSent

log = logging.getLogger(__name__)

#: Contacts that are worked on at once.
AT_ONCE: Final = 100
#: How long a page of the feed shows what Spotler has: less than a run may be silent before another one takes over,
#: which may have worked on something newer.
FRESH: Final = timedelta(minutes=5)

#: The same for an opt-in: somebody may have left since, and another reading may have found nothing new in that.
FRESH_CONSENT: Final = timedelta(seconds=30)

#: What became of contacts, as it is counted in the log.
UNCHANGED: Final = "unchanged"
WRITTEN: Final = "written"
CONSENT: Final = "with a change of consent"
SENT: Final = "sent, because Dataverse was newer"
NO_RECORD: Final = "without a record"
LEFT: Final = "left Spotler meanwhile"
HELD: Final = "held back by the brake"
FAILED: Final = "failed"

#: The name under which problems are logged.
OPERATION: Final = "updates"


@dataclass(frozen=True, slots=True)
class ShownUpdate:
    """A contact of the feed.

    Attributes:
        contact: as Spotler showed it.
        seen_on: before Spotler was asked.
    """

    contact: SpotlerContact
    seen_on: datetime


def apply(
    services: Services, updates: Sequence[ShownUpdate], records: Mapping[RecordRef, Record] | None = None
) -> Counter[str]:
    """Write what these contacts have newer than their records.

    Args:
        services: the systems.
        updates: contacts whose External Id is the id of a row.
        records: their records, if they were read just now.

    Raises:
        Transient, Misconfigured: something could not be done now; all else is done.
    """
    counts = Counter[str]()
    problems: list[ConnectorError] = []
    for block in batched(updates, AT_ONCE, strict=False):
        by_id = {str(each.contact.external_id).lower(): each for each in block}  # the last one is the newest
        known = None if records is None else {ref: each for ref, each in records.items() if ref.id in by_id}
        _Block(services, by_id, counts, problems).work(known)
    for problem in problems:
        if isinstance(problem, Transient | Misconfigured):
            raise problem
    return counts


class _Block:
    """The contacts that are worked on at once."""

    def __init__(
        self,
        services: Services,
        updates: dict[str, ShownUpdate],
        counts: Counter[str],
        problems: list[ConnectorError],
    ) -> None:
        self._services = services
        self._updates = updates
        self._counts = counts
        self._problems = problems

    def work(self, records: Mapping[RecordRef, Record] | None) -> None:
        fields = self._services.spotler.fields()
        records = self._find() if records is None else records
        self._counts[NO_RECORD] += len(self._updates) - len(records)
        for _ in range(TRIES):
            again = self._try(records, fields)
            if not again:
                return
            records = RecordReader(self._services).read(again)
        self._problems.append(InfoChanged())

    def _find(self) -> Mapping[RecordRef, Record]:
        """The records of these contacts: Spotler Info knows the table; of the others each table is asked."""
        dataverse, about = self._services.dataverse, filters.in_(Info.RECORD, sorted(self._updates))
        rows = read_columns(
            dataverse,
            (Info.RECORD, *OWNER_COLUMNS.values()),
            lambda columns: dataverse.query(Info.SET, select=columns, filter=about),
        )
        known = {owner.id: owner.table for row in rows if (owner := owner_of(row))}
        synced = [table for table in TABLES if self._services.mapping.syncs(table)]
        candidates = [
            RecordRef(table, each)
            for each in self._updates
            for table in ([known[each]] if each in known else synced)
            if table in synced
        ]
        found = RecordReader(self._services).read(candidates)
        ids = Counter(ref.id for ref in found)
        return {ref: each for ref, each in found.items() if ids[ref.id] == 1}  # else nobody knows whose contact it is

    def _try(self, records: Mapping[RecordRef, Record], fields: Fields) -> list[RecordRef]:
        """One attempt; returns the records that somebody else has written meanwhile."""
        now = self._services.now()
        seen: list[Seen] = []
        to_be_sent: list[Record] = []
        for record in records.values():
            if record.is_foreign:
                self._counts[NO_RECORD] += 1
                continue
            if record.last.is_held("", now):
                self._problems.append(BeingSent())
                continue
            each = self._seen(record, fields)
            if record.last.was_interrupted(now):
                to_be_sent.append(record)  # Spotler may have what a worker began to send; that settles it
            elif record.is_gone or has_news(self._services, each):
                seen.append(each)
            else:
                self._counts[UNCHANGED] += 1
        current = self._made_sure(seen, records)
        done = exchange(self._services, [each for each in current if not each.record.is_gone])
        again = [ref for ref, result in done.items() if isinstance(result, RecordChanged)]
        finished = {ref: result for ref, result in done.items() if isinstance(result, Exchanged)}
        for result in done.values():
            if isinstance(result, Exception) and not isinstance(result, RecordChanged):
                self._failed(result)
        again += self._remember(finished, [each.record for each in current if each.record.is_gone])
        to_be_sent += [each.prepared.record for each in finished.values() if each.must_be_sent]
        to_be_sent += [each.record for each in current if each.record.is_gone]
        self._count(result for ref, result in finished.items() if ref not in again)
        self._send([record.ref for record in to_be_sent if record.ref not in again])
        return again

    def _seen(self, record: Record, fields: Fields) -> Seen:
        update = self._updates[record.ref.id]
        permissions = permissions_field(self._services.mapping, record.ref.table, fields)
        return Seen.of(record, update.contact, fields, permissions, update.seen_on)

    def _made_sure(self, seen: Sequence[Seen], records: Mapping[RecordRef, Record]) -> list[Seen]:
        """Ask Spotler again where a contact may be shown as it was before it was sent last, or long ago."""
        began = self._services.now()
        unsure = {each.ref: each for each in seen if _may_be_old(each, began - each.seen_on)}
        calls = {ref: lambda ref=ref: self._services.spotler.get_contact(ref.id) for ref in unsure}
        answers = one_by_one(self._services, lambda: None, calls)
        sure = [each for each in seen if each.ref not in unsure]
        for ref, each in unsure.items():
            contact = answers[ref]
            if isinstance(contact, Exception):
                self._failed(contact)
            elif contact is None:
                self._counts[LEFT] += 1
            else:
                self._updates[ref.id] = ShownUpdate(contact, began)
                record = records[ref]
                sure.append(Seen.of(record, contact, each.fields, each.permissions, began))
        return sure

    def _remember(self, done: Mapping[RecordRef, Exchanged], back: Sequence[Record]) -> list[RecordRef]:
        """Write Spotler Info; returns the records whose row somebody else has written meanwhile."""
        writes = [
            # Spotler has a contact that should be gone: a call that took effect late has made it again.
            InfoWrite(each.ref, each.info, info_of(each.ref, each.name, **{Info.GONE: False}))
            for each in back
        ]
        for ref, each in done.items():
            values = self._values(each)
            if values:
                record = each.seen.record
                writes.append(InfoWrite(ref, record.info, info_of(ref, record.name, **values)))
        again = []
        for ref, version in write_unchanged(self._services.dataverse, writes).items():
            if isinstance(version, InfoChanged):
                again.append(ref)
            elif isinstance(version, ConnectorError):
                self._failed(version)
        return again

    def _values(self, done: Exchanged) -> dict[str, object]:
        """What Spotler Info remembers: what is in common, and the hash if the record was in step before.

        Else the hash is forgotten: after a crash the record may have what is new already, and if somebody then changed
        it back to what was sent last, that would look as if it had been sent.
        """
        record = done.seen.record
        noted = done.prepared.record.last.noted
        last = done.last(was_sent=False, noted=noted)
        is_noted = last == LastCommon.parse(record.info.common)
        values: dict[str, object] = {} if is_noted else {Info.LAST_COMMON: last.text}
        if record.sent_hash and record.sent_hash != done.prepared.hash:
            is_in_step = is_as_sent(self._services, record, done.seen.fields) and not done.must_be_sent
            values[Info.SENT_HASH] = done.prepared.hash if is_in_step else ""
            if is_in_step:
                values[Info.SENT_FIELDS] = done.prepared.sent_fields.text
        return values

    def _count(self, done: Iterable[Exchanged]) -> None:
        for each in done:
            if each.refusal is not None:
                self._failed(each.refusal)
            for warning in each.exchange.warnings:
                log.warning("%s", warning, extra=telemetry.fields(operation=OPERATION))
            self._counts[WRITTEN] += bool(each.written)
            self._counts[CONSENT] += each.has_consent
            self._counts[UNCHANGED] += not each.written and not each.has_consent

    def _send(self, refs: Sequence[RecordRef]) -> None:
        """Send records where Spotler has something else than Dataverse, which wins."""
        if not refs:
            return
        records = RecordReader(self._services).read(refs)
        sent = Outward(self._services, remembers=False).send(list(records.values()), always=True)
        for result in sent.values():
            if isinstance(result, NotSent):
                self._failed(result.error)
            else:
                self._counts[SENT] += 1

    def _failed(self, error: Exception) -> None:
        """A problem that may pass is raised at the end; another one is logged and counted."""
        if isinstance(error, MissingHeld):  # a person decides; the feed does not wait for that
            self._counts[HELD] += 1
            return
        if isinstance(error, Transient | Misconfigured):
            self._problems.append(error)
            return
        telemetry.log_problem(log, error, operation=OPERATION)
        self._counts[FAILED] += 1


def _may_be_old(seen: Seen, age: timedelta) -> bool:
    """Whether the contact may be shown as it was before the last send, or before another reading noted a newer one."""
    sent_on, changed_on, noted_on = seen.record.sent_on, seen.contact.last_changed, seen.record.noted_on
    shown = reports.shown(seen.record, seen.contact, seen.fields, seen.permissions, seen.seen_on)
    known = seen.record.last.permissions
    opts_in = any(on and bit in known and not known[bit].on for bit, on in shown.states.items())
    if age > (FRESH_CONSENT if opts_in else FRESH):
        return True
    if seen.record.is_gone or contradicts(shown, known):
        return True
    if noted_on is not None and seen.seen_on <= noted_on + CLOCKS_DIFFER:
        return True
    if sent_on is None:
        return False
    if changed_on is None or changed_on <= sent_on + CLOCKS_DIFFER:
        return True
    return seen.seen_on <= sent_on + CLOCKS_DIFFER
