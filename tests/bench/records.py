"""Many contacts: the first load with a crash in it, all again unchanged, and a night with one in a hundred changed.

    contacts, created behind the API ─► first load (killed once, goes on) ─► all again, unchanged
        ─► 1 % changed on each side ─► all again, and the feed of updates

The connector's part is `connector.triggers.records`: batches of record items. It runs in a process of its own
(`tests.bench.record_worker`), because its memory and its sudden end are measured.
"""

import random
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from math import ceil
from pathlib import Path
from typing import Final

from connector.dataverse.names import Contact, Permission, lookup_value
from connector.spotler.paging import PAGE_SIZE
from sandbox.people import People
from sandbox.spotler.seed import NEWSLETTER_BIT
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Options, Surroundings, surroundings
from tests.bench import observe, processes
from tests.bench.fixtures import load_people
from tests.bench.observe import BenchFailed, Calls
from tests.bench.record_worker import BATCH
from tests.bench.report import Expectation
from tests.bench.workers import Worker

RECORDS: Final = 100_000
#: What the connector may have at most, however many records there are.
MOST_MEMORY_MB: Final = 150
#: The share of the records that may be sent again after a crash; at least one batch.
MOST_AGAIN: Final = 0.001
#: Records that the naive connector syncs: it takes the same for each.
NAIVE_RECORDS: Final = 200
#: One record in so many changes.
CHANGED: Final = 100
#: Rounds of calls for a batch in the first load: the records; the history of the rows that half of them have; its new
#: entries; Spotler; Spotler Info.
ROUNDS: Final = 5
#: The same for unchanged records: they are read. And where one of them has changed: Spotler, and Spotler Info.
ROUNDS_UNCHANGED: Final = 1
ROUNDS_CHANGED: Final = 3
#: Calls that the naive connector makes for a record: it reads three rows, sends, and writes one.
ROUNDS_NAIVE: Final = 5

