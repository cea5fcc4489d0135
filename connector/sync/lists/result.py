"""What a run over a list comes to, for the job and for people."""

from dataclasses import dataclass

from connector.outcomes import OK, PARTIAL, REMOVALS_HELD
from connector.sync.lists.run import ListRun


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


def outcome_of(run: ListRun) -> ListOutcome:
    """The end of a run that is over."""
    counts = run.counts
    sentences = [
        f"The audience has {counts['members']:,} members: {counts['added']:,} added, {counts['removed']:,} removed."
    ]
    if run.left_out:
        reasons = ", ".join(f"{count:,} ({reason})" for reason, count in run.left_out.most_common())
        sentences.append(f"Left out, because they may not be sent: {reasons}.")
    if run.refused:
        codes = ", ".join(f"{count:,} ({code})" for code, count in run.refused.most_common())
        sentences.append(f"Refused by Spotler: {codes}. For example: {', '.join(run.refused_ids)}.")
    if run.is_emptied:
        sentences.append("What was last sent was lost, so the audience was emptied and filled again.")
    elif run.is_lost:
        sentences.append("What was last sent was lost, so the audience may have people who left the list.")
    if counts["held"]:
        sentences.append(f"{counts['held']:,} people who left the list stay in the audience.")
    if run.held:
        sentences.append(f"Look at plan {run.held} with plan list; then plan approve or plan discard.")
    message = " ".join(sentences)
    if run.refused and not counts["members"]:
        return ListOutcome(run.refused.most_common(1)[0][0], message, is_failed=True)
    return ListOutcome(REMOVALS_HELD if run.held else PARTIAL if run.refused else OK, message)
