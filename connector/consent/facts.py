"""What is known of a person, as values: the input of the decision about consent."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """The state of a record in Dataverse."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    MERGED = "merged"


class Presence(StrEnum):
    """What Spotler Info says about the contact in Spotler.

    UNKNOWN is no answer: Spotler Info may be lost, and the contact may be older than the connector.
    """

    KNOWN = "known"
    GONE = "gone"
    UNKNOWN = "unknown"


class ConsentSource(StrEnum):
    """Who or what switched a permission on."""

    PERSON = "person"
    FEED = "feed"
    FORM = "form"
    CREATION = "creation"
    FIRST_SYNC = "first sync"


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """A row of Spotler Permission.

    Attributes:
        id: the id of the row.
        name: the name of the permission when the row was written.
        bit: its bit in Spotler, if it is known.
        subscribed: whether the row says that the person agreed.
        is_active: whether the row is not deactivated.
        source: who or what wrote it, if that is known.
        at: when, if that is known.
        changed_on: what its column Changed On says.
        modified_on: when the row was last written for any reason, if that is known.
        is_own_write: whether the connector wrote it last, later than `changed_on`, so for another reason than a switch.
        version: of the row that was read, so that a change can be bound to it; empty if it was not read.
    """

    id: str
    name: str
    bit: int | None = None
    subscribed: bool = False
    is_active: bool = True
    source: ConsentSource | None = None
    at: datetime | None = None
    changed_on: datetime | None = field(default=None, compare=False)
    modified_on: datetime | None = field(default=None, compare=False)
    is_own_write: bool = field(default=False, compare=False)
    version: str = field(default="", compare=False)

    @property
    def refuses(self) -> bool:
        """Whether it is an opt-out: not subscribed, or deactivated."""
        return not (self.subscribed and self.is_active)


@dataclass(frozen=True, slots=True)
class PermissionReport:
    """What Spotler reported about one permission of the contact: an entry of a feed, or its state at the first sync.

    Attributes:
        name: the name of the permission.
        bit: its bit, if it is known.
        on: whether it is on; off is an opt-out.
        at: when it was switched, if that is known.
        seen: when Spotler had it so, if that is known; unlike `at`, this says nothing of when it was switched.
        missing: whether it is off because Spotler had lost the contact, so that an opt-out may have been lost too.
    """

    name: str
    bit: int | None
    on: bool
    at: datetime | None = None
    seen: datetime | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class SpotlerReport:
    """What is known of the contact in Spotler.

    Attributes:
        presence: whether Spotler has it.
        permissions: the latest report about each permission.
        opted_out: whether the person opted out of everything there.
        opted_out_at: when, if that is known.
    """

    presence: Presence = Presence.UNKNOWN
    permissions: tuple[PermissionReport, ...] = ()
    opted_out: bool = False
    opted_out_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the decision depends on.

    Attributes:
        exists: whether the record is in Dataverse.
        state: its state there.
        stays_when_deactivated: whether a deactivated record loses its permissions only, instead of being anonymised.
        has_address: whether it has an e-mail address.
        do_not_email: the column Do Not Email.
        do_not_bulk_email: the column Do Not Bulk Email.
        keep_out: the column Keep Out of Spotler Info.
        is_excluded: whether a filter of the mapping excludes it, or its table is not mapped.
        rows: its rows of Spotler Permission, the deactivated ones too.
        spotler: what is known of its contact in Spotler.
    """

    exists: bool = True
    state: State = State.ACTIVE
    stays_when_deactivated: bool = False
    has_address: bool = True
    do_not_email: bool = False
    do_not_bulk_email: bool = False
    keep_out: bool = False
    is_excluded: bool = False
    rows: tuple[PermissionRow, ...] = ()
    spotler: SpotlerReport = field(default_factory=SpotlerReport)
