"""In which class a record or a contact is, and why."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from connector.words import Sentence


class FindingKind(StrEnum):
    """The four classes; everything is in exactly one of them."""

    EQUAL = "equal"
    REPAIRED = "repaired"
    EXCLUDED = "excluded"
    QUARANTINED = "quarantined"


#: Why contacts of Spotler are not compared with a record.
NO_EXTERNAL_ID: Final = Sentence("without External Id")
OTHER_SYSTEM: Final = Sentence("of another system")
TEMPORARY: Final = Sentence("temporary")
NO_RECORD: Final = Sentence("its record is not in Dataverse")
#: Why a record is not compared with a contact.
NEVER_SENT: Final = Sentence("never sent to Spotler")
DELETED_MEANWHILE: Final = Sentence("deleted meanwhile")

#: The code of a record that still differs after it was synced, and nothing says why.
STILL_DIFFERS: Final = "STILL_DIFFERS"
#: The code of a record that the brake holds back.
HELD: Final = "BRAKE_HOLDS"


@dataclass(frozen=True, slots=True)
class PairFinding:
    """What was found about a record and its contact, or about one of the two.

    Attributes:
        kind: the class.
        reason: of a repair, what differed; of an exclusion, why; of a quarantine, the code.
        in_dataverse: whether there is a record.
        in_spotler: whether Spotler had a contact when they were compared.
        is_open: whether a problem that may pass prevented the comparison: it is made again before the end.
    """

    kind: FindingKind
    reason: str = ""
    in_dataverse: bool = True
    in_spotler: bool = True
    is_open: bool = False

    @classmethod
    def of_contact(cls, why: str) -> Self:
        """A contact without a record."""
        return cls(FindingKind.EXCLUDED, why, in_dataverse=False)

    @classmethod
    def parse(cls, value: object) -> Self:
        """What the state holds.

        Raises:
            ValueError: it is no finding.
        """
        if not isinstance(value, list) or len(value) != len(cls.__slots__):
            raise ValueError("not a finding")
        kind, reason, *flags = value
        return cls(FindingKind(kind), str(reason), *map(bool, flags))

    @property
    def is_final(self) -> bool:
        """Whether it is about a record, and will not be looked at again."""
        return self.in_dataverse and not self.is_open

    def after(self, earlier: "PairFinding | None") -> "PairFinding":
        """The same after an earlier comparison: what was repaired then and agrees now counts as repaired."""
        if earlier is None or not earlier.is_open or earlier.kind is not FindingKind.REPAIRED:
            return self
        return replace(earlier, is_open=False) if self.kind is FindingKind.EQUAL else self

    @property
    def value(self) -> list[object]:
        """What is written in the state."""
        return [self.kind.value, self.reason, self.in_dataverse, self.in_spotler, self.is_open]


def deleted_meanwhile(*, is_there: bool) -> PairFinding:
    """A record that was deleted before it could be compared; it counts with the contacts only, if it had one."""
    return PairFinding(FindingKind.EXCLUDED, DELETED_MEANWHILE, in_dataverse=False, in_spotler=is_there)
