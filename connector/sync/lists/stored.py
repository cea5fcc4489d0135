"""What the state holds about a list, and the membership that follows from it.

    lists/LIST/000007/run          where the run stands
    lists/LIST/000007/page-00000   whom a page of the list showed, by verdict
    lists/LIST/000007/new-00000    a block to be synced and added
    lists/LIST/000007/sent-00000   a block that was added
    lists/LIST/000007/gone-00000   a block to be asked about
    lists/LIST/000007/out-00000    a block to be removed
    lists/LIST/000007/full         the full copy that the run made at its end: its parts with their checksums
    lists/LIST/000007/full-00000   a part of it

The full copy before the last one stays, with all that was sent since: a copy that cannot be read is made again from it.
Each value has a checksum. One that is lost or was changed ends the run; the next run begins from what was sent so far.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import batched
from typing import Final, cast

from connector.state import StateConflict, StoredValueUnreadable, stored_moment
from connector.sync.lists.checksums import checksum, with_checksum, without_checksum
from connector.sync.lists.errors import ListStateLost
from connector.sync.lists.ids import each_of, packed, unpacked
from connector.sync.lists.membership import COPIED, OPEN, AudienceMembers, Block, Event
from connector.sync.lists.run import ListRun, Phase
from connector.sync.lists.values import TRIES, ListValues, ValueLost, member_bytes

#: Members in one part of a full copy.
PART: Final = 50_000
#: Kinds of values of a run that a later run may still need.
_JOURNAL: Final = ("run", "sent-", "out-")


class ListState(ListValues):
    """What is remembered of one list."""

    def note_sent(self, number: int, place: int, members: Iterable[bytes], perhaps: Iterable[bytes]) -> None:
        """Note a block that was added. Two workers that sent it at the same time have added both.

        Args:
            number: of the run.
            place: of the block.
            members: whom Spotler has taken.
            perhaps: whom a call that was never answered may have added, or may add yet.

        Raises:
            ListStateLost: what the other worker wrote cannot be read.
        """
        name = self._name(number, "sent", place)
        for _ in range(TRIES):
            try:
                stored = self._state.read(name)
                before = without_checksum(stored.value, required=True) if stored else {"ids": "", "perhaps": ""}
                value = {
                    kind: packed([*each_of(unpacked(before.get(kind))), *added])
                    for kind, added in (("ids", members), ("perhaps", perhaps))
                }
            except (StoredValueUnreadable, ValueError):
                raise ListStateLost from None
            with suppress(StateConflict):
                self._state.write(name, with_checksum(value), version=stored.version if stored else None)
                return
        raise StateConflict

    # The membership

    def membership(self) -> AudienceMembers:
        """Who is in the audience, as far as is known."""
        return self._membership()[0]

    def keep(self, number: int) -> int:
        """Write the full copy of the membership, and forget what is not needed any more; how many members it has.

        Those whom only a late call would add are no members, as far as anybody knows.
        """
        membership, start = self._membership(before=number)  # where this is repeated, its own copy may be there
        found = self.run(number)
        is_open = found is None or membership.is_open(datetime.fromisoformat(found[0].touched))
        count = self._write_copy(number, membership, is_open=is_open)
        self._forget(number, start)
        return count

    def forget_audience(self, now: datetime) -> None:
        """The audience is gone: forget the list, but for calls that may reach the next audience of this list."""
        names, membership = self._state.names(f"{self._root}/"), self.membership()
        if membership.may_change(now):
            membership.empty()
            membership.is_uncertain = True  # nobody knows of an audience that is there before the next sync makes it
            self._write_copy(self.runs()[-1] + 1, membership, is_open=True)
        for name in names:
            self._state.delete(name)

    def _write_copy(self, number: int, membership: AudienceMembers, *, is_open: bool) -> int:
        """Write a full copy, with open calls where there are any; how many members it has."""
        parts: list[dict[str, object]] = []
        count, counted = 0, Event.PERHAPS if membership.is_uncertain else Event.ADDED
        for event in (each for each in COPIED if is_open or each not in OPEN):
            for block in batched(membership.copied(event), PART, strict=False):
                text = packed(block)
                self.put(number, "full", len(parts), {"ids": text})
                parts.append({"sha256": checksum(text), "event": event.value})
                count += len(block) if event is counted else 0
        self.put(number, "full", None, {"parts": parts, **_index(membership, is_open=is_open)})
        return count

    def _membership(self, before: int | None = None) -> tuple[AudienceMembers, int]:
        """The membership, and the run whose full copy it begins with: one of those before this, or of all."""
        runs = self.runs()
        start, membership = self._last_copy([run for run in runs if before is None or run < before])
        for number in runs:
            if number > start:
                self._replay(number, membership)
        return membership, start

    def _last_copy(self, runs: list[int]) -> tuple[int, AudienceMembers]:
        """The newest full copy that can be read; without any, nobody knows what else was sent before the first run."""
        for number in reversed(runs):
            with suppress(ValueLost):
                return number, self._copy(number)
        return 0, AudienceMembers(is_uncertain=True)

    def _copy(self, number: int) -> AudienceMembers:
        index = self._read(self._name(number, "full"))
        parts = index.get("parts")
        if not isinstance(parts, list):
            raise ValueLost
        blocks: dict[Event, list[bytes]] = defaultdict(list)
        for place, part in enumerate(parts):
            text = self._read(self._name(number, "full", place)).get("ids")
            if not isinstance(part, dict) or not isinstance(text, str) or checksum(text) != part.get("sha256"):
                raise ValueLost
            blocks[_event(part)].append(member_bytes(text))
        return AudienceMembers(
            is_uncertain=index.get("uncertain") is not False,
            blocks=[Block(event, b"".join(blocks[event])) for event in COPIED if event in blocks],
            may_lose_all=index.get("may lose all") is True,
            open_since=_moment(index.get("open since")),
        )

    def _replay(self, number: int, membership: AudienceMembers) -> None:
        """What one run has sent, after all that was before it."""
        found = self.run(number)
        if found is None:
            membership.is_uncertain = True
            return
        run = found[0]
        if run.is_base:
            membership.empty()
            membership.is_uncertain = run.is_uncertain
        if run.is_emptied:
            membership.empty()
            membership.is_uncertain = False
        if run.is_in_doubt or (run.is_emptying and not run.is_emptied):
            membership.may_lose_all = True
            membership.note_open(datetime.fromisoformat(run.touched))
        try:
            for block in self._sent(number, run):
                if block.event in OPEN and block.members:
                    membership.note_open(datetime.fromisoformat(run.touched))
                membership.blocks.append(block)
        except ValueLost:
            membership.is_uncertain = True

    def _sent(self, number: int, run: ListRun) -> Iterator[Block]:
        for place in range(run.added):
            value = self._read(self._name(number, "sent", place))
            yield Block(Event.ADDED, member_bytes(value.get("ids")))
            yield Block(Event.MAYBE_ADDED, member_bytes(value.get("perhaps")))
        if run.sending:
            yield Block(Event.MAYBE_ADDED, member_bytes(run.sending))
        unanswered = set(run.unanswered)
        for place in range(run.removed):
            if place in unanswered:
                yield Block(Event.MAYBE_REMOVED, self._ids(number, "out", place))
            yield Block(Event.REMOVED, self._ids(number, "out", place))
        if run.phase is Phase.REMOVE and run.removed < run.outs:
            yield Block(Event.MAYBE_REMOVED, self._ids(number, "out", run.removed))

    def _ids(self, number: int, kind: str, place: int) -> bytes:
        return member_bytes(self._read(self._name(number, kind, place)).get("ids"))

    def _forget(self, number: int, start: int) -> None:
        """Keep the last two full copies, and what was sent between them."""
        for name in self._state.names(f"{self._root}/"):
            _, _, of, kind = name.split("/")
            is_journal = start < int(of) <= number and kind.startswith(_JOURNAL)
            is_copy = int(of) in (start, number) and kind.startswith("full")
            if not (is_journal or is_copy or int(of) > number):
                self._state.delete(name)


def _index(membership: AudienceMembers, *, is_open: bool) -> dict[str, object]:
    """What a full copy says beside its members."""
    since = membership.open_since
    return {
        "uncertain": membership.is_uncertain,
        "may lose all": is_open and membership.may_lose_all,
        "open since": since.isoformat() if is_open and since else None,
    }


def _event(part: Mapping[str, object]) -> Event:
    """What happened to the members of a part; those of earlier versions are in the audience certainly, or perhaps."""
    try:
        return Event(cast("int", part.get("event", Event.ADDED if part.get("certain") is True else Event.PERHAPS)))
    except ValueError:
        raise ValueLost from None


def _moment(value: object) -> datetime | None:
    try:
        return None if value is None else stored_moment(value)
    except ValueError:
        raise ValueLost from None
