"""A Marketing List with many members: the first sync, the same list again, and again after one in a hundred changed.

    contacts and a static list, created behind the API ─► first sync ─► unchanged ─► 1 % left, 1 % joined ─► again

The first sync can be left out: then contacts, audience and what is remembered of it are put in place as it leaves them.
The job runs in a process of its own (`tests.bench.list_jobs`), step by step, because its memory is measured.
"""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

from connector.dataverse.choices import Operation
from connector.dataverse.names import Job, ListMember, MarketingList
from connector.settings import Settings
from connector.spotler.batches import BATCH
from connector.sync.lists.contacts import AT_A_TIME
from connector.sync.lists.reading import ASKED_AT_ONCE
from sandbox.people import People
from sandbox.system import Options, Surroundings, surroundings
from tests.bench import observe, processes
from tests.bench.fixtures import load_list, load_members, load_names, load_people
from tests.bench.lists_in_place import put_in_place
from tests.bench.observe import BenchFailed, Calls
from tests.bench.report import Expectation
from tests.bench.workers import Worker

MEMBERS: Final = 100_000
#: One member in so many leaves, and as many join.
CHANGED: Final = 100
#: Seconds that a list of `MEMBERS` may take after such a change, at 200 ms per call.
MOST_SECONDS: Final = 120.0
#: What the connector may have at most for `MEMBERS`.
MOST_MEMORY_MB: Final = 200
#: Rounds of calls for a hundred new members: they are read, with the history of their rows; new entries of the history;
#: Spotler; Spotler Info.
ROUNDS_SYNCED: Final = 5
#: Rounds of a run that do not depend on its size: the job and its list, the audience, Keep Out, the list's columns.
ROUNDS_OF_RUN: Final = 8
LONGEST: Final = 8 * 3600.0

_PAGE: Final = int(Settings.model_fields["list_page"].default)
_BLOCK: Final = int(Settings.model_fields["list_block"].default)
_ROW: Final = "{:<24} {:>9} {:>10} {:>8} {:>9} {:>9} {:>9} {:>8}"
HEADINGS: Final = _ROW.format("Phase", "Members", "Dataverse", "Spotler", "Seconds", "Floor", "CPU s", "Peak MB")


@dataclass(frozen=True, slots=True)
class ListPhase:
    """What one sync of the list took.

    Attributes:
        name: for people.
        members: how many the list had.
        calls: HTTP requests.
        seconds: with the start of the process, which takes a second.
        floor_seconds: what waiting alone takes, at this latency.
        cpu_seconds: processor time of the worker.
        peak_memory_mb: of the worker; None where the system does not say.
        message: what the job says.
    """

    name: str
    members: int
    calls: Calls
    seconds: float
    floor_seconds: float
    cpu_seconds: float
    peak_memory_mb: float | None
    message: str

    @property
    def line(self) -> str:
        """Its line of the table."""
        peak = "-" if self.peak_memory_mb is None else f"{self.peak_memory_mb:.0f}"
        times = (f"{self.seconds:.1f}", f"{self.floor_seconds:.1f}", f"{self.cpu_seconds:.1f}")
        return _ROW.format(self.name, self.members, self.calls.dataverse, self.calls.spotler, *times, peak)


@dataclass(frozen=True, slots=True)
class ListFigures:
    """What was measured.

    Attributes:
        members: how many the list had at first.
        first, unchanged, changed: the phases; no first one where the audience was put in place.
        wrong: how many are in the audience and not on the list, or the other way round.
        standins_mb: the most memory that the stand-ins had.
    """

    members: int
    first: ListPhase | None
    unchanged: ListPhase
    changed: ListPhase
    wrong: int
    standins_mb: Mapping[str, float | None]

    @property
    def phases(self) -> Sequence[ListPhase]:
        """In the order of the table."""
        return (*filter(None, [self.first]), self.unchanged, self.changed)


