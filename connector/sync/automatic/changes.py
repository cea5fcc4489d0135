"""Automatic sync: records that changed in Dataverse are sent to Spotler without a job.

    bodies ─► items, one per record ─► records read ─┬─ there ─────► sent if their content changed ─┐
                   │                                 ├─ deleted ───► anonymised by their id alone ──┼─► settled
               quarantine                            └─ not there ─► dropped                        │
                                                                     done, tried again, or a Failed job row

The record is read when the item is worked on, so neither the order of messages nor a lost or repeated one matters. A
record that is not there is anonymised only where a message said that it was deleted. What may pass is tried again with
growing pauses; what Spotler refuses, and what has lasted for JOB_GIVE_UP_HOURS, leaves a Failed job row. That a person
opted out in Spotler is no failure.

Marketing Lists that changed arrive in the same way (`connector.sync.automatic.lists`).
"""

import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Final, override

from connector import due, telemetry
from connector.dataverse.names import MarketingList
from connector.dataverse.records import RecordRef
from connector.errors import Refused, Transient
from connector.outcomes import OK
from connector.routing.record_item import RecordItem
from connector.routing.work_item import LateInfo
from connector.servicebus.bus import Bus
from connector.servicebus.entities import SYNC_RECORDS, TOPIC_JOBS
from connector.services import Services
from connector.sync.automatic.deleted import forget_deleted
from connector.sync.automatic.items import Delivered, Returned, read_items, with_records
from connector.sync.automatic.lists import follow_lists
from connector.sync.automatic.settling import Settling
from connector.sync.info import write_late
from connector.sync.outward.outward import Outward
from connector.sync.records import Record, RecordReader
from connector.sync.results import Delivery, NotSent
from connector.threads import ContextThreadPool

log = logging.getLogger(__name__)

#: Records of one chunk: what one call to `/contact/list` takes, and one query by ids.
SIZE: Final = 100
#: Chunks worked on at the same time: one that waits for Spotler and one that does not.
AT_A_TIME: Final = 2


def sync_changes(services: Services, messages: Sequence[Delivered]) -> None:
    """Sync the records of a batch.

    Raises:
        Transient, Misconfigured: when the bus cannot take what is tried again.
    """
    put_back, counts = Returned(), Counter[str]()
    lock = timedelta(seconds=services.settings.job_lease_seconds)
    deadline = services.now() + lock * due.WORKING_SHARE
    items = with_records(services, read_items(messages, services.bus), put_back)
    lists = [item for item in items if _is_list(item)]
    records = [item for item in items if not _is_list(item)]
    with ContextThreadPool(AT_A_TIME, thread_name_prefix=SYNC_RECORDS) as pool:
        done = [
            pool.submit(kind(services, deadline, put_back).run, part)
            for kind, part_of in ((_ListChunk, lists), (_RecordChunk, records))
            for part in batched(part_of, SIZE, strict=False)
        ]
    for each in done:
        counts += each.result()
    if counts:
        told = ", ".join(f"{code} {count}" for code, count in sorted(counts.items()))
        log.info("Records synced: %s", told, extra=telemetry.fields(operation=SYNC_RECORDS, count=counts.total()))
    if counts[OK]:
        telemetry.succeeded(SYNC_RECORDS)
    put_back.send(services.bus)


def put_back_all(bus: Bus, messages: Iterable[Delivered], error: Exception, *, now: datetime) -> None:
    """Put a whole batch back for a while, when the app is not set up: a setting or the mapping is wrong.

    Raises:
        Transient, Misconfigured: when the bus cannot take it either.
    """
    telemetry.log_problem(log, error, operation=SYNC_RECORDS)
    put_back_until(bus, messages, now + due.NOT_SET_UP)


def put_back_until(bus: Bus, messages: Iterable[Delivered], moment: datetime) -> None:
    """Put a whole batch back, untouched.

    Raises:
        Transient, Misconfigured: when the bus cannot take it.
    """
    bus.to_topic(TOPIC_JOBS, [item.again(moment) for item in read_items(messages, bus)])


def _is_list(item: RecordItem) -> bool:
    return item.record is not None and item.record.table == MarketingList.TABLE


