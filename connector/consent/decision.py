"""The decision: may this person be mailed, be kept in Spotler, be changed, and which permissions are on?

The rules, the first that applies. "Off on both sides": every permission in Spotler, and the rows of Spotler Permission.

| What is known | In Spotler | May be mailed | Permissions |
|---|---|---|---|
| not in Dataverse | anonymised, never sent | no | off in Spotler |
| merged into another record, or deactivated | anonymised, never sent | no | off in Spotler |
| Keep Out on Spotler Info | anonymised, never sent | no | off in Spotler |
| Do Not Email | anonymised, never sent | no | off in Spotler |
| no e-mail address | anonymised, never sent | no | off in Spotler |
| merged or deactivated, where such records stay | kept as it is, never created | no | off on both sides |
| excluded by the mapping | kept as it is, never created | no | off on both sides |
| Do Not Bulk Email | sent | yes | off on both sides |
| opted out of everything in Spotler | sent | only if a permission is on | each by itself |
| none of these | sent | yes | each by itself |

Where several apply, the rows are off as soon as one says so: somebody with Do Not Email and Do Not Bulk Email is
anonymised, and gets no permission back when Do Not Email is cleared. The same holds for an opt-out in Spotler, and for
a contact that Spotler has lost. How a permission is decided by itself is described in `connector.consent.permissions`,
and which jobs are refused in `connector.consent.intent`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from connector.consent.facts import Facts, State
from connector.consent.permissions import Item, Switches, Verdict, match, verdicts
from connector.consent.reasons import Reason

#: What the contact in Spotler says: it switches the row off too.
_OFF_IN_SPOTLER: Final = (Reason.OPTED_OUT_IN_SPOTLER, Reason.MISSING_IN_SPOTLER)


class Fate(StrEnum):
    """What becomes of the contact in Spotler.

    SENT: it is kept equal to the record. SILENCED: it loses its permissions and is otherwise left as it is; one that is
    not there is not created. REMOVED: it is anonymised; one that is not there is not created.
    """

    SENT = "sent"
    SILENCED = "silenced"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from the facts.

    Attributes:
        fate: what becomes of the contact in Spotler.
        reason: why it is not sent; None if it is.
        may_be_mailed: whether a job may get the person mailed.
        all_off: why every permission is off; None if each is decided by itself.
        permissions: the verdict about each permission that is known.
        withdrawals: why rows of Spotler Permission are switched off, by their ids.
        facts: the facts themselves.
    """

    fate: Fate
    reason: Reason | None
    may_be_mailed: bool
    all_off: Reason | None
    permissions: tuple[Verdict, ...]
    withdrawals: Mapping[str, Reason]
    facts: Facts = field(repr=False, compare=False)

    def by_bit(self, items: Sequence[Item], limit: Collection[str] = ()) -> Switches:
        """What is to be sent of the permissions.

        Args:
            items: the permissions that Spotler has.
            limit: the names of those that may be touched; empty for all. Ignored where every permission is off.
        """
        if self.all_off is not None:
            return Switches(dict.fromkeys(sorted(item.bit for item in items), False))
        return match(self.permissions, items, limit)

    @property
    def withdraws(self) -> bool:
        """Whether some permission is off, so that a person has to be informed."""
        return self.all_off is not None or any(not each.on for each in self.permissions)


def decide(facts: Facts) -> Decision:
    """The decision about one person."""
    removed, silenced = _why_removed(facts), _why_silenced(facts)
    refuses_bulk = Reason.DO_NOT_BULK_EMAIL if facts.do_not_bulk_email else None
    all_off = removed or silenced or refuses_bulk
    by_themselves = verdicts(facts, None)
    permissions = by_themselves if all_off is None else verdicts(facts, all_off)
    sent = removed is None and silenced is None
    return Decision(
        fate=Fate.REMOVED if removed else Fate.SILENCED if silenced else Fate.SENT,
        reason=removed or silenced,
        may_be_mailed=sent and (not facts.spotler.opted_out or any(each.on for each in permissions)),
        all_off=all_off,
        permissions=permissions,
        withdrawals=_withdrawals(facts, silenced or refuses_bulk, by_themselves),
        facts=facts,
    )


def _why_removed(facts: Facts) -> Reason | None:
    reasons = {
        Reason.DELETED: not facts.exists,
        Reason.MERGED: facts.state is State.MERGED and not facts.stays_when_deactivated,
        Reason.DEACTIVATED: facts.state is State.DEACTIVATED and not facts.stays_when_deactivated,
        Reason.KEEP_OUT: facts.keep_out,
        Reason.DO_NOT_EMAIL: facts.do_not_email,
        Reason.NO_ADDRESS: not facts.has_address,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _why_silenced(facts: Facts) -> Reason | None:
    reasons = {
        Reason.MERGED: facts.state is State.MERGED and facts.stays_when_deactivated,
        Reason.DEACTIVATED: facts.state is State.DEACTIVATED and facts.stays_when_deactivated,
        Reason.EXCLUDED: facts.is_excluded,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _withdrawals(
    facts: Facts, both_sides: Reason | None, by_themselves: Iterable[Verdict]
) -> Mapping[str, Reason]:  # fmt: skip
    """Why subscribed rows are switched off in Dataverse too.

    What Spotler says counts whatever else keeps the permission off now, because that may be taken back later. Where
    a rule switches the row off too, the rule is the reason: it counts from now, and the opt-out from an earlier time.
    """
    reasons = {each.row: each.reason for each in by_themselves if each.reason in _OFF_IN_SPOTLER}
    found = {row.id: both_sides or reasons.get(row.id) for row in facts.rows if row.subscribed}
    return {row: reason for row, reason in found.items() if reason is not None}
