"""Simulated days from the command line; see the package."""

import argparse
import logging
import sys
import time

from connector import telemetry
from tests.faults.days.checks import problems
from tests.faults.days.days import Days
from tests.faults.matrix.systems import Systems


def main() -> int:
    """Live through the days of a seed, and print what was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.days", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--weekly", action="store_true", help="compare both sides once a week")
    options = parser.parse_args()
    telemetry.silence_loggers()
    logging.getLogger().addHandler(logging.NullHandler())  # what is logged about a fault is no news here
    began = time.monotonic()
    days = Days(Systems(), options.seed, weekly=options.weekly)
    days.live(options.days)
    broken = problems(days)
    sys.stdout.writelines(f"{problem}\n" for problem in broken)
    sys.stdout.write(
        f"{options.days} days, {len(days.people)} people, {len(days.events)} events of mailings, {days.day.deaths} "
        f"crashes, {len(broken)} broken promises, {time.monotonic() - began:.1f} s\n"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