def measure(
    members: int,
    latency_ms: int,
    folder: Path,
    show: Callable[[ListPhase], object] = lambda _: None,
    *,
    in_place: bool = False,
) -> ListFigures:
    """Do all phases in fresh surroundings.

    Args:
        members: of the list.
        latency_ms: of every call.
        folder: of the surroundings.
        show: gets each phase when it is over.
        in_place: whether the first sync is left out, and what it leaves is put in place.

    Raises:
        BenchFailed: when the work was not done.
    """
    shutil.rmtree(folder, ignore_errors=True)
    options = Options(latency_ms=latency_ms, dataverse_arguments=("--no-limits",))
    changed = ceil(members / CHANGED)
    with surroundings(options, folder=folder) as around:
        load = load_names if in_place else load_people
        contacts = load(around.dataverse, members + changed)
        marketing_list, rows = load_list(around.dataverse, contacts[:members])
        bench = _ListBench(around, marketing_list, latency_ms, show)
        first = None if in_place else bench.phase("first sync", members, new=members)
        if in_place:
            put_in_place(around, marketing_list, contacts[:members])
        unchanged = bench.phase("again, unchanged", members)
        people = People(around.dataverse)
        for row in rows[:changed]:
            people.delete(ListMember.SET, row)
        load_members(around.dataverse, marketing_list, contacts[members:])
        after = bench.phase("1 % left, 1 % joined", members, new=changed, gone=changed)
        wrong = len(bench.audience() ^ set(contacts[changed:]))
        parts = {"Dataverse": around.dataverse, "Spotler": around.spotler}
        memory = {name: processes.peak_memory_mb([part.process.pid]) for name, part in parts.items()}
        return ListFigures(members, first, unchanged, after, wrong, memory)


@dataclass(frozen=True, slots=True)
class _ListBench:
    """Surroundings with a list."""

    around: Surroundings
    marketing_list: str
    latency_ms: int
    show: Callable[[ListPhase], object]

    def phase(self, name: str, members: int, *, new: int = 0, gone: int = 0) -> ListPhase:
        """Order a sync, and let a worker do it."""
        people = People(self.around.dataverse)
        row = {
            Job.NAME: name,
            Job.OPERATION: Operation.SYNC_MARKETING_LIST.value,
            f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({self.marketing_list})",
        }
        job = people.create(Job.SET, row)
        calls, began = observe.calls(self.around), time.monotonic()
        figures = Worker.start(self.around, "lists", name).end(LONGEST)
        seconds, spent = time.monotonic() - began, observe.calls(self.around).since(calls)
        ended = people.read(Job.SET, job)
        if ended[Job.RESULT_CODE] != "OK":
            raise BenchFailed(f"the job of {name} ended with {ended[Job.RESULT_CODE]}: {ended[Job.RESULT_MESSAGE]}")
        floor = floor_rounds(members, new=new, gone=gone) * self.latency_ms / 1000
        peak, message = figures["peak_memory_mb"], str(ended[Job.RESULT_MESSAGE])
        done = ListPhase(name, members, spent, seconds, floor, figures["cpu_seconds"], peak, message)
        self.show(done)
        return done

    def audience(self) -> set[str]:
        """Who is in the audience."""
        audiences = observe.get(self.around.spotler, "audiences")
        (found,) = (each for each in audiences if each["externalId"] == self.marketing_list)
        return set(map(str, found["members"]))


def floor_rounds(members: int, *, new: int = 0, gone: int = 0) -> int:
    """Rounds of calls that wait for one another: pages, blocks to add with their contacts, questions, and removals."""
    pages, blocks = ceil(members / _PAGE), [min(_BLOCK, new - start) for start in range(0, new, _BLOCK)]
    added = sum(1 + ROUNDS_SYNCED * ceil(ceil(block / BATCH) / AT_A_TIME) for block in blocks)
    asked = ceil(gone / _BLOCK) * ceil(_BLOCK / ASKED_AT_ONCE / Settings.model_fields["dataverse_parallel"].default)
    return ROUNDS_OF_RUN + pages + added + asked + ceil(gone / _BLOCK)


def expectations(figures: ListFigures, latency_ms: int) -> list[Expectation]:
    """What should be so."""
    peaks = [each.peak_memory_mb for each in figures.phases if each.peak_memory_mb is not None]
    expected = [
        Expectation("the audience is the list", figures.wrong == 0),
        Expectation("an unchanged list: Spotler is asked twice at most", figures.unchanged.calls.spotler <= 2),
    ]
    if figures.members <= MEMBERS and latency_ms <= 200:
        in_time = figures.changed.seconds < MOST_SECONDS
        expected += [
            Expectation(f"a list with changes takes less than {MOST_SECONDS:.0f} s", in_time),
            Expectation(f"a worker has at most {MOST_MEMORY_MB} MB", max(peaks, default=0) <= MOST_MEMORY_MB),
        ]
    return expected


def heading(members: int, latency_ms: int) -> str:
    """What the table is about."""
    return f"A static Marketing List with {members:,} contacts, {latency_ms} ms per call.\n\n{HEADINGS}"
