# ruff: noqa: T201 - it prints what it measures
"""1,000 Add Tag and 1,000 Sync Contact jobs through the whole chain, beside a naive connector, with and without limits.

The exit code is 0 when all expectations are met, 1 when one is missed, 2 when the work was not done.
"""

import argparse
import json
import sys
from itertools import product
from pathlib import Path
from typing import Final

from connector.dataverse.choices import Operation
from sandbox.launch import ROOT, DidNotStart
from tests.bench import report
from tests.bench.cases import CONNECTOR, LIMITS, NAIVE, NO_LIMITS, Case
from tests.bench.measure import measure
from tests.bench.observe import BenchFailed

JOBS: Final = 1000
#: A call to a neighbouring data centre, with the work that the other side does.
LATENCY_MS: Final = 50
#: Where the logs of the last run lie.
FOLDER: Final = ROOT / ".sandbox" / "bench"


def main() -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="dev.py bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file as well")
    parser.add_argument("--jobs", type=int, default=JOBS, help="jobs of each operation")
    parser.add_argument("--latency-ms", type=int, default=LATENCY_MS, help="how long each call takes at least")
    parser.add_argument("--without-limits", action="store_true", help="leave out the half that takes ten minutes")
    options = parser.parse_args()
    limits = (NO_LIMITS,) if options.without_limits else (NO_LIMITS, LIMITS)
    cases = [
        Case(contender, operation, limit, options.jobs, options.latency_ms)
        for limit, operation, contender in product(
            limits, (Operation.ADD_TAG, Operation.SYNC_CONTACT), (NAIVE, CONNECTOR)
        )
    ]
    try:
        return _run(cases, options.json)
    except (BenchFailed, DidNotStart) as error:
        print(f"The bench failed: {error}", file=sys.stderr)
        return 2


def _run(cases: list[Case], file: Path | None) -> int:
    print(report.heading(cases[0].jobs, cases[0].latency_ms), report.headings(), sep="\n\n", flush=True)
    measured: list[report.Measured] = []
    for case in cases:
        measured.append(report.Measured(case, measure(case, FOLDER / case.slug)))
        print(report.row(measured[-1], measured), flush=True)
    expected = report.expectations(measured)
    print("", *(f"{'met   ' if each.met else 'MISSED'}  {each.sentence}" for each in expected), sep="\n")
    if file is not None:
        file.write_text(json.dumps(report.as_json(measured), indent=2) + "\n", encoding="utf-8")
    return 0 if all(each.met for each in expected) else 1


if __name__ == "__main__":
    sys.exit(main())
