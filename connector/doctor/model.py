"""What a check is, and what it finds.

    DoctorCheck ─ look(context) ─► Diagnosis(verdict, sentence, remedy)

`needs` names checks that must not have failed: else the check is not made, and says so. The order of `CHECKS`
(`connector.doctor.run`) is the order of dependence.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from connector.words import marked

if TYPE_CHECKING:
    from connector.doctor.context import CheckContext


#: How many names a sentence has.
NAMED: Final = 5
#: What brings back what is missing of an installation.
SET_UP: Final = marked("Run python -m connector setup plan, read it, and apply it.")
#: Seconds after which a check is given up: more than a call to Dataverse may take (DATAVERSE_TIMEOUT).
CHECK_SECONDS: Final = 90.0


class CheckGroup(StrEnum):
    """What a check is about; one module each."""

    CONFIGURATION = "configuration"
    BUS = "bus"
    DATAVERSE = "dataverse"
    SPOTLER = "spotler"
    STATE = "state"
    RUNNING = "running"
    AZURE = "azure"


class Reach(StrEnum):
    """What a check needs to be made."""

    #: The settings and files of this machine.
    OFFLINE = "offline"
    #: The systems that the settings name; the app itself makes it every hour too.
    SYSTEMS = "systems"
    #: The systems; not made hourly, because it is about a release, or costs many calls.
    SYSTEMS_ON_REQUEST = "systems on request"
    #: Azure's own management, with the sign-in of the person who asks.
    AZURE = "azure"


class DoctorVerdict(StrEnum):
    """What a check says; the order is that of their weight."""

    OK = "ok"
    NOT_CHECKED = "not checked"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a check found.

    Attributes:
        sentence: what is so, without values of settings or records.
        remedy: what to do; empty where nothing is.
    """

    verdict: DoctorVerdict
    sentence: str
    remedy: str = ""


def ok(sentence: str) -> Diagnosis:
    """All is well."""
    return Diagnosis(DoctorVerdict.OK, sentence)


def warning(sentence: str, remedy: str) -> Diagnosis:
    """It works, and somebody should look."""
    return Diagnosis(DoctorVerdict.WARNING, sentence, remedy)


def failed(sentence: str, remedy: str) -> Diagnosis:
    """Something does not work."""
    return Diagnosis(DoctorVerdict.FAILED, sentence, remedy)


def not_checked(why: str) -> Diagnosis:
    """It could not be looked at."""
    return Diagnosis(DoctorVerdict.NOT_CHECKED, why)


def some_of(names: Iterable[str]) -> str:
    """The first names in their order, and how many more there are."""
    known = sorted(names)
    more = f" (+{len(known) - NAMED})" if len(known) > NAMED else ""
    return ", ".join(known[:NAMED]) + more


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """One check.

    Attributes:
        code: stable; in the log, in the output, and the heading of its entry in docs/operators/doctor.md.
        looks_at: what is looked at, for people.
        look: looks; an error of a family of ours becomes a failure with its sentence and advice.
        needs: codes of the checks that must not have failed.
        seconds: after which it is given up.
    """

    code: str
    group: CheckGroup
    reach: Reach
    looks_at: str
    look: Callable[["CheckContext"], Diagnosis] = field(repr=False)
    needs: tuple[str, ...] = ()
    seconds: float = CHECK_SECONDS


@dataclass(frozen=True, slots=True)
class CheckMaker:
    """Makes the checks of one group.

    Attributes:
        reach: what most of them need.
    """

    group: CheckGroup
    reach: Reach

    def __call__(
        self,
        code: str,
        looks_at: str,
        look: Callable[["CheckContext"], Diagnosis],
        *needs: str,
        reach: Reach | None = None,
        seconds: float = CHECK_SECONDS,
    ) -> DoctorCheck:
        """A check."""
        return DoctorCheck(code, self.group, reach or self.reach, looks_at, look, needs, seconds)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check with what it found."""

    check: DoctorCheck
    diagnosis: Diagnosis
