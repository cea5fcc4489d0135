"""One cell, what became of it, and what the checker says of that."""

from dataclasses import dataclass
from typing import override

from tests.faults.kill_points.checker import violations
from tests.faults.kill_points.evidence import Evidence
from tests.faults.kill_points.orders import Order, Trial
from tests.faults.matrix.faults import Class, Fault
from tests.faults.matrix.wire import Touch
from tests.faults.matrix.works import Work


@dataclass(frozen=True, slots=True)
class Cell:
    """One work, one fault at one touch, one seed. Touch 0 is none."""

    work: Work
    touch: int
    fault: Fault | None
    seed: int

    @property
    def command(self) -> str:
        """What runs it again by itself."""
        fault = f" --fault {self.fault.name}" if self.fault else ""
        return (
            f"python -m tests.faults.matrix --operation {self.work.name} --touch {self.touch}{fault} --seed {self.seed}"
        )


@dataclass(frozen=True, slots=True)
class CellTrial(Trial):
    """What became of a cell.

    Attributes:
        cell: which.
        unclear: the records that a request was about which got no reliable answer.
        over: whether everything was over in the end.
    """

    cell: Cell
    unclear: frozenset[str]
    over: bool

    @property
    @override
    def withdraws(self) -> bool:
        return self.cell.fault is not None and self.cell.fault.kind is Class.CONSENT

    @override
    def may_be_unknown(self, order: Order) -> bool:
        if self.repeatable:
            return False
        return order.record in self.unclear or Trial.may_be_unknown(self, order)

    @override
    def must_be_unknown(self, order: Order) -> bool:
        return Trial.may_be_unknown(self, order) and not self.stories[order.job].was_put_back

    @property
    @override
    def label(self) -> str:
        what = self.touches[self.cell.touch - 1] if 0 < self.cell.touch <= len(self.touches) else "no touch"
        fault = self.cell.fault.name if self.cell.fault else "no fault"
        return f"{fault} at touch {self.cell.touch}: {what}; again: {self.cell.command}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A trial with its evidence."""

    trial: CellTrial
    evidence: Evidence
    touches: tuple[Touch, ...]

    def problems(self) -> list[str]:
        """Where the promise was broken."""
        return violations(self.trial, self.evidence) if self.trial.over else [f"it was never over [{self.trial.label}]"]
