"""Scores: the number that a contact has for a tag, set, raised or lowered."""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.dataverse.choices import Operation as Choice
from connector.errors import Invalid
from connector.operations.attempt import Attempt
from connector.operations.job import Job
from connector.operations.operation import Accepts, Batch, Needs
from connector.operations.tags import tags_of
from connector.spotler import ScoreOperation


@dataclass(frozen=True, slots=True)
class Score:
    """What is to be done to a score."""

    tag: str
    points: int


class ChangeScore:
    """Set Score may be repeated; raising and lowering may not, because twice is not the same as once."""

    needs = Needs.RECORD
    accepts = Accepts.FIT
    syncs_first = True

    def __init__(self, choice: Choice, change: ScoreOperation) -> None:
        self.slug = choice.slug
        self.repeatable = change is ScoreOperation.SET
        self._change = change

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """There is one tag and a whole number."""
        batch.examine(attempts, lambda attempt: score_of(attempt.job, self._change))

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """One call per contact, a few at a time."""
        batch.each(attempts, lambda attempt: self._score(attempt, batch))

    def _score(self, attempt: Attempt, batch: Batch) -> None:
        score = attempt.plan
        assert isinstance(score, Score)  # noqa: S101 - made by the check
        spotler = batch.services.spotler
        batch.for_contact(
            attempt.known_record,
            lambda external_id: spotler.set_score(external_id, score.tag, score.points, self._change),
        )
        sentence = {
            ScoreOperation.SET: f"set to {score.points}",
            ScoreOperation.INCREASE: f"raised by {score.points}",
            ScoreOperation.DECREASE: f"lowered by {score.points}",
        }[self._change]
        attempt.finish(f"The score was {sentence}.", post=f"Spotler score of {score.tag} {sentence}")


def score_of(job: Job, change: ScoreOperation) -> Score:
    """What a job does to a score.

    Raises:
        Invalid: naming what is wrong and what to do.
    """
    tags = tags_of(job)
    if len(tags) > 1:
        raise Invalid("A score belongs to one tag; fill exactly one in the column Tag.")
    if job.score is None:
        raise Invalid("The job has no score; fill the column Score with a whole number.")
    if change is not ScoreOperation.SET and job.score < 1:
        raise Invalid("A score is raised or lowered by at least 1; fill the column Score with such a number.")
    return Score(tags[0], job.score)
