"""Which side wins a column that both systems may change. No calls, no clock.

| Dataverse since the last common value | Spotler | Wins |
|---|---|---|
| both have the same value now | | neither: they agree |
| changed | the same | Dataverse |
| the same | changed | Spotler |
| the same | the same | neither: one of them changed the form of what it was given |
| changed | changed | the later change |
| nothing is known, one is empty | | the value |
| nothing is known, both have values | | the later change |

Dataverse and Spotler only know when a record and a contact were last changed in any way. Where the times cannot be
compared Dataverse wins: one is missing, the row was last written by the connector itself, or they are so close together
that the difference of the clocks may be larger.

The same function decides for what comes from Spotler and for what goes there, so the result does not depend on which of
two changes arrives first.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from connector.sync.info import CLOCKS_DIFFER
from connector.sync.last_common import EMPTY, Common


class Winner(StrEnum):
    """The side whose value both sides get."""

    NEITHER = "neither"
    DATAVERSE = "dataverse"
    SPOTLER = "spotler"


@dataclass(frozen=True, slots=True)
class Moments:
    """When something happened, as far as it is known.

    Attributes:
        modified_on: when somebody else than the connector last changed the row.
        last_changed: when the contact was last changed in Spotler, by anybody.
        sent_on: when the connector last sent the record.
    """

    modified_on: datetime | None = None
    last_changed: datetime | None = None
    sent_on: datetime | None = None


def decide(dataverse: str, spotler: str, last: Common | None, moments: Moments) -> Winner:
    """Which side wins a column with the direction `<->`.

    Args:
        dataverse: the fingerprint of what Dataverse has.
        spotler: the fingerprint of what Spotler has.
        last: what they last had in common; None if that is not known.
        moments: when the two were changed.
    """
    if dataverse == spotler:
        return Winner.NEITHER
    if last is None:
        return _unknown(dataverse, spotler, moments)
    dataverse_changed = dataverse != last.dataverse
    is_late = spotler == last.sending and spotler != last.spotler
    spotler_changed = spotler != last.spotler and not is_late
    if dataverse_changed:
        return _later(moments) if spotler_changed else Winner.DATAVERSE
    if spotler_changed:
        return Winner.NEITHER if _is_form(dataverse, spotler, last, moments) else Winner.SPOTLER
    return Winner.DATAVERSE if is_late else Winner.NEITHER


def decide_inward(dataverse: str, spotler: str, last: Common | None) -> Winner:
    """Whether a column with the direction `<-` gets the value of Spotler: only where it differs from it.

    A value that Dataverse keeps in another form than the one that it was given is not written again and again.
    """
    is_known = last is not None and (last.dataverse, last.spotler) == (dataverse, spotler)
    return Winner.NEITHER if dataverse == spotler or is_known else Winner.SPOTLER


def agreed(dataverse: str, spotler: str, last: Common | None) -> Common:
    """What they have in common where neither wins."""
    made = last.made if last is not None and dataverse != spotler else None
    return Common(dataverse, spotler, made=made)


def to_be_sent(dataverse: str, last: Common | None) -> Common:
    """What they have in common while the value of Dataverse is being sent: the last common value still counts."""
    if last is None:
        return Common("", "", sending=dataverse)
    return replace(last, sending=dataverse)


def sent(dataverse: str, last: Common | None) -> Common:
    """What they have in common after the value of Dataverse was sent."""
    return Common(dataverse, dataverse, made=last.made if last is not None else None)


def received(dataverse: str, spotler: str, last: Common | None, before: str) -> Common:
    """What they have in common after the value of Spotler was written.

    Args:
        dataverse: what Dataverse has made of it.
        spotler: what Spotler has.
        last: what they had in common before.
        before: what Dataverse had before.
    """
    was_sent = last is not None and before == last.dataverse == last.spotler
    made = (before, spotler) if was_sent else (last.made if last is not None else None)
    return Common(dataverse, spotler, made=made)


def _is_form(dataverse: str, spotler: str, last: Common, moments: Moments) -> bool:
    """Whether Spotler again shows for this value what it made of it before, and nobody has changed it since.

    Otherwise a flow in Dataverse that brings a value into its own form, against one of Spotler, would go on forever.
    """
    if last.made != (dataverse, spotler) or last.spotler != last.dataverse:
        return False
    if moments.last_changed is None or moments.sent_on is None:
        return True
    return moments.last_changed <= moments.sent_on + CLOCKS_DIFFER


def _unknown(dataverse: str, spotler: str, moments: Moments) -> Winner:
    if spotler == EMPTY:
        return Winner.DATAVERSE
    return Winner.SPOTLER if dataverse == EMPTY else _later(moments)


def _later(moments: Moments) -> Winner:
    here, there = moments.modified_on, moments.last_changed
    if here is None or there is None:
        return Winner.DATAVERSE
    return Winner.SPOTLER if there > here + CLOCKS_DIFFER else Winner.DATAVERSE
