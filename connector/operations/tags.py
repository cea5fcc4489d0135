"""Tags: mark contacts, so that those with the same tag form a segment in Spotler."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

from connector.dataverse.choices import Operation as Choice
from connector.errors import Invalid
from connector.operations.attempt import Attempt
from connector.operations.job import Job
from connector.operations.operation import Accepts, Batch, Needs
from connector.spotler import TAG_LENGTH, clean_text, name_key


class TagOperation(ABC):
    """One call per contact: Spotler has no call for several contacts."""

    repeatable = True
    accepts = Accepts.FIT
    syncs_first = True

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """There is at least one tag, and none is too long."""
        batch.examine(attempts, lambda attempt: tags_of(attempt.job))

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """A few contacts at a time."""
        batch.each(attempts, lambda attempt: self._change(attempt, tags_of(attempt.job), batch))

    @abstractmethod
    def _change(self, attempt: Attempt, tags: Sequence[str], batch: Batch) -> None:
        """Change the tags of one contact and end the attempt."""


class AddTag(TagOperation):
    """A tag that does not exist is created; without a record it is created and given to nobody."""

    slug = Choice.ADD_TAG.slug
    needs = Needs.RECORD_OR_NOTHING

    def _change(self, attempt: Attempt, tags: Sequence[str], batch: Batch) -> None:
        spotler = batch.services.spotler
        if attempt.record is None:
            for tag in tags:
                batch.check_time()
                spotler.create_tag(tag)
            attempt.finish(f"{_count(tags)} created in Spotler, given to nobody.")
        else:
            batch.for_contact(attempt.record, lambda external_id: spotler.add_tags(external_id, tags))
            attempt.finish(f"{_count(tags)} added.", post=f"Spotler tag added: {', '.join(tags)}")


class RemoveTag(TagOperation):
    """Removes the score with the tag; a tag that the contact does not have is the same end state."""

    slug = Choice.REMOVE_TAG.slug
    needs = Needs.RECORD
    accepts = Accepts.DO_NOT_EMAIL

    def _change(self, attempt: Attempt, tags: Sequence[str], batch: Batch) -> None:
        spotler = batch.services.spotler
        batch.for_contact(attempt.known_record, lambda external_id: spotler.remove_tags(external_id, tags))
        attempt.finish(f"{_count(tags)} removed.", post=f"Spotler tag removed: {', '.join(tags)}")


def tags_of(job: Job) -> tuple[str, ...]:
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
        raise Invalid(f"A tag is longer than {TAG_LENGTH} characters.")
    return tuple(tags.values())


def _count(tags: Sequence[str]) -> str:
    return f"{len(tags)} tag{'s' if len(tags) > 1 else ''}"
