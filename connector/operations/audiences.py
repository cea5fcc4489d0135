"""Add To Audience and Remove From Audience: membership of single contacts, where there are no Marketing Lists."""

import hashlib
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, override

from connector.consent import Intent
from connector.dataverse.api import UnknownName, filters
from connector.dataverse.choices import Operation as Choice
from connector.dataverse.names import Job as Names, MarketingList
from connector.errors import Invalid, Refused
from connector.operations.context import Context, all_ended
from connector.operations.job import JobRow
from connector.operations.operation import JobOperation, Task, each_job
from connector.operations.results import Done, Failed, Result
from connector.spotler import ContactUnknown, MembershipResult, clean_text, name_key
from connector.spotler.audiences import Audiences
from connector.words import Sentence

#: The longest name and id of an audience that Spotler takes.
NAME_LENGTH: Final = 255
#: Distinguishes the audiences of these jobs from those of Marketing Lists, whose id is the id of the list.
ID_PREFIX: Final = "d365-"
#: Names in one query: Dataverse takes a few hundred conditions, and a batch seldom has more than a few audiences.
NAMES_PER_QUERY: Final = 50
#: Spotler's code for an audience that does not exist.
MISSING: Final = "RESOURCE_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class TargetAudience:
    """The audience of a job.

    Attributes:
        id: the same for names that differ only in case or blanks.
        name: trimmed.
    """

    id: str
    name: str


class AudienceOperation(JobOperation[TargetAudience]):
    """All contacts of a chunk that go into, or out of, one audience share a call."""

    required = (Names.AUDIENCE,)
    syncs_first = True
    done: str
    post: str

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, TargetAudience | Exception]:
        """There is a name, and no Marketing List owns the audience: its next refresh would undo the job."""
        plans = each_job(jobs, lambda job: audience_of(job.audience))
        owned = _owned_by_lists([job.audience for job in jobs if isinstance(plans[job.id], TargetAudience)], context)
        return {
            job: Invalid("A Marketing List keeps this audience; change the members of the list instead.")
            if isinstance(plan, TargetAudience) and plan.id in owned
            else plan
            for job, plan in plans.items()
        }

    @override
    def perform(self, tasks: Sequence[Task[TargetAudience]], context: Context) -> Mapping[str, Result]:
        """One call per audience for up to 2,500 contacts."""
        by_audience = defaultdict(list)
        for task in tasks:
            by_audience[task.plan.id].append(task)
        results: dict[str, Result] = {}
        for members in by_audience.values():
            try:
                allowed, refused = context.allowed(members)
                results |= refused
                results |= self._change(allowed, context) if allowed else {}
            except Exception as error:  # noqa: BLE001 - one audience does not harm another
                results |= all_ended(members, error)
        return results

    def _change(self, tasks: Sequence[Task[TargetAudience]], context: Context) -> dict[str, Result]:
        by_contact = {task.known_record.ref.id: task for task in tasks}
        results: dict[str, Result] = {}
        lost = [by_contact[contact] for contact in self._call(tasks, context).unknown]
        if lost:
            # We sent these contacts, but Spotler has lost them: send them again and repeat once.
            results = context.send_lost(lost)
            again = [task for task in lost if task.job.id not in results]
            for contact in self._call(again, context).unknown if again else ():
                results[by_contact[contact].job.id] = Failed(ContactUnknown())
        done = Done(self.done, post=Sentence(self.post, name=tasks[0].plan.name))
        return {task.job.id: done for task in tasks} | results

    def _call(self, tasks: Sequence[Task[TargetAudience]], context: Context) -> MembershipResult:
        audience = tasks[0].plan
        return self._members(context.services.spotler.audiences, audience, [each.known_record.ref.id for each in tasks])

    @abstractmethod
    def _members(self, audiences: Audiences, audience: TargetAudience, contacts: Sequence[str]) -> MembershipResult:
        """Change who is in the audience."""


class AddToAudience(AudienceOperation):
    """An audience that does not exist is created."""

    choice = Choice.ADD_TO_AUDIENCE
    done = "The contact is in the audience."
    post = "Spotler audience joined: {name}"

    @override
    def _members(self, audiences: Audiences, audience: TargetAudience, contacts: Sequence[str]) -> MembershipResult:
        try:
            return audiences.add_members(audience.id, contacts)
        except Refused as refusal:
            if refusal.result_code != MISSING:
                raise
        audiences.create(audience.id, audience.name)
        return audiences.add_members(audience.id, contacts)


class RemoveFromAudience(AudienceOperation):
    """A contact that is not in the audience is the same end state."""

    choice = Choice.REMOVE_FROM_AUDIENCE
    usual_intent = Intent.REMOVE
    done = "The contact is not in the audience."
    post = "Spotler audience left: {name}"

    @override
    def _members(self, audiences: Audiences, audience: TargetAudience, contacts: Sequence[str]) -> MembershipResult:
        return audiences.remove_members(audience.id, contacts)


OPERATIONS: Final = (AddToAudience(), RemoveFromAudience())


def audience_of(text: str) -> TargetAudience:
    """The audience that a job names.

    Raises:
        Invalid: when it is blank or too long.
    """
    name = _trimmed(text)
    if not name:
        raise Invalid("The job has no audience; fill the column Audience with its name.")
    if len(name) > NAME_LENGTH:
        raise Invalid(Sentence("The name of the audience is longer than {most} characters.", most=NAME_LENGTH))
    return TargetAudience(audience_id(name), name)


def audience_id(name: str) -> str:
    """The id of an audience in Spotler: the same for names that differ only in case or blanks."""
    return ID_PREFIX + hashlib.sha256(name_key(name).encode()).hexdigest()[:32]


def _trimmed(name: str) -> str:
    return clean_text(" ".join(name.split()))


def _owned_by_lists(names: Iterable[str], context: Context) -> set[str]:
    """The ids of the audiences that a Marketing List keeps. Without Marketing Lists (Power Apps) there is none.

    A list is asked for in every spelling in which its name may stand: as the job has it, and without needless blanks.
    """
    owned: set[str] = set()
    wanted = sorted({spelling for name in names for spelling in (name, name.strip(), _trimmed(name))})
    for start in range(0, len(wanted), NAMES_PER_QUERY):
        part = wanted[start : start + NAMES_PER_QUERY]
        condition = filters.and_(
            filters.eq(MarketingList.SYNCED, value=True),
            filters.or_(*(filters.eq(MarketingList.NAME, name) for name in part)),
        )
        try:
            rows = context.services.dataverse.query(MarketingList.SET, select=(MarketingList.NAME,), filter=condition)
        except UnknownName:
            return set()
        owned |= {audience_id(_trimmed(str(row[MarketingList.NAME]))) for row in rows}
    return owned
