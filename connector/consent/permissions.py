"""Which permissions are on: statements of rows and of Spotler are weighed, then matched with what Spotler has.

A permission is on if, and only if,

* its row is subscribed and active, and says who agreed and when; no other row of the permission refuses; and it is
  newer than every opt-out that Spotler reported (of this permission, or of everything), or
* Spotler reported it as on, with a time that is newer than every refusal of a row and every opt-out in Spotler.

"Newer" needs both times; equal is not newer. So an opt-out wins over anything that is not provably newer.

A contact that Spotler has lost counts as an opt-out of all its permissions, because one may have been lost with it.

Names and bits: Spotler may rename a permission, its bit stays.

| Verdict | Its name is a permission in Spotler | Only its bit is one |
|---|---|---|
| on | that one is switched on, unless the bit of the row belongs to another | nothing is switched on |
| off | that one is switched off, and the one with its bit | the one with its bit is switched off |

Spotler may have several permissions with one name. Without a bit, a row switches none of them on, or all of them off.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.consent.facts import Facts, PermissionReport, PermissionRow
from connector.consent.reasons import Reason

#: Something that is said about a permission of a person.
type Statement = PermissionRow | PermissionReport


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one permission is on, and why.

    Attributes:
        name: the name of the permission.
        bit: its bit, if it is known.
        on: whether it is on.
        reason: why.
        row: the row of Spotler Permission that it is about; empty where only Spotler reported it.
    """

    name: str
    bit: int | None
    on: bool
    reason: Reason
    row: str = ""


class Item(Protocol):
    """A permission that Spotler has."""

    @property
    def name(self) -> str:
        """What people see."""

    @property
    def bit(self) -> int:
        """What travels."""


@dataclass(frozen=True, slots=True)
class Switches:
    """What is to be sent of permissions.

    Attributes:
        bits: on or off, by bit.
        unmatched: permissions that could not be sent, because Spotler has none with that name or bit.
        lost_refusals: how many of these are off.
    """

    bits: Mapping[int, bool]
    unmatched: int = 0
    lost_refusals: int = 0


def key_of(name: str) -> str:
    """The form in which names of permissions are compared."""
    return name.strip().casefold()


def verdicts(facts: Facts, all_off: Reason | None) -> tuple[Verdict, ...]:
    """One verdict for each row, and for each permission that only Spotler reported.

    What is reported as on without a time, and has no row, gets none: it may stay as it is.

    Args:
        facts: what is known.
        all_off: why every permission is off; None if each is decided by itself.
    """
    found: list[Verdict] = []
    for group in _groups([*facts.rows, *facts.spotler.permissions]):
        rows = [each for each in group if isinstance(each, PermissionRow)]
        reports = [each for each in group if isinstance(each, PermissionReport)]
        opt_outs = [facts.spotler.opted_out_at] if facts.spotler.opted_out else []
        opt_outs += [each.at for each in reports if not each.on and not each.missing]
        losses = [each.at for each in reports if not each.on and each.missing]
        refusals = [*opt_outs, *losses, *(row.at for row in rows if row.refuses)]
        switched_on = any(each.on and _newer_than_all(each.at, refusals) for each in reports)
        for row in rows:
            off = all_off or (None if switched_on else _why_off(row, rows, opt_outs, losses))
            on = Reason.ON_IN_SPOTLER if switched_on else Reason.ROW_SUBSCRIBED
            found.append(Verdict(row.name, row.bit, off is None, off or on, row.id))
        if not rows and (all_off or switched_on or opt_outs):
            off = all_off or (None if switched_on else Reason.OPTED_OUT_IN_SPOTLER)
            name, bit = reports[0].name, reports[0].bit
            found.append(Verdict(name, bit, off is None, off or Reason.ON_IN_SPOTLER))
    return tuple(found)


def match(decided: Iterable[Verdict], items: Sequence[Item], limit: Collection[str]) -> Switches:
    """What is to be sent of these verdicts to a Spotler that has these permissions.

    Args:
        decided: the verdicts.
        items: the permissions that Spotler has.
        limit: the names of the permissions that may be touched; empty for all. What was one of them before it was
            renamed in Spotler may be switched off.
    """
    allowed = {key_of(name) for name in limit}
    by_name: dict[str, set[int]] = {}
    for item in items:
        by_name.setdefault(key_of(item.name), set()).add(item.bit)
    by_bit = {item.bit: key_of(item.name) for item in items}
    bits: dict[int, bool] = {}
    unmatched = lost = 0
    for verdict in decided:
        name = key_of(verdict.name)
        named = by_name.get(name, set())
        held = {bit for bit in by_bit if bit == verdict.bit}
        wanted = named | held
        if verdict.on:
            wanted = named & held if held else named
            wanted = wanted if len(wanted) == 1 else set()
        found = {bit for bit in wanted if not allowed or allowed & {name, by_bit[bit]}}
        for bit in found:
            bits[bit] = verdict.on and bits.get(bit, True)
        unmatched += not found
        lost += not found and not verdict.on
    return Switches(dict(sorted(bits.items())), unmatched, lost)


def _why_off(
    row: PermissionRow,
    rows: Iterable[PermissionRow],
    opt_outs: Sequence[datetime | None],
    losses: Sequence[datetime | None],
) -> Reason | None:
    """Why a row does not switch its permission on; None if it does.

    Args:
        row: the row.
        rows: all rows of the permission.
        opt_outs: when the person opted out in Spotler, of this permission or of everything.
        losses: when Spotler had lost the contact.
    """
    reasons = {
        Reason.NOT_SUBSCRIBED: not row.subscribed,
        # These come first, because they switch the row off: the other reasons may go, these do not.
        Reason.OPTED_OUT_IN_SPOTLER: bool(opt_outs) and not _newer_than_all(row.at, opt_outs),
        Reason.MISSING_IN_SPOTLER: bool(losses) and not _newer_than_all(row.at, losses),
        Reason.ROW_DEACTIVATED: not row.is_active,
        Reason.OTHER_ROW_REFUSES: any(each.refuses for each in rows),
        Reason.NO_SOURCE: row.source is None or row.at is None,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _newer_than_all(at: datetime | None, others: Iterable[datetime | None]) -> bool:
    return at is not None and all(other is not None and at > other for other in others)


def _groups(statements: Iterable[Statement]) -> list[list[Statement]]:
    """The statements about one permission each: they share a name or a bit, also by way of a third one."""
    groups: list[list[Statement]] = []
    for statement in statements:
        linked = [group for group in groups if any(_same(statement, each) for each in group)]
        groups = [group for group in groups if group not in linked]
        groups.append([*(each for group in linked for each in group), statement])
    return groups


def _same(one: Statement, other: Statement) -> bool:
    return key_of(one.name) == key_of(other.name) or (one.bit is not None and one.bit == other.bit)
