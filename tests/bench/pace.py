"""Jobs that come one by one at a steady pace, and how long each takes from the creation of its row until it is over.

The journal of the Dataverse stand-in has both times. Its times have whole seconds, so it is read every few
milliseconds, and a moment is the one at which it was first seen: wrong by as much as that, and at both ends alike.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

import requests

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job
from sandbox.launch import Part
from tests.bench import observe
from tests.bench.observe import LOOK_SECONDS, BenchFailed

JOBS_PER_SECOND: Final = 5
#: Seconds that the last job may take after its creation.
LONGEST_WAIT: Final = 60.0

_TIMEOUT: Final = 10
_FINAL: Final = frozenset(status.value for status in JobStatus if status.is_final)


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from the creation of a row until the job is over."""

    p50: float
    p95: float


def latency(dataverse: Part, contacts: Sequence[str], create: Callable[[str], None]) -> Latency:
    """Create a job for each contact at the pace, and see how long they take.

    Raises:
        BenchFailed: when they do not end in time, or the journal cannot be read.
    """
    journal = _JournalReader(dataverse)
    journal.start()
    try:
        begin = time.monotonic()
        for place, contact in enumerate(contacts):
            time.sleep(max(0.0, begin + place / JOBS_PER_SECOND - time.monotonic()))
            create(contact)
        observe.wait(lambda: journal.ended(len(contacts)), LONGEST_WAIT, "the jobs of the steady pace were not done")
    finally:
        journal.stop()
    return latency_of(journal.seconds())


def latency_of(seconds: Sequence[float]) -> Latency:
    """The median, and what 95 of 100 stay within."""
    return Latency(median(seconds), quantiles(seconds, n=20, method="inclusive")[-1])


class _JournalReader(threading.Thread):
    """Sees jobs be created and end."""

    def __init__(self, dataverse: Part) -> None:
        super().__init__(name="journal", daemon=True)
        self._url = f"{dataverse.get('url')}/_sandbox/journal"
        self._session = requests.Session()
        self._session.verify = dataverse.get("ca_file")
        self._session.trust_env = False
        self._over = threading.Event()
        self._created: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        # What happened before is not looked at.
        self._last = max((int(str(entry["seq"])) for entry in self._read(0)), default=0)

    def run(self) -> None:
        """Read until it has to stop."""
        with suppress(requests.RequestException):  # nothing ends then, and that is reported
            while not self._over.wait(LOOK_SECONDS):
                self._look()

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        self.join()
        self._session.close()

    def ended(self, jobs: int) -> bool:
        """Whether so many jobs are over."""
        if not self.is_alive():
            raise BenchFailed("the journal of the Dataverse stand-in cannot be read")
        return len(self._ended) >= jobs

    def seconds(self) -> list[float]:
        """How long each took."""
        return [ended - self._created[job] for job, ended in self._ended.items()]

    def _look(self) -> None:
        entries = self._read(self._last)
        now = time.monotonic()
        for entry in entries:
            self._last = int(str(entry["seq"]))
            job, status = str(entry["id"]), _status(entry)
            if status == JobStatus.QUEUED:
                self._created.setdefault(job, now)
            elif status in _FINAL and job in self._created:
                self._ended.setdefault(job, now)

    def _read(self, after: int) -> list[dict[str, object]]:
        answer = self._session.get(self._url, params={"table": Job.TABLE, "after": str(after)}, timeout=_TIMEOUT)
        answer.raise_for_status()
        entries: list[dict[str, object]] = answer.json()
        return entries


def _status(entry: dict[str, object]) -> object:
    """The status that a write gave a job; None for one that did not."""
    changes = entry["changes"]
    change = changes.get(Job.STATUS) if isinstance(changes, dict) else None
    return change["to"] if isinstance(change, dict) else None
