"""What a run over a list comes to, for the job and for people."""

from collections import Counter
from dataclasses import dataclass

from connector.outcomes import OK, PARTIAL, REMOVALS_HELD
from connector.sync.lists.run import ListRun
from connector.words import Sentence


@dataclass(frozen=True, slots=True)
class ListOutcome:
    """How the job of a run ends.

    Attributes:
        code: `OK`, `PARTIAL`, `REMOVALS_HELD`, or the code with which Spotler refused everybody.
        message: sentences for people.
        is_failed: whether nobody is in the audience because all were refused.
    """

    code: str
    message: str
    is_failed: bool = False


def counted(counts: Counter[str]) -> Sentence:
    """How many there are of each, the most first: `2,000 (OK), 12 (REFUSED)`."""
    parts = [Sentence("{count} ({code})", count=count, code=code) for code, count in counts.most_common()]
    return Sentence.joined(*parts, between=", ")


def outcome_of(run: ListRun) -> ListOutcome:
    """The end of a run that is over."""
    counts = run.counts
    sentences = [
        Sentence(
            "The audience has {members} members: {added} added, {removed} removed.",
            members=counts["members"],
            added=counts["added"],
            removed=counts["removed"],
        )
    ]
    if run.left_out:
        sentences.append(Sentence("Left out, because they may not be sent: {counts}.", counts=counted(run.left_out)))
    if run.refused:
        sentences.append(
            Sentence(
                "Refused by Spotler: {counts}. For example: {ids}.",
                counts=counted(run.refused),
                ids=", ".join(run.refused_ids),
            )
        )
    if run.is_emptied:
        sentences.append(Sentence("What was last sent was lost, so the audience was emptied and filled again."))
    elif run.is_lost:
        sentences.append(Sentence("What was last sent was lost, so the audience may have people who left the list."))
    if counts["held"]:
        sentences.append(Sentence("{held} people who left the list stay in the audience.", held=counts["held"]))
    if run.held:
        sentences.append(
            Sentence("Look at plan {plan} with plan list; then plan approve or plan discard.", plan=run.held)
        )
    message = Sentence.joined(*sentences)
    if run.refused and not counts["members"]:
        return ListOutcome(run.refused.most_common(1)[0][0], message, is_failed=True)
    return ListOutcome(REMOVALS_HELD if run.held else PARTIAL if run.refused else OK, message)
