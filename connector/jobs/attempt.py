"""One job while a chunk works on it, and how its attempt ended."""

from dataclasses import dataclass

from connector.dataverse.records import RecordRef
from connector.operations.job import JobRow
from connector.operations.results import Continue, Done, Failed
from connector.routing.work_item import Claim, LateInfo, Reason, Receipt, WorkItem


@dataclass(frozen=True, slots=True)
class Attempt:
    """One job while a chunk works on it.

    Attributes:
        item: what woke it up, counted on by this attempt.
        job: as it was claimed; where it is not claimed, as it was read.
        is_claimed: whether our claim stands on the row; where it does not, only the end of the job can be written.
    """

    item: WorkItem
    job: JobRow
    is_claimed: bool = True

    @property
    def about(self) -> RecordRef | None:
        """What the job is about, if anything; of a job that has lost its record since, what it was about."""
        return self.job.record or self.item.record

    def item_again(self, reason: Reason, *, receipt: Receipt | None = None, info: LateInfo | None = None) -> WorkItem:
        """The item that goes on under the claim of this attempt; with a receipt, only to write that."""
        claim = Claim(attempt=self.job.attempts, tokens=(self.job.claim,))
        return self.item.model_copy(update={"reason": reason, "claim": claim, "receipt": receipt, "info": info})


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt with its result."""

    attempt: Attempt
    result: Done | Continue | Failed
