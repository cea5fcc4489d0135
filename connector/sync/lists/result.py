"""What a run over a list comes to, for the job and for people."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

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


#: Reasons that a message counts one by one; the rest is one figure.
REASONS: Final = 4


def _reasons(left_out: Counter[str]) -> Sentence:
    """Why people were left out, the most first: `no address`, or `2 no address, 1 do not email`."""
    if len(left_out) == 1:
        return Sentence.of(next(iter(left_out)))
    usual = left_out.most_common(REASONS)
    parts = [Sentence("{count} {reason}", count=count, reason=Sentence.of(reason)) for reason, count in usual]
    if rest := left_out.total() - sum(count for _, count in usual):
        parts.append(Sentence("{count} for another reason", plural="{count} for other reasons", count=rest))
    return Sentence.joined(*parts, between=", ")


def outcome_of(run: ListRun) -> ListOutcome:
    """The end of a run that is over."""
    message = Sentence.joined(_figures(run), _advice(run))
    if run.refused and not run.counts["members"]:
        return ListOutcome(run.refused.most_common(1)[0][0], message, is_failed=True)
    return ListOutcome(REMOVALS_HELD if run.held else PARTIAL if run.refused else OK, message)


def _figures(run: ListRun) -> Sentence:
    """How many people there are, and who is not among them, in one sentence; the usual reason where there is room."""
    counts, refused, left_out = run.counts, run.refused.total(), run.left_out.total()
    parts = [
        Sentence("{number} added", number=counts["added"]),
        Sentence("{number} removed", number=counts["removed"]),
    ]
    if counts["held"]:
        parts.append(Sentence("{number} stay for now", number=counts["held"]))
    if left_out:
        parts.append(Sentence("{number} left out", number=left_out))
    if refused:
        parts.append(Sentence("{number} refused by Spotler", number=refused))
    has_room = not (counts["held"] or run.held or run.is_emptied or run.is_lost)
    if left_out and has_room and not refused:
        parts[-1] = Sentence("{what}: {reasons}", what=parts[-1], reasons=_reasons(run.left_out))
    if refused and has_room and not left_out:
        said = "{what} ({code})" if len(run.refused) == 1 else "{what} ({code} and others)"
        parts[-1] = Sentence(said, what=parts[-1], code=run.refused.most_common(1)[0][0])
    return Sentence(
        "The audience has {count} member: {figures}.",
        plural="The audience has {count} members: {figures}.",
        count=counts["members"],
        figures=Sentence.joined(*parts, between=", "),
    )


def _advice(run: ListRun) -> str:
    """What to do or to know first."""
    if run.held:
        return Sentence("Ask an administrator to approve or discard plan {plan}.", plan=run.held)
    if run.refused:
        return Sentence("Correct the refused records, such as {id}.", id=run.refused_ids[0])
    if run.is_emptied:
        return Sentence("What was last sent was lost, so the audience was emptied and filled again.")
    if run.is_lost:
        return Sentence("What was last sent was lost, so the audience may have people who left the list.")
    return ""
