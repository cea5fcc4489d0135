"""What has to change in an audience: the members of the list compared with those who may be in the audience."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from operator import itemgetter

from connector.sync.lists.ids import each_of


class Todo(StrEnum):
    """What has to be done with somebody.

    NOTHING: is a member and stays. SYNC: is sent to Spotler, and added if that is possible. LEFT_OUT: may not be sent,
    and is no member. CHECK: is not on the list any more.
    """

    NOTHING = "nothing"
    SYNC = "sync"
    LEFT_OUT = "left out"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Difference:
    """One member.

    Attributes:
        member: the id.
        todo: what has to be done.
        is_member: whether this is in the audience already: certainly, perhaps (False), or not at all (None).
        reason: why this may not be sent, as far as the page of the list shows; empty for nothing.
    """

    member: bytes
    todo: Todo
    is_member: bool | None
    reason: str = ""

    @property
    def as_new_contact(self) -> "Difference":
        """The same where the contact was made anew: this member has to be added again."""
        if self.todo is Todo.CHECK or not self.is_member:
            return self
        return replace(self, todo=Todo.SYNC, is_member=False)


#: The verdict of a page about somebody whose record has to be read to know.
DOUBT = "doubt"


def on_list(pages: Iterable[tuple[str, bytes]]) -> Iterator[tuple[bytes, str]]:
    """Everybody on the list, once, in the order of their ids.

    Args:
        pages: the members of each page by what it says of them: the reason why they may not be sent, or nothing.
    """
    streams = [_with(reason, data) for reason, data in pages]
    for member, verdicts in groupby(heapq.merge(*streams), key=itemgetter(0)):
        found = {verdict for _, verdict in verdicts}
        # Somebody who came twice and was changed between the two pages is looked at again.
        yield member, DOUBT if len(found) > 1 else found.pop()


def differences(listed: Iterable[tuple[bytes, str]], members: Iterable[tuple[bytes, bool]]) -> Iterator[Difference]:
    """Everybody who is on the list or may be in the audience; both in the order of their ids."""
    merged = heapq.merge(
        ((member, 0, verdict, None) for member, verdict in listed),
        ((member, 1, "", is_member) for member, is_member in members),
        key=itemgetter(0, 1),
    )
    for member, group in groupby(merged, key=itemgetter(0)):
        found = list(group)
        verdict = found[0][2] if found[0][1] == 0 else None
        is_member = found[-1][3]
        yield Difference(member, _todo(verdict, is_member), is_member, verdict or "")


def _todo(verdict: str | None, is_member: bool | None) -> Todo:
    if verdict is None:
        return Todo.CHECK
    if not verdict:
        return Todo.NOTHING if is_member else Todo.SYNC
    # Consent decides about members and doubts from the record itself.
    return Todo.LEFT_OUT if is_member is None and verdict != DOUBT else Todo.SYNC


def _with(reason: str, data: bytes) -> Iterator[tuple[bytes, str]]:
    return ((member, reason) for member in each_of(data))
