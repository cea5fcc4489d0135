"""Tags: mark contacts, so that those with the same tag form a segment in Spotler."""

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final, override

from connector.consent import Intent
from connector.dataverse.choices import Operation as Choice
from connector.dataverse.names import Job as Names
from connector.errors import Invalid
from connector.operations.context import Context
from connector.operations.job import JobRow
from connector.operations.operation import JobOperation, Needs, Task, each_job
from connector.operations.results import Done, Result
from connector.spotler import TAG_LENGTH, clean_text, name_key
from connector.words import Sentence

type Tags = tuple[str, ...]


class TagOperation(JobOperation[Tags]):
    """One call per contact: Spotler has no call for several contacts."""

    required = (Names.TAG,)
    syncs_first = True

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, Tags | Exception]:
        """There is at least one tag, and none is too long."""
        return each_job(jobs, tags_of)

    @override
    def perform(self, tasks: Sequence[Task[Tags]], context: Context) -> Mapping[str, Result]:
        """A few contacts at a time."""
        return context.each(tasks, lambda task: self._change(task, context))

    @abstractmethod
    def _change(self, task: Task[Tags], context: Context) -> Done:
        """Change the tags of one contact."""


class AddTag(TagOperation):
    """A tag that does not exist is created; without a record it is created only."""

    choice = Choice.ADD_TAG
    needs = Needs.RECORD_OR_NOTHING

    @override
    def _change(self, task: Task[Tags], context: Context) -> Done:
        spotler, tags = context.services.spotler, task.plan
        if task.record is None:
            for tag in tags:
                context.check_time()
                spotler.create_tag(tag)
            return Done(
                Sentence("{count} tag created in Spotler.", plural="{count} tags created in Spotler.", count=len(tags))
            )
        context.for_contact(task.record, lambda external_id: spotler.add_tags(external_id, tags))
        return Done(
            Sentence("{count} tag added.", plural="{count} tags added.", count=len(tags)),
            post=Sentence("Spotler tag added: {names}", names=", ".join(tags)),
        )


class RemoveTag(TagOperation):
    """Removes the score with the tag; a tag that the contact does not have is the same end state."""

    choice = Choice.REMOVE_TAG
    usual_intent = Intent.REMOVE

    @override
    def _change(self, task: Task[Tags], context: Context) -> Done:
        spotler, tags = context.services.spotler, task.plan
        context.for_contact(task.known_record, lambda external_id: spotler.remove_tags(external_id, tags))
        return Done(
            Sentence("{count} tag removed.", plural="{count} tags removed.", count=len(tags)),
            post=Sentence("Spotler tag removed: {names}", names=", ".join(tags)),
        )


OPERATIONS: Final = (AddTag(), RemoveTag())


def tags_of(job: JobRow) -> tuple[str, ...]:
    """The tags of a job in one form (`clean_text`), without empty ones and without repetitions in another case.

    Raises:
        Invalid: when there is none, or one is too long.
    """
    tags: dict[str, str] = {}
    for part in re.split("[,;]", job.tag):
        if tag := clean_text(part):
            tags.setdefault(name_key(tag), tag)
    if not tags:
        raise Invalid("The job has no tag; fill the column Tag.")
    if any(len(tag) > TAG_LENGTH for tag in tags.values()):
        raise Invalid(Sentence("A tag is longer than {most} characters.", most=TAG_LENGTH))
    return tuple(tags.values())
