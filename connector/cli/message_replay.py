"""Replaying messages of the quarantine and of the dead letters, and seeing what becomes of them.

A message that was replayed waits in its queue or subscription, under the id of the replay, until a function takes it.
When it fails again, it is in the dead letters with the same id, or in quarantine with the same subject: the job or
record that it is about, or its content. Only messages that arrived after the replay began are compared.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.cli.output import refuse
from connector.cli.replay.ledger import Ledger, Observed, Replayable, ReplayState
from connector.cli.replay.selection import Selection
from connector.cli.stored_messages import id_of, reason_of, source_of
from connector.routing.replay import id_of_replay, original_location, replay, subject_of
from connector.servicebus.browse import MessageBrowser, StoredMessage
from connector.servicebus.bus import Bus, TooLarge
from connector.servicebus.entities import QUARANTINE, Location
from connector.words import Sentence, marked

#: Messages that are read at once from a location: with their bodies they fit in memory.
PAGE: Final = 2000


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is kept of a message that was chosen: not its body.

    Attributes:
        origin: where it came from; None when it cannot be replayed.
    """

    location: Location
    number: int
    origin: Location | None
    subject: str
    replay_id: str


class MessageReplayer:
    """Replays messages of these locations."""

    ended = marked("back in quarantine, as before")

    def __init__(self, browser: MessageBrowser, bus: Bus, locations: Collection[Location]) -> None:
        self._browser, self._bus, self._locations = browser, bus, locations
        self._stored: dict[str, _Stored] = {}
        self._read: dict[Location, int] = {}
        self._waiting_after: dict[Location, int] = {}

    def choose(self, selection: Selection) -> list[Replayable]:
        """The messages that fit, oldest first in each location.

        Raises:
            typer.Exit: when an id does not exist, after saying so.
        """
        chosen: list[Replayable] = []
        wanted, found = set(selection.ids), set[str]()
        for message in self._newer(self._locations, self._read):
            message_id, code, source = id_of(message), reason_of(message), source_of(message)
            if wanted and message_id not in wanted:
                continue
            found.add(message_id)
            if selection.fits(code=code, operation=source, failed_on=message.enqueued_on):
                chosen.append(Replayable(message_id, code, source))
                self._stored[message_id] = _Stored(
                    message.location, message.number, original_location(message), subject_of(message),
                    id_of_replay(message),
                )  # fmt: skip
        if missing := [each for each in selection.ids if each not in found]:
            refuse(Sentence("Not found: {ids}. The command list shows all ids.", ids=", ".join(missing)))
        self._go_to_the_ends()
        return chosen

    def replay(self, things: Sequence[Replayable], ledger: Ledger) -> None:
        """Send each message to where it came from, then remove it.

        Raises:
            Transient, Misconfigured: when the bus fails; messages without a line were not replayed.
        """
        by_location: dict[Location, dict[int, str]] = defaultdict(dict)
        for thing in things:
            stored = self._stored[thing.id]
            if stored.origin is None:
                ledger.refused(thing.id, Sentence("not replayed: its origin is unknown, or its end was cut off"))
            else:
                by_location[stored.location][stored.number] = thing.id
        for location, ids in by_location.items():
            self._replay_from(location, ids, ledger)

    def look(self, ids: Collection[str]) -> Mapping[str, Observed]:
        """What is to be seen of these now."""
        watched = {id_: self._stored[id_] for id_ in ids if self._stored[id_].origin != QUARANTINE}
        # First where they wait: what fails between both looks is seen in the second.
        origins = {stored.origin for stored in watched.values() if stored.origin is not None}
        waiting = {message.message_id for message in self._newer(origins, dict(self._waiting_after))}
        failed = self._failed_again(watched)
        return {
            **{id_: Observed(ReplayState.ENDED) for id_ in ids if id_ not in watched},
            **{
                id_: Observed(ReplayState.WAITING if stored.replay_id in waiting else ReplayState.AWAY)
                for id_, stored in watched.items()
            },
            **failed,
        }

    def _replay_from(self, location: Location, ids: Mapping[int, str], ledger: Ledger) -> None:
        def handle(message: StoredMessage) -> bool:
            origin = self._stored[ids[message.number]].origin
            assert origin is not None  # noqa: S101 - the others were refused
            try:
                replay(message, origin, self._bus)
            except TooLarge:
                ledger.refused(
                    ids[message.number],
                    Sentence("not replayed: it is too large for the {place}", place=origin.sentence),
                )
                return False
            ledger.replayed(ids[message.number], Sentence("sent to the {place}", place=origin.sentence))
            return True

        handled = self._browser.receive(location, ids, handle)
        for number, message_id in ids.items():
            if number not in handled:
                ledger.refused(message_id, Sentence("not replayed: it is gone or locked; try again in a minute"))

    def _failed_again(self, watched: Mapping[str, _Stored]) -> dict[str, Observed]:
        """Those that have arrived in quarantine or in the dead letters since the last look."""
        by_replay_id = {stored.replay_id: id_ for id_, stored in watched.items()}
        by_subject: dict[str, list[str]] = defaultdict(list)
        for id_, stored in watched.items():
            by_subject[stored.subject].append(id_)
        failed: dict[str, Observed] = {}
        for message in self._newer(self._ends, self._read):
            same = by_replay_id.get(message.message_id)
            candidates = [same] if same else by_subject[subject_of(message)]
            if again := next((each for each in candidates if each not in failed), None):
                where = Sentence("now {id} in the {place}", id=id_of(message), place=message.location.sentence)
                failed[again] = Observed(ReplayState.FAILED, reason_of(message), where)
        return failed

    @property
    def _ends(self) -> set[Location]:
        """Where a message may be that failed again."""
        origins = {stored.origin for stored in self._stored.values() if stored.origin is not None}
        return {QUARANTINE, *(Location(origin.name, dead_letters=True) for origin in origins)}

    def _go_to_the_ends(self) -> None:
        """Remember which messages there are before the replay, in all places that are looked at after it."""
        for _ in self._newer(self._ends, self._read):
            pass
        origins = {stored.origin for stored in self._stored.values() if stored.origin is not None}
        # A replay that was interrupted before may have sent some of them already.
        sent, already = {stored.replay_id for stored in self._stored.values()}, dict[Location, int]()
        for message in self._newer(origins, self._waiting_after):
            if message.message_id in sent:
                already.setdefault(message.location, message.number - 1)
        self._waiting_after |= already

    def _newer(self, locations: Collection[Location], read: dict[Location, int]) -> Iterator[StoredMessage]:
        """The messages after those that were read; `read` moves on with them."""
        more = set(locations)
        while more:
            page = self._browser.peek(sorted(more), after=read, limit=PAGE)
            counts: dict[Location, int] = defaultdict(int)
            for message in page:
                counts[message.location] += 1
                read[message.location] = message.number
                yield message
            more = {location for location in more if counts[location] == PAGE}
