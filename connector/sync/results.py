"""What became of a record on its way to Spotler, with the row of Spotler Info that is to be written for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connector.consent import Reason
from connector.errors import Transient
from connector.outcomes import (
    ANONYMIZED,
    MEANINGS,
    SKIPPED_DO_NOT_EMAIL,
    SKIPPED_FILTER,
    SKIPPED_KEEP_OUT,
    SKIPPED_NO_EMAIL,
)
from connector.sync.info import NO_INFO, InfoValues, InfoVersion
from connector.words import Sentence

#: The code of a record that was not sent, by the reason of the decision about it.
SKIPPED_BY: Final = {
    Reason.NO_ADDRESS: SKIPPED_NO_EMAIL,
    Reason.KEEP_OUT: SKIPPED_KEEP_OUT,
    Reason.EXCLUDED: SKIPPED_FILTER,
}

#: Codes of records that were not sent, on purpose.
SKIPPED: Final = frozenset({SKIPPED_DO_NOT_EMAIL, ANONYMIZED, *SKIPPED_BY.values()})


class PermissionsHidden(Transient):
    """A permission has to be switched off in Spotler, but Spotler does not show the field of permissions."""

    code = "PERMISSIONS_HIDDEN"
    advice = "Make the field visible among the database fields of Spotler; the connector retries."


SENT: Final = Sentence("Sent to Spotler.")


def with_warnings(said: Sentence, warnings: Sequence[str]) -> Sentence:
    """What became of a record, the first of its warnings, and how many there are: two sentences at most.

    The others are seen when the first is put right and the record is sent again.
    """
    if not warnings:
        return said
    if len(warnings) == 1:
        return Sentence.joined(said, warnings[0])
    rest = Sentence("Warning 1 of {number}: {warning}", number=len(warnings), warning=Sentence.of(warnings[0]))
    return Sentence.joined(said, rest)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a record.

    Attributes:
        code: `OK`, `UNCHANGED`, `ANONYMIZED` or one of the `SKIPPED_*`.
        message: a sentence for people, with the warnings of the mapping.
        info: the row of Spotler Info that is still to be written; None if there is none.
        is_there: whether Spotler has the contact now, as far as is known.
        changed: whether something was changed in Spotler.
        over: the version of the row that `info` is written over.
        lost: how many permissions were switched off because Spotler had lost the contact.
        warnings: what was left out of the contact; the first one is in the message.
    """

    code: str
    message: str
    info: InfoValues | None = None
    is_there: bool = False
    changed: bool = False
    over: InfoVersion = NO_INFO
    lost: int = 0
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        code: str,
        message: str = "",
        *,
        info: InfoValues | None = None,
        is_there: bool = False,
        changed: bool = False,
        over: InfoVersion = NO_INFO,
    ) -> "Sent":
        """The usual sentence of a code, unless the place knows better."""
        return cls(code, message or MEANINGS[code].sentence, info, is_there, changed, over)


@dataclass(frozen=True, slots=True)
class NotSent:
    """The error that stopped a record and no other.

    Attributes:
        error: its family decides what happens next.
        info: the row of Spotler Info that is still to be written; None if there is none.
        over: the version of the row that `info` is written over.
    """

    error: Exception
    info: InfoValues | None = None
    over: InfoVersion = NO_INFO


#: What became of a record.
type Delivery = Sent | NotSent


def skipped_code(reason: Reason | None) -> str:
    """The code of a record that was not sent for this reason."""
    return SKIPPED_BY.get(reason, SKIPPED_DO_NOT_EMAIL) if reason else SKIPPED_DO_NOT_EMAIL
