"""A connector that is broken on purpose, and whether the matrix finds it."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.faults.matrix.cell import Cell
from tests.faults.matrix.cells import Matrix, cells_of
from tests.faults.matrix.faults import FAULTS
from tests.faults.matrix.wire import Kind
from tests.faults.matrix.works import works

type Breaks = Callable[[pytest.MonkeyPatch], None]


def problems_found(name: str, *faults: str, kinds: frozenset[Kind] = frozenset(Kind)) -> Iterator[tuple[Cell, str]]:
    """What the cells of these faults at such touches of a work say, one after the other, with the first seed.

    Who looks for one problem runs no cell in vain.
    """
    fresh, chosen, work = Matrix(), [FAULTS[fault] for fault in faults], works()[name]
    touches = fresh.without_fault(work, 1).touches
    for cell in cells_of(fresh, work, 1):
        if cell.fault in chosen and touches[cell.touch - 1].kind in kinds:
            for problem in fresh.run(cell).problems():
                yield cell, problem


def is_found(
    matrix: Matrix, breaks: Breaks, name: str, *faults: str, says: str = "", kinds: frozenset[Kind] = frozenset(Kind)
) -> bool:
    """Whether a cell says something like this of a connector that is broken so, and nothing of one that is whole.

    Args:
        matrix: one in which the connector is whole.
        breaks: breaks it.
        name: the work.
        faults: which happen to it.
        says: a pattern of what has to be said.
        kinds: the touches that they happen to.
    """
    with pytest.MonkeyPatch.context() as patch:
        breaks(patch)
        found = next((cell for cell, each in problems_found(name, *faults, kinds=kinds) if re.search(says, each)), None)
    return found is not None and matrix.run(found).problems() == []
