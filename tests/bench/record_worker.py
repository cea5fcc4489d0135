"""One phase of the bench of records, in a process of its own, so that its memory and its end are its own.

The records of a phase are read page by page and synced in batches, as the bus delivers them. A file says how many are
done: a worker that was killed is started again there, and its batch comes again as a redelivered one.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import batched, islice
from pathlib import Path
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.names import Contact, Info, Permission
from connector.dataverse.records import RecordRef
from connector.pulls.updates import pull_updates
from connector.reconcile.reconciling import Reconciler, to_the_end
from connector.routing.record_item import RecordItem
from connector.servicebus.bus import Bus, OutgoingMessage
from connector.services import Services, get_services
from connector.spotler import ContactData
from connector.sync.all_records import all_records
from connector.sync.automatic.changes import SIZE, sync_changes
from connector.sync.automatic.items import Delivered
from connector.sync.info import info_of, write_infos

#: Records of one batch: one chunk, so that a crash concerns no more than that.
BATCH: Final = SIZE
#: How often what was put back is delivered again; whoever looks at Spotler afterwards sees what is still missing.
TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Done:
    """Where a worker is.

    Attributes:
        file: keeps the number of records that are done.
        was_killed: whether an earlier worker ended within a batch.
    """

    file: Path
    was_killed: bool

    @property
    def count(self) -> int:
        """How many records are done."""
        return int(self.file.read_text(encoding="ascii")) if self.file.exists() else 0

    def set(self, count: int) -> None:
        """Say so; a reader sees the old number or the new one."""
        new = self.file.with_suffix(".new")
        new.write_text(str(count), encoding="ascii")
        new.replace(self.file)


class Returned(Bus):
    """Keeps what is put back, and delivers it again once everything else is done."""

    def __init__(self) -> None:
        self.messages: list[OutgoingMessage] = []

    def to_topic(self, name: str, messages: Iterable[OutgoingMessage]) -> None:
        """Keep them; there is one topic."""
        del name
        self.messages += messages

    def deliver(self, services: Services) -> None:
        """Deliver what was put back, until nothing is put back or it was tried often enough."""
        for _ in range(TRIES):
            messages, self.messages = self.messages, []
            for batch in batched(messages, BATCH, strict=False):
                sync_changes(services, [Delivered(each.body) for each in batch])


def main() -> None:
    """Do one phase and print its figures."""
    from connector.cli.progress import progress  # the bench of a night shows none

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("phase", choices=["sync", "naive", "pull", "lists", "reconcile"])
    parser.add_argument("done", type=Path, help="the file with the number of records that are done")
    options = parser.parse_args()
    if not sys.stderr.isatty():
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    returned = Returned()
    services = replace(get_services(), bus=returned)
    services.spotler.fields()
    began, cpu = time.monotonic(), time.process_time()
    with progress(f"records of the bench ({options.phase})") as show:
        if options.phase == "pull":
            pull_updates(services)
        elif options.phase == "reconcile":
            to_the_end(Reconciler(services, is_over=lambda: False, seen=lambda done, _: show(done)))
        elif options.phase == "lists":
            from tests.bench.list_jobs import run_list_jobs

            for count in run_list_jobs(services, returned):
                show(count)
        else:
            records = all_records(services.dataverse, Contact.TABLE)
            done = Done(options.done, was_killed=options.done.exists())
            for count in _sync(services, records, done) if options.phase == "sync" else _naive(services, records):
                show(count)
        put_back = len(returned.messages)
        returned.deliver(services)
    figures = {
        "seconds": time.monotonic() - began,
        "cpu_seconds": time.process_time() - cpu,
        "peak_memory_mb": peak_memory_mb(),
        "put_back": put_back,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _sync(services: Services, records: Iterable[RecordRef], done: Done) -> Iterator[int]:
    count, again = done.count, done.was_killed
    for batch in batched(islice(records, count, None), BATCH, strict=False):
        items = (RecordItem(record=record, first_seen=services.now()) for record in batch)
        sync_changes(services, [Delivered(item.body(), again=again) for item in items])
        count, again = count + len(batch), False
        done.set(count)
        yield count


def _naive(services: Services, records: Iterable[RecordRef]) -> Iterator[int]:
    """One record after the other: read it, its permissions and its Spotler Info; send it; write Spotler Info."""
    dataverse = services.dataverse
    for count, record in enumerate(records, 1):
        (row,) = dataverse.query(
            Contact.SET,
            select=("firstname", "lastname", "emailaddress1"),
            filter=filters.in_(Contact.ID, [record.id]),
        )
        of_contact = filters.in_(Permission.CONTACT, [record.id])
        dataverse.query(Permission.SET, select=(Permission.NAME, Permission.SUBSCRIBED), filter=of_contact)
        dataverse.query(Info.SET, select=(Info.SENT_HASH,), filter=filters.in_(Info.RECORD, [record.id]))
        content = {"email": row["emailaddress1"], "firstName": row["firstname"], "lastName": row["lastname"]}
        services.spotler.upsert_contacts([ContactData(record.id, content)])
        write_infos(dataverse, [(record, info_of(record, str(row["lastname"]), **{Info.SENT_HASH: "0" * 64}))])
        yield count


def peak_memory_mb() -> float | None:
    """The largest resident memory of this process so far; None where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)


if __name__ == "__main__":
    main()
