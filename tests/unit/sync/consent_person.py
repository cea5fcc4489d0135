"""A person in a story about consent, and what the person agreed to."""

from dataclasses import dataclass, field

from connector.dataverse.records import RecordRef


@dataclass
class Person:
    """Somebody, as the oracle sees it.

    Attributes:
        name: what the stories call the person.
        record: in Dataverse.
        agreed: the bits that this person agreed to last; all others were refused, or never mentioned.
        jobs: of what only jobs switched on, the jobs by bit. Those that are refused for good have switched nothing on.
        deleted: whether the record was deleted.
        lost: whether somebody has anonymised the contact by hand.
    """

    name: str
    record: RecordRef
    agreed: set[int] = field(default_factory=set)
    jobs: dict[int, set[str]] = field(default_factory=dict)
    deleted: bool = False
    lost: bool = False

    def agrees(self, bit: int) -> None:
        """The person says so, so that no job matters."""
        self.agreed.add(bit)
        self.jobs.pop(bit, None)

    def agrees_by(self, job: str, bit: int) -> None:
        """A job says so."""
        if bit not in self.agreed:
            self.jobs[bit] = {job}
        elif bit in self.jobs:
            self.jobs[bit].add(job)
        self.agreed.add(bit)

    def see_refused(self, jobs: set[str]) -> None:
        """These jobs were refused for good, and people can see that."""
        for bit in [bit for bit, own in self.jobs.items() if own <= jobs]:
            del self.jobs[bit]
            self.agreed.discard(bit)
