"""All cells, samples of them, and what runs them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Final

from tests.faults.matrix.cell import Cell, Outcome
from tests.faults.matrix.faults import FAULTS
from tests.faults.matrix.run import Run
from tests.faults.matrix.systems import Systems
from tests.faults.matrix.works import Work, works

SEEDS: Final = (1, 2, 3)
#: Lists of Spotler that may be empty: an empty one in Spotler's own words cannot be distinguished from the truth.
MAY_BE_EMPTY: Final = (
    *("/automation/list", "/campaign/list"),
    *(f"/mailing-interaction/{kind}" for kind in ("sent", "opened", "clicked", "bounced")),
    *("/contact/bounces/list", "/contact/updates/list", "/contact/search"),
)
EMPTY_LIST: Final = FAULTS["200-empty-list"]


class Matrix:
    """Runs cells, one after the other, on one pair of systems."""

    def __init__(self) -> None:
        self._systems = Systems()
        self._without_fault: dict[tuple[str, int], Outcome] = {}
        self._needed: dict[tuple[str, int], frozenset[str]] = {}

    def without_fault(self, work: Work, seed: int) -> Outcome:
        """The work as it goes where nothing goes wrong: its touches are the ones that faults happen to."""
        key = work.name, seed
        if key not in self._without_fault:
            environment = self._systems.environment
            used = environment.access.rights.used[environment.settings.user_id]
            used.clear()  # under faults more is used
            run = Run(self._systems, Cell(work, 0, None, seed))
            self._without_fault[key] = run.outcome(None)
            self._needed[key] = frozenset(used)
        return self._without_fault[key]

    def privileges_needed(self, work: Work, seed: int) -> frozenset[str]:
        """The privileges that the connector needs where nothing goes wrong, as Dataverse names them."""
        self.without_fault(work, seed)
        return self._needed[work.name, seed]

    def run(self, cell: Cell) -> Outcome:
        """Run one cell."""
        usual = self.without_fault(cell.work, cell.seed)
        return Run(self._systems, cell).outcome(usual)


def cells_of(matrix: Matrix, work: Work, seed: int) -> Iterator[Cell]:
    """Every fault at every touch to which it can happen, for one work and seed."""
    for number, touch in enumerate(matrix.without_fault(work, seed).touches, start=1):
        for fault in FAULTS.values():
            if touch.kind in fault.kinds and not (fault is EMPTY_LIST and touch.what.endswith(MAY_BE_EMPTY)):
                yield Cell(work, number, fault, seed)


def all_cells(matrix: Matrix, seed: int) -> list[Cell]:
    """All cells of one seed."""
    return [cell for work in works().values() for cell in cells_of(matrix, work, seed)]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is: works, their touches (with the first seed), and cells with all seeds."""

    works: int
    touches: int
    cells: int

    def __str__(self) -> str:
        return f"{self.works} works, {self.touches:,} touches, {self.cells:,} cells with {len(SEEDS)} seeds"


def counted(matrix: Matrix) -> Counts:
    """Count everything."""
    every = works().values()
    touches = sum(len(matrix.without_fault(work, SEEDS[0]).touches) for work in every)
    return Counts(len(every), touches, sum(len(all_cells(matrix, seed)) for seed in SEEDS))


def sample(matrix: Matrix, size: int, *, seed: int) -> list[Cell]:
    """So many cells of all seeds by chance: every fault, and as many of each work, with as many faults as there are.

    What is chosen of a work does not depend on the touches of the others.
    """
    rows = []
    for work in works().values():
        chance = random.Random(f"{work.name}/{seed}")  # noqa: S311 - a sample, no secret
        cells = [cell for each in SEEDS for cell in cells_of(matrix, work, each)]
        chance.shuffle(cells)
        of_fault = {cell.fault: cell for cell in cells}
        rows.append([*of_fault.values(), *(cell for cell in cells if of_fault[cell.fault] is not cell)])
    in_turn = [cell for cell in chain.from_iterable(zip_longest(*rows)) if cell is not None]
    of_fault = {cell.fault: cell for cell in reversed(in_turn)}
    return [*of_fault.values(), *(cell for cell in in_turn if of_fault[cell.fault] is not cell)][:size]
