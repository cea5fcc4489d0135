"""The history of consent: what was switched, when, by whom or what, and what shows it.

A history is kept for as long as there is a need to show who agreed to what. So it holds ids of rows and names of
permissions, and no address or name of a person.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from connector.consent.permissions import key_of
from connector.dataverse.choices import ConsentCause
from connector.dataverse.records import RecordRef


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one permission of one record.

    Attributes:
        record: whose permission it is.
        permission: the name of the permission.
        before: whether it was on; None if that is not known, as for a permission that had no row.
        after: whether it is on.
        at: when it was switched.
        cause: who or what switched it.
        evidence: what shows it: ids of rows, jobs or runs, the name of a rule, or a sentence of an administrator.
        once: what makes it the same change whenever it is written, such as the id of a row that is created; empty where
            the time does.
    """

    record: RecordRef
    permission: str
    before: bool | None
    after: bool
    at: datetime
    cause: ConsentCause
    evidence: str = ""
    once: str = ""

    @property
    def moment(self) -> str:
        """The time as rows have it: in UTC, to the second."""
        return self.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    @property
    def key(self) -> str:
        """The same for the same change, so that writing it twice keeps it once."""
        parts = (self.record.id, key_of(self.permission), self.after, self.cause.value, self.once or self.moment)
        return sha256("\n".join(map(str, parts)).encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest entry about a permission.

    Attributes:
        on: whether it was on after it.
        at: when.
        by_person: whether a person had switched the row before the entry was written.
        noted_on: when the entry was written, if that is known.
    """

    on: bool
    at: datetime
    by_person: bool = False
    noted_on: datetime | None = field(default=None, compare=False)
