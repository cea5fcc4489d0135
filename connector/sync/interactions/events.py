"""Events of mailings as values: what each is called, which row it has, and which date of Spotler Info it moves."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from connector.dataverse.api import filters
from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Info, Interaction
from connector.dataverse.texts import cut
from connector.spotler import Bounce, BounceType, InteractionKind, SpotlerInteraction, clean_text

#: The longest name of a row and of a mailing, and the longest id of a mailing.
NAME_LENGTH: Final = 300
ID_LENGTH: Final = 100

#: The date of Spotler Info that an event moves. A bounce moves none: Spotler Info has the status of the contact.
DATES: Final = {
    InteractionType.EMAIL_SENT: Info.LAST_MAILED_ON,
    InteractionType.EMAIL_OPENED: Info.LAST_OPENED_ON,
    InteractionType.EMAIL_CLICKED: Info.LAST_CLICKED_ON,
}

_TYPES: Final = {
    InteractionKind.SENT: InteractionType.EMAIL_SENT,
    InteractionKind.OPENED: InteractionType.EMAIL_OPENED,
    InteractionKind.CLICKED: InteractionType.EMAIL_CLICKED,
    InteractionKind.BOUNCED: InteractionType.EMAIL_BOUNCED,
}
_LABELS: Final = {
    InteractionType.EMAIL_SENT: "Email sent",
    InteractionType.EMAIL_OPENED: "Email opened",
    InteractionType.EMAIL_CLICKED: "Email clicked",
    InteractionType.EMAIL_BOUNCED: "Email bounced",
}
_BOUNCES: Final = {BounceType.HARD: " (hard)", BounceType.SOFT: " (soft)"}

_ROW_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class MailingEvent:
    """One event of one contact with one mailing.

    Attributes:
        record: the External Id in lower case; empty for a contact that has none under this key.
        type: what happened.
        on: when, in UTC.
        mailing_id: Spotler's id of the mailing; empty where it does not say.
        mailing: its name, if it is known.
        bounce: how it came back, if it did.
    """

    record: str
    type: InteractionType
    on: datetime
    mailing_id: str = ""
    mailing: str = ""
    bounce: BounceType | None = None

    @classmethod
    def of(cls, entry: SpotlerInteraction) -> Self | None:
        """An entry of a feed of interactions; None without a date."""
        if entry.date is None:
            return None
        record = (entry.external_id or "").strip().lower()
        name = entry.name or entry.subject or ""
        return cls(record, _TYPES[entry.kind], entry.date, entry.mailing_id or "", name, entry.bounce_type)

    @classmethod
    def of_bounce(cls, entry: Bounce) -> Self | None:
        """An entry of the feed of bounces; None without a date, and for an opt-out or another cause that is none."""
        if entry.date is None or entry.type not in _BOUNCES:
            return None
        record = (entry.contact.external_id or "").strip().lower()
        return cls(
            record, InteractionType.EMAIL_BOUNCED, entry.date, entry.mailing_id or "", bounce=entry.type
        )  # fmt: skip

    @property
    def is_ours(self) -> bool:
        """Whether the External Id is the id of a row."""
        return _ROW_ID.fullmatch(self.record) is not None

    @property
    def key(self) -> str:
        """The same for the same event, whichever feed shows it, with characters that an address can hold.

        Two feeds show a bounce, so its time counts in whole seconds; that of other events in milliseconds.
        """
        precision = "seconds" if self.type is InteractionType.EMAIL_BOUNCED else "milliseconds"
        on = self.on.astimezone(UTC).isoformat(timespec=precision)
        text = f"{self.record}|{self.mailing_id}|{self.type.name}|{on}"
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()

    def columns(self, mailing: str) -> Mapping[str, object]:
        """The columns of its row, but for the record.

        Args:
            mailing: the name of the mailing; empty if it is not known, and then the row keeps the one that it has.
        """
        what = f"{_LABELS[self.type]}{_BOUNCES.get(self.bounce, '') if self.bounce else ''}"
        mailing = clean_text(mailing)
        named = mailing or self.mailing_id
        known = {Interaction.MAILING: cut(mailing, NAME_LENGTH)} if mailing else {}
        return {
            Interaction.NAME: cut(f"{what}: {named}" if named else what, NAME_LENGTH),
            Interaction.TYPE: self.type.value,
            Interaction.ON: filters.literal(self.on.replace(microsecond=0)),
            Interaction.MAILING_ID: cut(self.mailing_id, ID_LENGTH),
            **known,
        }
