"""The pulls of a night after one mailing to many contacts, who opened it, clicked in it, or did not get it.

    contacts, known to both systems ─► the feeds begin ─► the mailing ─► each pull ─► each pull again: nothing new

Each pull runs in a process of its own (`tests.bench.night_worker`), because its memory is measured.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from math import ceil
from pathlib import Path
from typing import Final

from connector.dataverse.names import Info, Interaction
from connector.pulls.interactions import BLOCK
from connector.settings.feeds import INTERACTION_KINDS
from connector.spotler.paging import PAGE_SIZE
from sandbox.launch import ROOT
from sandbox.people import People
from sandbox.spotler.seed import MAILING_ID
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Options, Surroundings, surroundings
from tests.bench import observe, processes
from tests.bench.fixtures import load_known
from tests.bench.night_worker import PULLS
from tests.bench.observe import BenchFailed, Calls
from tests.bench.report import Expectation

CONTACTS: Final = 100_000
#: How many of them open, click, and bounce.
OPENED: Final = 0.35
CLICKED: Final = 0.05
BOUNCED: Final = 0.015
#: Rounds of calls for a block of events: whose they are, the rows, and the dates.
ROUNDS: Final = 3
#: What a pull may have at most, however many events there are.
MOST_MEMORY_MB: Final = 250
#: Calls to Dataverse that all pulls together may make where nothing is new.
MOST_CALLS: Final = 40

_EVENTS_PER_CALL: Final = 1000
_LONGEST: Final = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Pull:
    """What one pull took.

    Attributes:
        name: of the pull.
        counts: what became of what it read.
        calls: HTTP requests.
        runs: how often its timer has to run.
        seconds: with the start of the process, which takes a second.
        cpu_seconds: processor time of its work.
        peak_memory_mb: None where the system does not say.
        floor_seconds: what waiting alone takes, at this latency; None where that is not computed.
    """

    name: str
    counts: Mapping[str, int]
    calls: Calls
    runs: int
    seconds: float
    cpu_seconds: float
    peak_memory_mb: float | None
    floor_seconds: float | None = None

    @property
    def events(self) -> int:
        """How many entries it worked on."""
        return sum(self.counts.values())

    @property
    def line(self) -> str:
        """Its line of the table."""
        peak = "-" if self.peak_memory_mb is None else f"{self.peak_memory_mb:.0f}"
        floor = "-" if not self.floor_seconds else f"{self.floor_seconds:.1f}"
        cpu = "-" if not self.events else f"{1000 * self.cpu_seconds / self.events:.2f}"
        calls = (self.calls.dataverse, self.calls.spotler)
        return _ROW.format(self.name, self.events, self.runs, *calls, f"{self.seconds:.1f}", floor, cpu, peak)


@dataclass(frozen=True, slots=True)
class Night:
    """What was measured.

    Attributes:
        contacts: to how many the mailing went.
        events: how many it left behind.
        rows: how many rows of Marketing Interaction there are.
        opened: of how many contacts Spotler Info has the date of the last open.
        pulls: what each took.
        again: what each took when nothing was new.
        standins_mb: the most memory that the stand-ins had.
    """

    contacts: int
    events: int
    rows: int
    opened: int
    first: Sequence[Pull]
    again: Sequence[Pull]
    standins_mb: Mapping[str, float | None]

    @property
    def pulls(self) -> Sequence[Pull]:
        """In the order of the table."""
        return (*self.first, *self.again)


_ROW: Final = "{:<26} {:>8} {:>5} {:>10} {:>8} {:>8} {:>8} {:>12} {:>8}"
HEADINGS: Final = _ROW.format(
    "Pull", "Events", "Runs", "Dataverse", "Spotler", "Seconds", "Floor s", "CPU ms/event", "Peak MB"
)


def heading(contacts: int, latency_ms: int) -> str:
    """What the table is about."""
    events = sum(len(each) for each in shares(range(contacts)).values())
    return f"A mailing to {contacts:,} contacts: {events:,} events, {latency_ms} ms per call.\n\n{HEADINGS}"


def shares[T](contacts: Sequence[T]) -> dict[str, Sequence[T]]:
    """Whom each kind of event happens to."""
    parts = {"open": OPENED, "click": CLICKED, "bounce": BOUNCED}
    return {"sent": contacts, **{kind: contacts[: round(part * len(contacts))] for kind, part in parts.items()}}


def measure(contacts: int, latency_ms: int, folder: Path) -> Night:
    """Do all pulls in fresh surroundings.

    Raises:
        BenchFailed: when the work was not done.
    """
    shutil.rmtree(folder, ignore_errors=True)
    settings = {"INTERACTIONS": ",".join(sorted(INTERACTION_KINDS))}
    options = Options(latency_ms=latency_ms, dataverse_arguments=("--no-limits",), settings=settings)
    with surroundings(options, folder=folder) as around:
        ids = load_known(around.dataverse, around.spotler, contacts)
        bench = _Bench(around, latency_ms)
        bench.pull("the beginning", *PULLS)
        events = bench.send_mailing(ids)
        first = [bench.pull(name, name) for name in PULLS]
        again = [bench.pull(f"{name}, nothing new", name) for name in PULLS]
        people = People(around.dataverse)
        rows = len(people.find(Interaction.SET, f"{Interaction.KEY} ne null", Interaction.ID))
        opened = len(people.find(Info.SET, f"{Info.LAST_OPENED_ON} ne null", Info.ID))
        parts = {"Dataverse": around.dataverse, "Spotler": around.spotler}
        memory = {name: processes.peak_memory_mb([part.process.pid]) for name, part in parts.items()}
        return Night(contacts, events, rows, opened, first, again, memory)


@dataclass(frozen=True, slots=True)
class _Bench:
    """Surroundings in which pulls run."""

    around: Surroundings
    latency_ms: int

    def send_mailing(self, contacts: Sequence[str]) -> int:
        """Let the mailing be sent and read; returns how many events that are."""
        time.sleep(1.5)  # feeds are read up to a whole second
        count = 0
        for some in batched(_events(contacts), _EVENTS_PER_CALL, strict=False):
            SideDoor(self.around.spotler.get("url")).emit(*some)
            count += len(some)
        time.sleep(1.5)
        return count

    def pull(self, label: str, *names: str) -> Pull:
        """Let a worker do one pull, or several."""
        log = self.around.folder / f"{label.replace(', ', '-').replace(' ', '-')}.log"
        calls, began = observe.calls(self.around), time.monotonic()
        with log.open("w", encoding="utf-8") as errors:
            done = subprocess.run(  # noqa: S603 - this interpreter
                [sys.executable, "-m", "tests.bench.night_worker", *names],
                cwd=ROOT,
                env={**os.environ, **self.around.settings},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                timeout=_LONGEST,
                check=False,
            )
        if done.returncode:
            raise BenchFailed(f"{label}: the worker failed; see {log}")
        seconds, spent, figures = (
            time.monotonic() - began,
            observe.calls(self.around).since(calls),
            json.loads(done.stdout),
        )
        events = sum(figures["counts"].values())
        floor = self._floor(events) if "interactions" in names and events else None
        return Pull(
            label, figures["counts"], spent, figures["runs"], seconds, figures["cpu_seconds"],
            figures["peak_memory_mb"], floor,
        )  # fmt: skip

    def _floor(self, events: int) -> float:
        """Each page is read twice, to see that nothing has moved; the calls of a block run side by side."""
        return (ceil(events / BLOCK) * ROUNDS + 2 * ceil(events / PAGE_SIZE)) * self.latency_ms / 1000


def _events(contacts: Sequence[str]) -> Iterator[dict[str, object]]:
    for kind, some in shares(contacts).items():
        hard = {"hard": True} if kind == "bounce" else {}
        yield from ({"type": kind, "externalId": each, "mailing": MAILING_ID, **hard} for each in some)


def expectations(night: Night) -> list[Expectation]:
    """What should be so."""
    opened = len(shares(range(night.contacts))["open"])
    peaks = [each.peak_memory_mb for each in night.pulls if each.peak_memory_mb is not None]
    calls = sum(each.calls.dataverse for each in night.again)
    return [
        Expectation(f"each of {night.events:,} events is one row: {night.rows:,}", night.rows == night.events),
        Expectation(f"each of {opened:,} who opened has the date: {night.opened:,}", night.opened == opened),
        Expectation(f"a pull has at most {MOST_MEMORY_MB} MB", max(peaks, default=0) <= MOST_MEMORY_MB),
        Expectation(f"where nothing is new, at most {MOST_CALLS} calls to Dataverse: {calls}", calls <= MOST_CALLS),
    ]
