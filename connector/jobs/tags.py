"""Add Tag: mark a contact, or only make the tag known when the job has no record."""

import re
from collections.abc import Sequence
from typing import Final

from connector.dataverse.choices import Operation as Choice
from connector.errors import Invalid
from connector.jobs.attempt import Attempt
from connector.jobs.model import Job
from connector.jobs.operation import Batch, Needs

#: The longest name of a tag; see docs/to-verify.md.
TAG_LENGTH: Final = 255


class AddTag:
    """Several tags are separated by a comma or a semicolon; a tag that does not exist is created."""

    slug = Choice.ADD_TAG.slug
    needs = Needs.RECORD_OR_NOTHING
    repeatable = True
    accepts_inactive = False
    syncs_first = True

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """There is at least one tag, and none is too long."""
        batch.examine(attempts, lambda attempt: tags_of(attempt.job))

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """One call per contact: Spotler has no call for several."""
        batch.each(attempts, lambda attempt: self._add(attempt, batch))

    def _add(self, attempt: Attempt, batch: Batch) -> None:
        tags = tags_of(attempt.job)
        spotler = batch.services.spotler
        if attempt.record is None:
            for tag in tags:
                spotler.create_tag(tag)
            attempt.finish(_sentence(tags, "created in Spotler, given to nobody"))
        else:
            spotler.add_tags(attempt.record.ref.id, tags)
            attempt.finish(_sentence(tags, "added"))


def tags_of(job: Job) -> tuple[str, ...]:
    """The tags of a job: trimmed, without empty ones and without repetitions in another case.

    Raises:
        Invalid: when there is none, or one is too long.
    """
    tags: dict[str, str] = {}
    for part in re.split("[,;]", job.tag):
        if tag := part.strip():
            tags.setdefault(tag.casefold(), tag)
    if not tags:
        raise Invalid("The job has no tag; fill the column Tag.")
    if any(len(tag) > TAG_LENGTH for tag in tags.values()):
        raise Invalid(f"A tag is longer than {TAG_LENGTH} characters.")
    return tuple(tags.values())


def _sentence(tags: Sequence[str], what: str) -> str:
    return f"{len(tags)} tag{'s' if len(tags) > 1 else ''} {what}."
