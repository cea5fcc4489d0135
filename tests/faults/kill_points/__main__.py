"""One death, or all of one operation, from the command line; see the package."""

import argparse
import sys
from collections.abc import Iterator, Sequence

from tests.faults.kill_points.checker import violations
from tests.faults.kill_points.orders import Trial
from tests.faults.kill_points.scenarios import SCENARIOS
from tests.faults.kill_points.series import every_point
from tests.faults.kill_points.stage import standing
from tests.faults.kill_points.trial import run_trials


def main() -> int:
    """Read the command line, run, and show every touch and every broken promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill_points", description=__doc__)
    parser.add_argument("--operation", required=True, choices=sorted(SCENARIOS))
    parser.add_argument("--point", type=int, default=None, help="0 lets the process live; without it, every point")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with standing() as stage:
        if options.point is None:
            trials = every_point(stage, options.operation, seed=options.seed)
        else:
            trials = run_trials(stage, options.operation, [options.point], seed=options.seed)
        evidence = stage.evidence()
    broken = [problem for trial in trials for problem in violations(trial, evidence)]
    sys.stdout.writelines(f"{line}\n" for line in (*_report(trials), "", *(broken or ["Every promise was kept."])))
    return 1 if broken else 0


def _report(trials: Sequence[Trial]) -> Iterator[str]:
    """The touches of the longest life, and what became of the jobs of each."""
    yield from (f"{number:3}  {touch}" for number, touch in enumerate(trials[-1].touches, start=1))
    for trial in trials:
        yield f"\n{trial.label}"
        for order in trial.orders:
            story = trial.stories[order.job]
            yield f"  {order.name}: {story.status.label}, {story.code}"


if __name__ == "__main__":
    sys.exit(main())
