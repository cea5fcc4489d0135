"""Scores: the number that a contact has for a tag, set, raised or lowered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, override

from connector.dataverse.choices import Operation as Choice
from connector.dataverse.names import Job as Names
from connector.errors import Invalid
from connector.operations.context import Context
from connector.operations.job import JobRow
from connector.operations.operation import JobOperation, Task, each_job
from connector.operations.results import Done, Result
from connector.operations.tags import tags_of
from connector.spotler import ScoreOperation
from connector.words import Sentence


@dataclass(frozen=True, slots=True)
class Score:
    """What is to be done to a score."""

    tag: str
    points: int


class ScoreChange(JobOperation[Score]):
    """One call per contact, a few at a time."""

    required = (Names.TAG, Names.SCORE)
    syncs_first = True
    change: ScoreOperation
    done: str
    post: str

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, Score | Exception]:
        """There is one tag and a whole number."""
        return each_job(jobs, lambda job: score_of(job, self.change))

    @override
    def perform(self, tasks: Sequence[Task[Score]], context: Context) -> Mapping[str, Result]:
        """One call per contact, a few at a time."""
        return context.each(tasks, lambda task: self._change(task, context))

    def _change(self, task: Task[Score], context: Context) -> Done:
        score, spotler = task.plan, context.services.spotler
        context.for_contact(
            task.known_record,
            lambda external_id: spotler.set_score(external_id, score.tag, score.points, self.change),
        )
        return Done(
            Sentence(self.done, points=score.points), post=Sentence(self.post, tag=score.tag, points=score.points)
        )


class SetScore(ScoreChange):
    """Sets the score, whatever it was."""

    choice = Choice.SET_SCORE
    change = ScoreOperation.SET
    done = "The score was set to {points}."
    post = "Spotler score of {tag} set to {points}"


class IncreaseScore(ScoreChange):
    """Raises the score; twice is not the same as once."""

    choice = Choice.INCREASE_SCORE
    repeatable = False
    change = ScoreOperation.INCREASE
    done = "The score was raised by {points}."
    post = "Spotler score of {tag} raised by {points}"


class DecreaseScore(ScoreChange):
    """Lowers the score; twice is not the same as once."""

    choice = Choice.DECREASE_SCORE
    repeatable = False
    change = ScoreOperation.DECREASE
    done = "The score was lowered by {points}."
    post = "Spotler score of {tag} lowered by {points}"


OPERATIONS: Final = (SetScore(), IncreaseScore(), DecreaseScore())


def score_of(job: JobRow, change: ScoreOperation) -> Score:
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
