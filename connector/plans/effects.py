"""What a sync does to one record: one effect for each write in Spotler and in Dataverse that people would notice.

Spotler Info is no effect: it only notes what was done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from connector.mapping import content_hash


class Action(StrEnum):
    """What is done; in Spotler, but for the last three."""

    CREATE = "create"
    UPDATE = "update"
    SILENCE = "silence"
    ANONYMISE = "anonymise"
    COLUMNS = "columns"
    PERMISSION = "permission"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One write.

    Attributes:
        record: the id of the record.
        action: what is done.
        values: the content of the write, as it goes over the wire; without times of the write itself.
        row: the id of the row that is written, where it is another one than the record.
    """

    record: str
    action: Action
    values: Mapping[str, object]
    row: str = ""

    @property
    def mark(self) -> str:
        """The same for the same effect, and for no other one."""
        return content_hash({
            "record": self.record, "action": self.action, "values": dict(self.values), "row": self.row,
        })  # fmt: skip
