"""The status of a contact in Spotler, as Spotler Info shows it. Values only, no calls, no clock.

    active ── hard bounce, or 4 soft bounces in a row ──────────► Hard Bounce, Soft Bounce ── can be reached again ─┐
      ▲  ├─── left everything, complained of spam ──────────────► Opt-out, Spam Complaint ───────────────────────────┤
      │  ├─── no longer reachable, without such an entry ───────► Permanent: made inactive by hand ──────────────────┤
      │  └─── a status that is not known ───────────────────────► no status, Last Status has Spotler's text ─────────┤
      └───────────────────────────────────────────────────────────────────────────────────────────────────────────┘

There are two sources: entries of the feed of bounces, and the contact itself, which shows whether it can be reached,
but not why. What is older than the status changes nothing. What somebody wants (opt-out, complaint, made inactive by
hand) is not replaced by a bounce.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from connector.dataverse.api import Row
from connector.dataverse.choices import ContactStatus
from connector.dataverse.names import Info
from connector.dataverse.texts import cut
from connector.spotler import Bounce, BounceType, SpotlerContact
from connector.sync.moments import read_moment

#: From so many soft bounces in a row a contact is inactive.
SOFT_BOUNCES: Final = 4
#: The channel that bounces are about.
EMAIL: Final = "EMAIL"
#: Where the contact became inactive, and an entry so close to that time has the cause, it is the cause.
SAME_TIME: Final = timedelta(hours=1)
#: The longest text of Last Status.
TEXT_LENGTH: Final = 100

#: The columns that hold the status.
COLUMNS: Final = (Info.CONTACT_STATUS, Info.ACTIVE, Info.STATUS_ON, Info.SOFT_BOUNCES, Info.STATUS_INFERRED)

_CAUSES: Final = {
    BounceType.HARD: ContactStatus.HARD_BOUNCE,
    BounceType.OPT_OUT: ContactStatus.OPT_OUT,
    BounceType.COMPLAINT: ContactStatus.SPAM_COMPLAINT,
    BounceType.BY_HAND: ContactStatus.PERMANENT,
}
_ACTIVE: Final = frozenset({ContactStatus.ACTIVE_STATIC, ContactStatus.ACTIVE_DYNAMIC})
#: The statuses of a contact that gets no mail.
INACTIVE: Final = frozenset(ContactStatus) - _ACTIVE
_BOUNCED: Final = frozenset({ContactStatus.HARD_BOUNCE, ContactStatus.SOFT_BOUNCE})


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of a contact.

    Attributes:
        status: None if it is not known.
        active: whether it can be mailed; None if that is not known.
        on: when the newest entry that it reflects happened.
        soft_bounces: in a row.
        inferred: whether the cause was inferred from the contact, so that an entry may still name it.
        text: a status that the connector does not know, as Spotler writes it.
    """

    status: ContactStatus | None = None
    active: bool | None = None
    on: datetime | None = None
    soft_bounces: int = 0
    inferred: bool = False
    text: str = ""

    @classmethod
    def of(cls, info: Row, latest: datetime | None = None) -> Self:
        """The status that a row of Spotler Info shows; what cannot be so is not known.

        Args:
            info: the row.
            latest: no entry is from later than this: such a date would hide every entry to come. None for no limit.
        """
        status, active = info.get(Info.CONTACT_STATUS), info.get(Info.ACTIVE)
        on, count = read_moment(info.get(Info.STATUS_ON)), info.get(Info.SOFT_BOUNCES)
        return cls(
            ContactStatus(status) if isinstance(status, int) and status in list(ContactStatus) else None,
            active if isinstance(active, bool) else None,
            on if on is not None and (latest is None or on <= latest) else None,
            count if isinstance(count, int) and count > 0 else 0,
            info.get(Info.STATUS_INFERRED) is True,
        )

    def after_bounce(self, bounce: Bounce) -> Self:
        """The status after an entry of the feed of bounces, which must have a date.

        An entry that comes again, or late, changes nothing: entries must come in the order of their dates.
        """
        at = _whole_second(bounce.date)
        if at is None or self._is_older(at, bounce.type) or _has_returned(bounce, at):
            return self
        if bounce.type is BounceType.SOFT:
            return self._after_soft_bounce(bounce, at)
        status = _CAUSES[bounce.type] if bounce.type else None
        if status in {None, ContactStatus.HARD_BOUNCE} and self._is_wanted and not self._is_inferred(at):
            return self
        text = "" if status else cut(bounce.text.strip(), TEXT_LENGTH)
        return replace(self, status=status, active=False, on=max(at, self.on or at), inferred=False, text=text)

    def after_sight(self, contact: SpotlerContact, at: datetime) -> "Standing":
        """The status after the contact itself was read at that time."""
        can_be_reached = contact.channels.get(EMAIL)
        at = at.replace(microsecond=0)
        if can_be_reached is None or (self.on is not None and at < self.on):
            return self
        if can_be_reached:
            if self.active and self.status in _ACTIVE:
                return self
            status = ContactStatus.ACTIVE_STATIC if contact.temporary else ContactStatus.ACTIVE_DYNAMIC
            return Standing(status, active=True, on=at)
        return self if contact.email is None else self._when_unreachable(contact, at)

    def changes(self, info: Row) -> dict[str, object]:
        """The columns of Spotler Info that have to be written, so that it shows this."""
        before = Standing.of(info)
        columns: dict[str, tuple[object, object]] = {
            Info.CONTACT_STATUS: (before.status and before.status.value, self.status and self.status.value),
            Info.ACTIVE: (before.active, self.active),
            Info.STATUS_ON: (before.on, self.on),
            Info.SOFT_BOUNCES: (before.soft_bounces, self.soft_bounces),
            Info.STATUS_INFERRED: (before.inferred, self.inferred),
        }
        changed = {name: new for name, (old, new) in columns.items() if new != old}
        if self.on is not None and Info.STATUS_ON in changed:
            changed[Info.STATUS_ON] = self.on.strftime("%Y-%m-%dT%H:%M:%SZ")
        return changed | ({Info.LAST_STATUS: self.text} if changed and self.text else {})

    def _when_unreachable(self, contact: SpotlerContact, at: datetime) -> Self:
        """The status of a contact that has an address and gets no mail there."""
        is_explained = self.status in INACTIVE or (self.active is False and self.on is not None)
        if is_explained:
            return replace(self, active=False)
        status = ContactStatus.PERMANENT if _has_permissions(contact) else ContactStatus.OPT_OUT
        since = _whole_second(contact.last_changed) or at
        return replace(self, status=status, active=False, on=max(since, self.on or since), inferred=True)

    def _after_soft_bounce(self, bounce: Bounce, at: datetime) -> Self:
        count = self.soft_bounces + 1
        counted = replace(self, soft_bounces=count, on=at)
        # Deliveries in between are not in the feed. If Spotler still reaches the contact, they were not in a row.
        is_inactive = count >= SOFT_BOUNCES and bounce.contact.channels.get(EMAIL) is not True
        if is_inactive and not self._is_wanted and self.status is not ContactStatus.HARD_BOUNCE:
            return replace(counted, status=ContactStatus.SOFT_BOUNCE, active=False)
        return counted

    @property
    def _is_wanted(self) -> bool:
        """Whether somebody wants that nothing is mailed; a bounce is a matter of the address."""
        return self.status in INACTIVE - _BOUNCED

    def _is_older(self, at: datetime, cause: BounceType | None) -> bool:
        """Whether an entry is older than the status, or is what the status reflects already."""
        if self.on is None or at > self.on:
            return False
        return cause is BounceType.SOFT or not self._is_inferred(at)

    def _is_inferred(self, at: datetime) -> bool:
        """Whether an entry of that time may be the cause of a status that was only inferred from the contact."""
        return self.inferred and self.on is not None and abs(at - self.on) <= SAME_TIME


def active_after_sending(info: Row) -> bool | None:
    """What to write in the column Active once a contact was sent; None leaves it.

    That Spotler took the data does not mean that it mails the contact: one that bounced stays inactive until it is seen
    that it can be reached again (`after_sight`).
    """
    inactive = info.get(Info.ACTIVE) is False and info.get(Info.GONE) is not True
    return None if inactive else True


def _has_returned(bounce: Bounce, at: datetime) -> bool:
    """Whether the contact was changed after this hard bounce and can be reached: it has a new address."""
    changed = bounce.contact.last_changed
    return (
        bounce.type is BounceType.HARD
        and bounce.contact.channels.get(EMAIL) is True
        and changed is not None
        and changed.replace(microsecond=0) > at
    )


def _has_permissions(contact: SpotlerContact) -> bool:
    """Whether any permission of the contact is on, or none is shown: then nobody can have left everything."""
    items = contact.properties.get("permissions")
    shown = [each for each in items if isinstance(each, Mapping)] if isinstance(items, list) else []
    return not shown or any(each.get("enabled") is True for each in shown)


def _whole_second(moment: datetime | None) -> datetime | None:
    """Dataverse keeps whole seconds."""
    return moment and moment.astimezone(UTC).replace(microsecond=0)
