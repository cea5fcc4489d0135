"""All cells, and samples of them."""

import random
from collections.abc import Iterator
from typing import Final

from tests.faults.matrix.cell import Cell, Matrix
from tests.faults.matrix.faults import FAULTS
from tests.faults.matrix.works import Work, works

SEEDS: Final = (1, 2, 3)


def cells_of(matrix: Matrix, work: Work, seed: int) -> Iterator[Cell]:
    """Every fault at every touch to which it can happen, for one work and seed."""
    for number, touch in enumerate(matrix.without_fault(work, seed).touches, start=1):
        for fault in FAULTS.values():
            if touch.kind in fault.kinds:
                yield Cell(work, number, fault, seed)


def all_cells(matrix: Matrix, seed: int) -> list[Cell]:
    """All cells of one seed."""
    return [cell for work in works().values() for cell in cells_of(matrix, work, seed)]


def sample(matrix: Matrix, size: int, *, seed: int) -> list[Cell]:
    """So many cells of all seeds, chosen by chance; every work and every fault occurs."""
    every = [cell for each in SEEDS for cell in all_cells(matrix, each)]
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    chance.shuffle(every)
    chosen = {(cell.work.name, cell.fault): cell for cell in reversed(every)}
    left = (cell for cell in every if chosen[cell.work.name, cell.fault] is not cell)
    return [*chosen.values(), *left][:size]
