"""Cells from the command line; see the package."""

import argparse
import logging
import sys
import time
from collections import Counter

from connector import telemetry
from tests.faults.matrix.cell import Cell, Outcome
from tests.faults.matrix.cells import Matrix, cells_of, counted
from tests.faults.matrix.faults import FAULTS
from tests.faults.matrix.works import works


def main() -> int:
    """Run one cell and show it whole, or many and show what was broken."""
    every = works()
    parser = argparse.ArgumentParser(prog="python -m tests.faults.matrix", description=__doc__)
    parser.add_argument("--operation", choices=sorted(every), help="without it, all works")
    parser.add_argument("--touch", type=int, help="0 for a run without a fault; without it, every touch")
    parser.add_argument("--fault", choices=list(FAULTS), help="without it, every fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", action="store_true", help="only say how many there are, with all seeds")
    options = parser.parse_args()
    telemetry.silence_loggers()
    logging.getLogger().addHandler(logging.NullHandler())  # what is logged about a fault is no news here
    matrix, broken, began = Matrix(), 0, time.monotonic()
    if options.count:
        sys.stdout.write(f"{counted(matrix)}\n")
        return 0
    cells = [
        cell
        for work in every.values()
        if options.operation in (None, work.name)
        for cell in (
            [Cell(work, 0, None, options.seed)] if options.touch == 0 else cells_of(matrix, work, options.seed)
        )
        if options.touch in (None, cell.touch) and (options.fault is None or cell.fault is FAULTS[options.fault])
    ]
    kinds: Counter[str] = Counter()
    for cell in cells:
        outcome = matrix.run(cell)
        problems = outcome.problems()
        broken += bool(problems)
        if len(cells) == 1:
            _show(outcome)
        sys.stdout.writelines(f"{problem}\n" for problem in problems)
        if problems:
            kinds[f"{cell.work.name} {cell.fault.name if cell.fault else ''}"] += 1
    sys.stdout.writelines(f"{count:5} {kind}\n" for kind, count in kinds.most_common(200))
    sys.stdout.write(f"{len(cells)} cells, {broken} with a broken promise, {time.monotonic() - began:.1f} s\n")
    return 1 if broken else 0


def _show(outcome: Outcome) -> None:
    """Every touch, and what became of the jobs."""
    trial = outcome.trial
    sys.stdout.writelines(f"{number:3}  {touch}\n" for number, touch in enumerate(trial.touches, start=1))
    for order in trial.orders:
        story = trial.stories[order.job]
        sys.stdout.write(f"  {order.name}: {story.status.label}, {story.code}\n")


if __name__ == "__main__":
    sys.exit(main())
