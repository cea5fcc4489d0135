"""What a contact as Spotler shows it says about consent, beside what was known of it before.

Spotler shows that a permission is on or off now, and when the contact was last changed in any way. It does not show
when the permission was switched. So each change counts from the moment that favours an opt-out:

| Spotler shows | Known before | Reported | Counts from |
|---|---|---|---|
| off | off, and the contact was not changed since | nothing: this may be our own write | |
| off, and rows say on | off, but the contact was changed since | an opt-out: it may have been on | its last change |
| off | on, or nothing | an opt-out | the latest possible moment: the contact's last change |
| off | on, later than the contact's last change | an opt-out, by a clock that is behind | when it was read |
| on | on | nothing: this may be our own write | |
| on | off | an opt-in | the earliest possible moment: when it was last seen off |
| on | off, but the contact was read or changed before that | nothing: this is an older state of the contact | |
| on | nothing | that it is on | no moment: it wins over no refusal |

A clock of Spotler that is behind shows an opt-out as older than the opt-in before it. So where a permission is off that
was on after the last change of the contact, that change says nothing. The contact must have been read by itself then
(`contradicts`), and some time later: a feed, or a read right after a write, may show an older state of it, which looks
the same.

A complete opt-out is a contact that cannot be reached by e-mail any more and has every permission off, at least one of
which was not known to be off. Bounces make a contact unreachable too. So where the contact is known to have bounced,
its permissions are reported one by one only.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connector.consent.facts import PermissionReport, Presence, SpotlerReport
from connector.consent.permissions import Item

#: How far the clocks of Spotler and of this machine may be apart.
CLOCKS_DIFFER: Final = timedelta(seconds=5)
#: How long Spotler may show a contact as it was before a write that it has answered.
SHOWN_LATE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KnownState:
    """The state of a permission as Spotler was last known to have it. All moments are of our clock.

    Attributes:
        on: whether it was on.
        at: when that was seen; of our own write, the moment before it was sent.
        settled: of our own write, the moment when it was answered: what was read before may not show it yet.
    """

    on: bool
    at: datetime
    settled: datetime | None = None

    @property
    def shown_from(self) -> datetime:
        """From when on a contact that is read shows this, or something newer."""
        return max(self.at, self.settled or self.at)


@dataclass(frozen=True, slots=True)
class ShownContact:
    """A contact as Spotler shows it.

    Attributes:
        states: on or off, by bit; a bit that is absent says nothing.
        seen_on: when Spotler was asked, by our clock, before the call.
        changed_on: when anything of the contact was last changed, by Spotler's clock.
        reachable: whether it can be reached by e-mail; None if Spotler does not say.
        bounced: whether it is known to be unreachable because messages came back.
        opted_out: whether Spotler says itself that the person opted out of everything, or complained of spam.
    """

    states: Mapping[int, bool]
    seen_on: datetime
    changed_on: datetime | None = None
    reachable: bool | None = None
    bounced: bool = False
    opted_out: bool = False


def report(
    shown: ShownContact,
    items: Sequence[Item],
    known: Mapping[int, KnownState],
    *,
    claimed: Collection[int] | None = None,
) -> SpotlerReport:
    """What is new about the consent of this contact.

    Args:
        shown: the contact.
        items: the permissions that Spotler has; a bit that is none of them is passed over.
        known: what was known before, by bit.
        claimed: the bits of permissions that the rows of the record say are on; None for all.
    """
    found = (
        _permission(item, shown, known.get(item.bit), is_claimed=claimed is None or item.bit in claimed)
        for item in items
        if item.bit in shown.states
    )
    permissions = tuple(each for each in found if each is not None)
    states = {bit: state.on for bit, state in known.items()}
    news = [each for each in permissions if each.bit is not None and states.get(each.bit) is not each.on]
    opted_out = shown.opted_out or (bool(news) and _is_complete(shown, items))
    return SpotlerReport(Presence.KNOWN, permissions, opted_out, shown.changed_on if opted_out else None)


def known_after(shown: ShownContact, known: Mapping[int, KnownState]) -> dict[int, KnownState]:
    """What is known once the contact was seen, so that nothing is reported twice.

    An older state of the contact changes nothing of it. Otherwise a permission that is on in Spotler could count as
    off, and be switched on again over an opt-out that was not seen yet.
    """
    after = dict(known)
    for bit, on in shown.states.items():
        before = known.get(bit)
        if before is None:
            after[bit] = KnownState(on, shown.seen_on)
        elif before.on is on or not _is_older(shown, before) or _contradicts(shown, bit, before):
            after[bit] = KnownState(on, max(shown.seen_on, before.at), before.settled)
    return after


def contradicts(shown: ShownContact, known: Mapping[int, KnownState]) -> bool:
    """Whether a permission is off that was on after the last change of the contact.

    Either the contact is shown as it was before that, or Spotler's clock is behind: it must be read by itself.
    """
    return any(_contradicts(shown, bit, state) for bit, state in known.items())


def _contradicts(shown: ShownContact, bit: int, known: KnownState) -> bool:
    if not known.on or shown.states.get(bit) is not False or shown.changed_on is None:
        return False
    was_read_after = shown.seen_on >= known.shown_from + SHOWN_LATE
    return was_read_after and shown.changed_on < known.at - CLOCKS_DIFFER


def _permission(
    item: Item, shown: ShownContact, known: KnownState | None, *, is_claimed: bool
) -> PermissionReport | None:
    on, seen = shown.states[item.bit], shown.changed_on or shown.seen_on
    if known is not None and known.on is on and (on or not is_claimed or not _is_changed(shown, known)):
        return None
    if not on:
        is_later = known is not None and _contradicts(shown, item.bit, known)
        at = shown.seen_on if is_later else shown.changed_on
        return PermissionReport(item.name, item.bit, on=False, at=at, seen=at or seen)
    if known is None:
        return PermissionReport(item.name, item.bit, on=True, seen=seen)
    if _is_older(shown, known):
        return None
    return PermissionReport(item.name, item.bit, on=True, at=known.at, seen=seen)


def _is_older(shown: ShownContact, known: KnownState) -> bool:
    """Whether the contact may be shown as it was before this was known."""
    if shown.changed_on is None or shown.seen_on < known.shown_from:
        return True
    return shown.changed_on < known.at - CLOCKS_DIFFER


def _is_changed(shown: ShownContact, known: KnownState) -> bool:
    """Whether the contact was changed by somebody else than the connector, after its own write where there was one.

    That it was seen again since then proves nothing: a row that switches the permission on may have been made later.
    """
    return shown.changed_on is not None and shown.changed_on > (known.settled or known.at)


def _is_complete(shown: ShownContact, items: Sequence[Item]) -> bool:
    """Whether the person opted out of everything, as far as the states show it."""
    all_off = bool(items) and all(shown.states.get(item.bit) is False for item in items)
    return shown.reachable is False and not shown.bounced and all_off
