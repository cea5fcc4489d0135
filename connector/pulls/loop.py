"""The one loop of every feed: read what is new in Spotler, work on it, move the checkpoint.

    checkpoint ─► window of a day at most ─► entries ─► blocks of 100 ─► work ─┐
        ▲         (from 5 minutes before it)                                   │
        └──────────────────────────────────────────────────────────────────────┘

* **Nothing is lost.** The checkpoint moves only past entries that were worked on. It is not known which end of a
  window Spotler includes, and clocks differ, so windows overlap. Spotler pages by offset: an entry that changes while
  it is read moves the following ones to a page that was read already. So a window that may have had several pages is
  read again until nothing new comes.
* **Nothing is done twice, as far as that is known.** An entry is recognised by its key and its moment. One without
  a moment is always worked on. After a crash an entry may come again, so work must be safe to repeat.
* **One odd entry stops nothing.** Malformed entries are counted. If a block fails for another reason than a problem
  that passes or a missing privilege, its entries are worked on one by one. Those that fail alone are logged, counted
  and left behind.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from connector import telemetry
from connector.dataverse.api import Forbidden
from connector.errors import ConnectorError, Misconfigured, Transient
from connector.pulls.checkpoint import FeedCheckpoint
from connector.services import Services
from connector.words import Sentence

log = logging.getLogger(__name__)

#: How far a window reaches back before the checkpoint: more than the clocks of Spotler and of the app may differ.
OVERLAP: Final = timedelta(minutes=5)
#: The longest window: a gap of days is caught up day by day.
WINDOW: Final = timedelta(days=1)
#: Entries that are worked on at once. A window with no more came in one answer, whatever the page size.
BLOCK: Final = 100
#: How often a window is read until nothing new comes.
PASSES: Final = 5
#: Within a window the checkpoint is saved after so many entries, or after so much time.
SAVE_ENTRIES: Final = 1000
SAVE_TIME: Final = timedelta(minutes=1)
#: After this time a run ends, and the next one goes on: the function is stopped after ten minutes.
TIME_LIMIT: Final = timedelta(minutes=8)

#: Counts of the loop itself, beside those of the work.
MALFORMED: Final = "malformed"
FAILED: Final = "failed"


class Feed[T](Protocol):
    """What a feed brings to the loop."""

    @property
    def name(self) -> str:
        """Lower-case name: of its checkpoint and in the log."""

    def read(self, start: datetime, end: datetime) -> Iterator[T]:
        """The entries of a window, in any order; one that cannot be read comes as an entry without a key.

        Raises:
            ConnectorError: Spotler cannot be asked; the window is read again later.
        """

    def key(self, entry: T) -> str:
        """The same for the same news about the same thing, different for all others; it is only kept as a hash.

        Where something may change twice within the precision of `moment`, the key tells what it changed to.

        Raises:
            ValueError: the entry is malformed.
        """

    def moment(self, entry: T) -> datetime | None:
        """When it happened, in UTC; None if Spotler does not say."""

    def work(self, services: Services, entries: Sequence[T]) -> Counter[str]:
        """Work on entries, and count in words for the log what became of them. Must be safe to repeat.

        Raises:
            ConnectorError: Transient, Misconfigured and Forbidden leave the checkpoint where it is.
        """


def run_feed[T](
    services: Services,
    feed: Feed[T],
    *,
    block: int | None = None,
    deadline: datetime | None = None,
    first_days: float | None = None,
) -> Counter[str]:
    """Work on everything that is new, and log the counts; nothing while another run is at work.

    Args:
        services: the systems.
        feed: what to read and what to do.
        block: entries that are worked on at once; `BLOCK` if it is not given.
        deadline: when to end and leave the rest for the next run; after `TIME_LIMIT` if it is not given.
        first_days: how far back the first run reads; as the setting says if it is not given.

    Raises:
        ConnectorError: when Spotler, Dataverse or the state cannot be used. The checkpoint stays at what was done.
    """
    checkpoint = FeedCheckpoint.take(services, feed.name)
    if checkpoint is None:
        log.info("Feed %s: another run is at work.", feed.name, extra=telemetry.fields(operation=feed.name))
        return Counter()
    days = services.settings.feed_first_days if first_days is None else first_days
    run = _Run(services, feed, checkpoint, block or BLOCK, deadline or services.now() + TIME_LIMIT, days)
    try:
        run.catch_up()
    except BaseException:
        _give_back_after_failure(checkpoint)
        raise
    checkpoint.give_back()
    return run.counts


def _give_back_after_failure(checkpoint: FeedCheckpoint) -> None:
    try:
        checkpoint.give_back()
    except ConnectorError:  # the lease ends by itself; what is raised is the first failure
        log.debug("The lease of %s could not be given back.", checkpoint.name)


def mark_of(key: str, moment: datetime | None) -> str:
    """What an entry is recognised by when the feed shows it again."""
    text = f"{key}|{moment.isoformat() if moment else ''}"
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


@dataclass(slots=True)
class _Run[T]:
    """One run of a feed.

    Attributes:
        block: entries that are worked on at once.
        deadline: when to end.
        first_days: how far back the first run reads.
        counts: what became of the entries.
        until: everything before was worked on.
        worked: how many entries were worked on.
        saved: how many of them the checkpoint knows, and when it was saved.
    """

    services: Services
    feed: Feed[T]
    checkpoint: FeedCheckpoint
    block: int
    deadline: datetime
    first_days: float
    counts: Counter[str] = field(default_factory=Counter)
    began: datetime = field(init=False)
    until: datetime = field(init=False)
    worked: int = 0
    saved: tuple[int, datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.services.now().replace(microsecond=0)  # Spotler is asked in whole seconds
        self.until = self._start()
        self.saved = (0, self.began)

    def catch_up(self) -> None:
        """Window by window up to now, or until the time is over."""
        if self.checkpoint.until != self.until:
            self._save(self.checkpoint.seen)
        while self.until < self.began and not self._is_over():
            end = min(self.until + WINDOW, self.began)
            found = self._window(self.until - OVERLAP, end)
            if found is None:
                break
            self.until = end
            self._save({mark for mark, moment in found.items() if moment and moment >= end - OVERLAP})
        self._report()

    def _start(self) -> datetime:
        until = self.checkpoint.until
        if until is None:
            return self.began - timedelta(days=self.first_days)
        if until <= self.began:
            return until
        log.warning(
            "Feed %s: its checkpoint is in the future, because a clock was wrong. The last day is read again.",
            self.feed.name,
            extra=telemetry.fields(operation=self.feed.name),
        )
        return self.began - WINDOW

    def _window(self, start: datetime, end: datetime) -> Mapping[str, datetime | None] | None:
        """Work on the new entries of a window.

        Returns:
            the marks of all its entries with their moments; None if the time is over before all was done.

        Raises:
            Transient: something new comes however often it is read.
        """
        found: dict[str, datetime | None] = {}
        for _ in range(PASSES):
            known, total = len(found), 0
            block: list[T] = []
            for entry, mark, moment in self._entries(start, end, counts=not found):
                total += 1
                if mark not in found and (moment is None or mark not in self.checkpoint.seen):
                    block.append(entry)
                found[mark] = moment
                if len(block) == self.block:
                    self._work(block, found)
                    block = []
                    if self._is_over():
                        self._save_within(found)
                        return None
            self._work(block, found)
            if total <= BLOCK or len(found) == known:
                return found
        raise Transient(Sentence("Feed {name}: its entries change faster than they can be read.", name=self.feed.name))

    def _entries(self, start: datetime, end: datetime, *, counts: bool) -> Iterator[tuple[T, str, datetime | None]]:
        for entry in self.feed.read(start, end):
            try:
                key, moment = self.feed.key(entry), self.feed.moment(entry)
            except ValueError:
                if counts:
                    self.counts[MALFORMED] += 1
                continue
            yield entry, mark_of(key, moment), moment

    def _work(self, block: Sequence[T], found: Mapping[str, datetime | None]) -> None:
        """Work on a block, and save now and then: the function may be stopped at any time."""
        if not block:
            return
        self.checkpoint.hold()
        self.counts += self._worked(block)
        self.worked += len(block)
        count, at = self.saved
        if self.worked - count >= SAVE_ENTRIES or self.services.now() - at >= SAVE_TIME:
            self._save_within(found)
            log.info(
                "Feed %s: %d entries so far, of the time until %s.",
                self.feed.name,
                self.worked,
                self.until.isoformat(),
                extra=telemetry.fields(operation=self.feed.name, count=self.worked),
            )

    def _worked(self, block: Sequence[T]) -> Counter[str]:
        try:
            return self.feed.work(self.services, block)
        except (Transient, Misconfigured, Forbidden):  # a missing privilege is not the fault of an entry
            raise
        except Exception as error:  # noqa: BLE001 - an entry that always fails must not stop the feed
            if len(block) == 1:
                telemetry.log_problem(log, error, operation=self.feed.name)
                return Counter({FAILED: 1})
        counts = Counter[str]()
        for entry in block:
            counts += self._worked([entry])
        return counts

    def _save_within(self, found: Mapping[str, datetime | None]) -> None:
        """Remember what was worked on of a window that goes on."""
        self._save(self.checkpoint.seen | {mark for mark, moment in found.items() if moment is not None})

    def _save(self, seen: Collection[str]) -> None:
        self.checkpoint.save(self.until, seen)
        self.saved = (self.worked, self.services.now())

    def _is_over(self) -> bool:
        return self.services.now() >= self.deadline

    def _report(self) -> None:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
        goes_on = "" if self.until >= self.began else " The next run goes on."
        log.info(
            "Feed %s: %d new entries until %s%s.%s",
            self.feed.name,
            self.worked,
            self.until.isoformat(),
            f": {counts}" if counts else "",
            goes_on,
            extra=telemetry.fields(operation=self.feed.name, count=self.worked),
        )
