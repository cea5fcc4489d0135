"""What the jobs of a trial order, in terms of the journals: the other half of what the checker compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connector.dataverse.choices import JobStatus
from tests.faults.kill_points.evidence import SCORE, Evidence, Happening, JobStory


class Effect(Protocol):
    """Something that a job causes."""

    def seen(self, evidence: Evidence) -> Sequence[int]:
        """One number for each time that it is seen; in the order of time where the numbers are not 0."""

    def covers(self, happening: Happening) -> bool:
        """Whether this happening is the effect."""


@dataclass(frozen=True, slots=True)
class Happens:
    """An effect on a contact that Spotler's journal counts. Of its details, those named here must agree."""

    effect: str
    external_id: str
    detail: Mapping[str, object] = field(default_factory=dict)

    def seen(self, evidence: Evidence) -> Sequence[int]:
        """The numbers of the entries."""
        return [each.number for each in evidence.of(self.external_id) if self.covers(each)]

    def covers(self, happening: Happening) -> bool:
        """The same effect on the same contact."""
        return (happening.effect, happening.external_id) == (self.effect, self.external_id) and (
            self.detail.items() <= happening.detail.items()
        )


@dataclass(frozen=True, slots=True)
class ScoreMoves:
    """A score goes up or, by a negative number, down."""

    external_id: str
    tag: str
    by: int

    def seen(self, evidence: Evidence) -> Sequence[int]:
        """The numbers of the entries."""
        return [each.number for each in evidence.of(self.external_id) if self.covers(each)]

    def covers(self, happening: Happening) -> bool:
        """A change of this score by this much; a score that was not there counts from 0."""
        if (happening.effect, happening.external_id) != (SCORE, self.external_id):
            return False
        old, new = happening.detail["old"] or 0, happening.detail["new"]
        return happening.detail["tag"] == self.tag and isinstance(old, int) and new == old + self.by


@dataclass(frozen=True, slots=True)
class Holds:
    """A contact has a property with this value in the end; None where it has none."""

    external_id: str
    name: str
    value: object

    def seen(self, evidence: Evidence) -> Sequence[int]:
        """Once, or not at all."""
        contact = evidence.contacts.get(self.external_id)
        return [0] if contact is not None and contact.get(self.name) == self.value else []

    def covers(self, happening: Happening) -> bool:  # noqa: ARG002 - the journal does not show values
        """No happening in particular."""
        return False


@dataclass(frozen=True, slots=True)
class Writes:
    """A row of Dataverse is created or changed. Of its columns, those named here must have got these values."""

    table: str
    values: Mapping[str, object]
    row_id: str = ""
    before: Mapping[str, object] = field(default_factory=dict)

    def seen(self, evidence: Evidence) -> Sequence[int]:
        """Once for each write."""
        return [
            0
            for each in evidence.written
            if each.table == self.table
            and self.row_id in ("", each.row_id)
            and all(name in each.changes and each.changes[name][1] == value for name, value in self.values.items())
            and all(each.changes[name][0] == value for name, value in self.before.items())
        ]

    def covers(self, happening: Happening) -> bool:  # noqa: ARG002 - Spotler's journal does not show it
        """No happening in Spotler."""
        return False


@dataclass(frozen=True, slots=True)
class Order:
    """What must be true of one job in the end.

    Attributes:
        name: what people call it.
        record: the external id of its record, if it has one.
        effects: what it causes if it is Completed.
        untouched: an external id to which nothing may happen, because the job is not valid.
    """

    name: str
    job: str
    record: str = ""
    effects: tuple[Effect, ...] = ()
    status: JobStatus = JobStatus.COMPLETED
    codes: frozenset[str] = frozenset({"OK"})
    untouched: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One death, or one run to the end.

    Attributes:
        slug: the operation.
        repeatable: whether its work may be done twice.
        seed: what varied the scenario.
        point: the touch at which the process was to die; 0 for none.
        touches: what it touched, the last one being the fatal one if it was killed.
        killed: whether it died there.
        orders: the jobs, in the order in which they were created.
        stories: what became of them, by id.
    """

    slug: str
    repeatable: bool
    seed: int
    point: int
    touches: tuple[str, ...]
    killed: bool
    orders: tuple[Order, ...]
    stories: Mapping[str, JobStory]

    @property
    def was_in_time(self) -> bool:
        """Whether the process did what it could before it died: on a busy machine it may have put something back."""
        return self.killed or not any(story.was_put_back for story in self.stories.values())

    @property
    def withdraws(self) -> bool:
        """Whether somebody withdrew consent meanwhile, so that a job may end otherwise."""
        return False

    def may_be_unknown(self, order: Order) -> bool:
        """Whether nobody can know what became of the work of a job."""
        return not self.repeatable and self.killed and self.stories[order.job].lost_its_receipt

    def must_be_unknown(self, order: Order) -> bool:
        """Whether a job that says how it ended cannot know that: its receipt died with the process."""
        return self.may_be_unknown(order) and not self.stories[order.job].was_put_back

    @property
    def label(self) -> str:
        """Where it died, and how to see it again."""
        where = f"killed {self.touches[-1]}" if self.killed and self.touches else "not killed"
        command = f"python -m tests.faults.kill_points --operation {self.slug} --point {self.point} --seed {self.seed}"
        return f"{self.slug}, point {self.point}, seed {self.seed} ({where}); again: {command}"