#: Seconds that one phase may take.
LONGEST: Final = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Phase:
    """What one phase took.

    Attributes:
        name: for people.
        records: how many there were.
        calls: HTTP requests.
        seconds: with the start of the process, which takes a second.
        cpu_seconds: processor time of the worker for its work.
        peak_memory_mb: of the worker; None where the system does not say.
        floor_seconds: what waiting alone takes, at this latency; None where that is not computed, as for the feed,
            which also reads what the connector wrote in the last minutes.
    """

    name: str
    records: int
    calls: Calls
    seconds: float
    cpu_seconds: float
    peak_memory_mb: float | None
    floor_seconds: float | None = None

    @property
    def line(self) -> str:
        """Its line of the table."""
        floor = "-" if not self.floor_seconds else f"{self.records / self.floor_seconds:.0f}"
        peak = "-" if self.peak_memory_mb is None else f"{self.peak_memory_mb:.0f}"
        rate = "-" if not self.floor_seconds else f"{self.records / self.seconds:.0f}"
        cpu = "-" if not self.floor_seconds else f"{1000 * self.cpu_seconds / self.records:.2f}"
        values = (self.records, self.calls.dataverse, self.calls.spotler, f"{self.seconds:.1f}")
        rates = (rate, floor, cpu, peak)
        return _ROW.format(self.name, *values, *rates)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        records: how many contacts there are.
        naive, load, unchanged, night, feed, reconcile: the phases.
        again: how many records were sent before the crash and came again after it.
        missing: how many changes did not arrive on the other side.
        standins_mb: the most memory that the stand-ins of Dataverse and Spotler had.
    """

    records: int
    naive: Phase
    load: Phase
    unchanged: Phase
    night: Phase
    feed: Phase
    reconcile: Phase
    again: int
    missing: int
    standins_mb: Mapping[str, float | None]

    @property
    def phases(self) -> Sequence[Phase]:
        """In the order of the table."""
        return (self.naive, self.load, self.unchanged, self.night, self.feed, self.reconcile)


_ROW: Final = "{:<28} {:>8} {:>10} {:>8} {:>8} {:>8} {:>9} {:>10} {:>8}"
HEADINGS: Final = _ROW.format(
    "Phase", "Records", "Dataverse", "Spotler", "Seconds", "Rows/s", "Floor/s", "CPU ms/row", "Peak MB"
)


def measure(records: int, latency_ms: int, folder: Path) -> Figures:
    """Do all phases in fresh surroundings.

    Raises:
        BenchFailed: when the work was not done.
    """
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier run has done is not done in these surroundings
    options = Options(latency_ms=latency_ms, dataverse_arguments=("--no-limits",))
    with surroundings(options, folder=folder / "naive") as around:
        sample = min(NAIVE_RECORDS, records)
        load_people(around.dataverse, sample)
        naive = _Bench(around, latency_ms).phase("naive", "naive, one by one", sample, rounds=ROUNDS_NAIVE * BATCH)
    with surroundings(options, folder=folder / "connector") as around:
        contacts = load_people(around.dataverse, records)
        bench = _Bench(around, latency_ms)
        load, again = bench.load(records)
        unchanged = bench.phase("sync", "all again, unchanged", records, rounds=ROUNDS_UNCHANGED)
        bench.phase("pull", "where the feed begins", 1)
        in_dataverse, in_spotler = contacts[::CHANGED], contacts[CHANGED // 2 :: CHANGED]
        bench.change(in_dataverse, in_spotler)
        # Either side also brings what is no news: all records are looked at, and the feed has our own writes.
        night = bench.phase("sync", "all, 1 % changed in Dynamics", records, rounds=ROUNDS_CHANGED)
        feed = bench.phase("pull", "feed, 1 % opted out", len(in_spotler))
        missing = bench.check(in_dataverse, in_spotler)
        # The first comparison notes the status of each contact on Spotler Info, which the feed has not shown.
        bench.phase("reconcile", "where the statuses begin", records)
        reconcile = bench.phase("reconcile", "both sides compared", records)
        parts = {"Dataverse": around.dataverse, "Spotler": around.spotler}
        memory = {name: processes.peak_memory_mb([part.process.pid]) for name, part in parts.items()}
        return Figures(records, naive, load, unchanged, night, feed, reconcile, again, missing, memory)


@dataclass(frozen=True, slots=True)
class _Bench:
    """Surroundings in which phases run."""

    around: Surroundings
    latency_ms: int

    def load(self, records: int) -> tuple[Phase, int]:
        """The first load; its worker is killed somewhere, and another one goes on.

        Returns:
            what it took, and how many records were sent already that the second worker got again.
        """
        calls, began = observe.calls(self.around), time.monotonic()
        worker = Worker.start(self.around, "sync", "first load")
        target = random.randint(BATCH, max(BATCH, records - 2 * BATCH))  # noqa: S311 - any place will do
        process = worker.process
        observe.wait(lambda: process.poll() is not None or worker.count >= target, LONGEST, "the load takes too long")
        if process.poll() is not None:
            raise BenchFailed(f"the load ended before it was killed; see {worker.log}")
        spent = processes.cpu_seconds([process.pid])
        process.kill()
        process.communicate()
        again = self._created() - worker.count
        figures = Worker.start(self.around, "sync", "first load").end(LONGEST)
        figures["cpu_seconds"] += spent
        phase = self._phase("first load, killed once", records, calls, began, figures, rounds=ROUNDS)
        if self._created() != records:
            raise BenchFailed(f"of {records} contacts Spotler has {self._created()}; see {worker.log}")
        return phase, again

    def phase(self, kind: str, name: str, records: int, *, rounds: int = 0) -> Phase:
        """Let a worker do one phase."""
        calls, began = observe.calls(self.around), time.monotonic()
        figures = Worker.start(self.around, kind, name).end(LONGEST)
        return self._phase(name, records, calls, began, figures, rounds=rounds)

    def change(self, in_dataverse: Sequence[str], in_spotler: Sequence[str]) -> None:
        """People change a name in Dynamics, and opt out of the newsletter in Spotler."""
        people = People(self.around.dataverse)
        for contact in in_dataverse:
            people.update(Contact.SET, contact, {"firstname": "Changed"})
        left = ({"type": "unsubscribe", "externalId": each, "permissions": [NEWSLETTER_BIT]} for each in in_spotler)
        for some in batched(left, 500, strict=False):
            self._door.emit(*some)

    def check(self, in_dataverse: Sequence[str], in_spotler: Sequence[str]) -> int:
        """How many of the changes did not arrive on the other side."""
        updated = {each["externalId"] for each in self._door.journal("contact.updated")}
        people = People(self.around.dataverse)
        condition = f"{Permission.SUBSCRIBED} eq false"
        lookup = lookup_value(Permission.CONTACT)
        off = {row[lookup] for row in people.find(Permission.SET, condition, lookup)}
        return len(set(in_dataverse) - updated) + len(set(in_spotler) - off)

    @property
    def _door(self) -> SideDoor:
        return SideDoor(self.around.spotler.get("url"))

    def _created(self) -> int:
        return len(self._door.journal("contact.created"))

    def _phase(
        self, name: str, records: int, calls: Calls, began: float, figures: dict[str, float], *, rounds: int
    ) -> Phase:  # fmt: skip
        seconds, spent = time.monotonic() - began, observe.calls(self.around).since(calls)
        floor = ceil(records / BATCH) * rounds * self.latency_ms / 1000
        return Phase(name, records, spent, seconds, figures["cpu_seconds"], figures["peak_memory_mb"], floor or None)


def expectations(figures: Figures) -> list[Expectation]:
    """What should be so."""
    most = max(BATCH, round(MOST_AGAIN * figures.records))
    changed = len(range(0, figures.records, CHANGED))
    peaks = [each.peak_memory_mb for each in figures.phases if each.peak_memory_mb is not None]
    return [
        Expectation(
            "unchanged records: no call to Spotler but one for its fields", figures.unchanged.calls.spotler <= 1
        ),
        Expectation(f"after the crash at most {most} records came again: {figures.again}", figures.again <= most),
        Expectation(f"a worker has at most {MOST_MEMORY_MB} MB", max(peaks, default=0) <= MOST_MEMORY_MB),
        Expectation(f"every change arrived on the other side; {figures.missing} did not", figures.missing == 0),
        Expectation(
            "both sides compared: Spotler is called for its pages only",
            figures.reconcile.calls.spotler <= 2 * ceil(figures.records / PAGE_SIZE) + 3,
        ),
        Expectation(
            "the night: Spotler is called for batches with a change only", figures.night.calls.spotler <= changed + 1
        ),
    ]


def heading(records: int, latency_ms: int) -> str:
    """What the table is about."""
    return f"{records:,} contacts, {latency_ms} ms per call; every second one has a permission.\n\n{HEADINGS}"