class _Chunk(ABC):
    """What is worked on together."""

    def __init__(self, services: Services, deadline: datetime, put_back: Returned) -> None:
        self._services = services
        self._deadline = deadline
        self._put_back = put_back
        self._settle = Settling(services, put_back).settle

    def run(self, items: Sequence[RecordItem]) -> Counter[str]:
        """Work on them; returns how many ended with each code."""
        now = self._services.now()
        if now >= self._deadline:
            self._put_back.messages += [item.again(now) for item in items]
            return Counter()
        return self._work({item.record: item.begun(now) for item in items if item.record is not None}, now)

    @abstractmethod
    def _work(self, begun: dict[RecordRef, RecordItem], now: datetime) -> Counter[str]:
        """Work on the items, by what they are about."""


class _ListChunk(_Chunk):
    """Marketing Lists."""

    @override
    def _work(self, begun: dict[RecordRef, RecordItem], now: datetime) -> Counter[str]:
        return self._settle(begun, follow_lists(self._services, begun, self._put_back), now)


class _RecordChunk(_Chunk):
    """Records that are read, sent and settled together."""

    @override
    def _work(self, begun: dict[RecordRef, RecordItem], now: datetime) -> Counter[str]:
        waiting = self._late_infos(begun)
        ready = {ref: item.model_copy(update={"info": None}) for ref, item in begun.items() if ref not in waiting}
        try:
            records = self._records(ready)
        except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
            return self._settle(begun | ready, waiting | {ref: NotSent(error) for ref in ready}, now)
        try:
            results = self._send(records, ready)
        except Exception as error:  # noqa: BLE001
            results = {ref: NotSent(error) for ref in records}
        tried = {ref: _tried(ready[ref], results[ref], now) for ref in records}
        ended = self._settle(begun | tried, waiting | results, now)
        return ended + Counter({"NOT_THERE": len(ready) - len(records)})

    def _records(self, items: Mapping[RecordRef, RecordItem]) -> dict[RecordRef, Record]:
        """The records as they are now, those that were deleted among them.

        A record may be missing in an answer without having been deleted, for example because the connector may not
        read it: so only a message of its deletion takes it out of Spotler.
        """
        return RecordReader(self._services).read(items.keys(), [ref for ref, item in items.items() if item.deleted])

    def _send(
        self, records: Mapping[RecordRef, Record], items: Mapping[RecordRef, RecordItem]
    ) -> dict[RecordRef, Delivery]:
        """Send the records; where what was sent could not be remembered, that is the result of its record."""
        outward = Outward(self._services, check_time=self._check_time)
        again = [record for ref, record in records.items() if items[ref].always]
        fresh = [record for ref, record in records.items() if not items[ref].always]
        created = {ref for ref in records if items[ref].created}
        edited = {ref: items[ref].columns for ref in records}
        began = self._services.now()
        results: dict[RecordRef, Delivery] = {}
        for group, is_again in ((again, True), (fresh, False)):
            results |= outward.send(group, always=is_again, created=created, edited=edited) if group else {}
        gone = [
            ref
            for ref, record in records.items()
            if not record.exists and not record.is_foreign and not isinstance(results[ref], NotSent)
        ]
        unwritten = forget_deleted(self._services.dataverse, gone)
        # What could not be written with the send; somebody else may have written the row since.
        late = [(ref, began, result.info) for ref, result in results.items() if result.info is not None]
        unwritten |= write_late(self._services.dataverse, late)
        results |= {ref: replace(results[ref], info=None) for ref, _, _ in late if ref not in unwritten}
        lost = {
            ref: NotSent(error, result.info)
            for ref, error in unwritten.items()
            if not isinstance(result := results[ref], NotSent)
        }
        return results | lost

    def _late_infos(self, items: Mapping[RecordRef, RecordItem]) -> dict[RecordRef, Delivery]:
        """Write the rows of Spotler Info that items carry; why a record has to wait for its row."""
        rows = [(ref, item.info.made_on, item.info.values) for ref, item in items.items() if item.info is not None]
        try:
            problems: Mapping[RecordRef, Exception] = write_late(self._services.dataverse, rows)
        except Exception as error:  # noqa: BLE001 - no other record suffers from it
            problems = {ref: error for ref, _, _ in rows}
        return {ref: NotSent(error) for ref, error in problems.items() if not isinstance(error, Refused)}

    def _check_time(self) -> None:
        if self._services.now() >= self._deadline:
            raise Transient("The batch ran out of time before this record.", code="OUT_OF_TIME")


def _tried(item: RecordItem, result: Delivery, now: datetime) -> RecordItem:
    """The item of a record that was tried, should it come back: with the row of Spotler Info that is left to write."""
    info = LateInfo.of(result.info, now) if result.info is not None else None
    return item.model_copy(update={"always": True, "info": info})
