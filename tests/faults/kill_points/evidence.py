"""What the journals of both stand-ins say, as values: all that the checker looks at."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job
from connector.errors import OutcomeUnknown

type Entry = Mapping[str, object]

#: The effect in Spotler's journal whose detail holds a score before and after.
SCORE: Final = "score.changed"


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One committed write to a job row; None and False for what it left as it was.

    Attributes:
        claims: whether it claimed the job, so that its work may begin.
        releases: whether it says that nothing of the work is begun, so that anybody may run the job.
    """

    status: JobStatus | None = None
    code: str | None = None
    claims: bool = False
    releases: bool = False

    @classmethod
    def from_entry(cls, entry: Entry) -> "JobEvent":
        """Read an entry of Dataverse's journal."""
        changes = cast("Mapping[str, Mapping[str, object]]", entry["changes"])
        status, code, started = (changes.get(name) for name in (Job.STATUS, Job.RESULT_CODE, Job.STARTED_ON))
        return cls(
            status=JobStatus(cast("int", status["to"])) if status else None,
            code=cast("str | None", code["to"]) if code else None,
            claims=Job.ATTEMPTS in changes,
            releases=started is not None and started["to"] is None,
        )


@dataclass(frozen=True, slots=True)
class JobStory:
    """The life of a job row.

    Attributes:
        events: every write since it was created, Queued.
        by_victim: how many of them the process made that was killed.
    """

    events: tuple[JobEvent, ...]
    by_victim: int = 0

    @classmethod
    def divided(cls, events: tuple[JobEvent, ...], at_death: int) -> "JobStory":
        """A story of which so many events were seen at the death of the victim.

        A write may have been on its way then. It is the victim's, too: nobody else writes to a job without a claim,
        except to give it up.
        """
        if not any(event.claims for event in events[:at_death]):
            return cls(events, at_death)
        others = (
            number
            for number, event in enumerate(events)
            if number >= at_death and (event.claims or event.code == OutcomeUnknown.code)
        )
        return cls(events, next(others, len(events)))

    @property
    def status(self) -> JobStatus:
        """What it is in the end."""
        return next((event.status for event in reversed(self.events) if event.status), JobStatus.QUEUED)

    @property
    def code(self) -> str:
        """Its result code in the end."""
        return next((event.code or "" for event in reversed(self.events) if event.code is not None), "")

    @property
    def endings(self) -> int:
        """How often it was Completed or Failed."""
        return sum(event.status is not None and event.status.is_final for event in self.events)

    @property
    def lost_its_receipt(self) -> bool:
        """Whether the victim died between the claim of the job and its receipt, or before it had given it back."""
        begun = False
        for event in self.events[: self.by_victim]:
            if event.status is not None and event.status.is_final:
                return False
            begun = (begun or event.claims) and not event.releases
        return begun

    @property
    def was_put_back(self) -> bool:
        """Whether the victim had given the job back."""
        return any(event.releases for event in self.events[: self.by_victim])


@dataclass(frozen=True, slots=True)
class Happening:
    """One effect in Spotler's journal. `number` gives the order."""

    number: int
    effect: str
    external_id: str
    detail: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def from_entry(cls, entry: Entry) -> "Happening":
        """Read an entry of Spotler's journal."""
        return cls(
            cast("int", entry["seq"]),
            str(entry["effect"]),
            str(entry["externalId"] or ""),
            cast("Mapping[str, object]", entry["detail"]),
        )


@dataclass(frozen=True, slots=True)
class Written:
    """One committed write to a row that is no job, with the columns that changed: before and after."""

    table: str
    row_id: str
    changes: Mapping[str, tuple[object, object]]

    @classmethod
    def from_entry(cls, entry: Entry) -> "Written":
        """Read an entry of Dataverse's journal."""
        changes = cast("Mapping[str, Mapping[str, object]]", entry["changes"])
        pairs = {name: (change["from"], change["to"]) for name, change in changes.items()}
        return cls(str(entry["table"]), str(entry["id"]), pairs)


@dataclass(frozen=True, slots=True)
class Mailed:
    """A start of an automation or campaign, and when its request was sent: seconds since 1970."""

    external_id: str
    sent: float


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One entry of Consent History; `at` as text that can be compared."""

    record: str
    permission: str
    on: bool
    at: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that happened, of all trials.

    Attributes:
        happenings: in Spotler, by external id.
        contacts: the properties of Spotler's contacts in the end, by external id.
        written: in Dataverse, beside the jobs.
        wanted: what both systems hold in the end where no fault happens, by record; empty where that is not compared.
        found: the same of this run.
        withdrawn: the records whose consent was withdrawn, and when: seconds since 1970.
        mailed: every start.
        subscribed: the external ids that still have a permission that was withdrawn, or are there although they may
            not be, once a job about them that began after the withdrawal is Completed.
    """

    happenings: Mapping[str, Sequence[Happening]] = field(default_factory=dict)
    contacts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    written: Sequence[Written] = ()
    wanted: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    found: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    withdrawn: Mapping[str, float] = field(default_factory=dict)
    mailed: Sequence[Mailed] = ()
    subscribed: frozenset[str] = frozenset()
    permissions: Mapping[str, Sequence[tuple[str, bool]]] = field(default_factory=dict)
    history: Sequence[ConsentEntry] = ()

    def of(self, external_id: str) -> Sequence[Happening]:
        """What happened to a contact."""
        return self.happenings.get(external_id, ())


def by_contact(happenings: Iterable[Happening]) -> dict[str, list[Happening]]:
    """Sort by external id."""
    sorted_: dict[str, list[Happening]] = defaultdict(list)
    for happening in happenings:
        sorted_[happening.external_id].append(happening)
    return dict(sorted_)
