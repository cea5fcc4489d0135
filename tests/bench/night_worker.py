"""Pulls of the bench of a night, in a process of their own, so that the memory that is measured is theirs.

A pull is run until nothing new comes, as its timer would: a run ends after some minutes, and the next one goes on.
"""

import argparse
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from connector.jobs.nightly import clean_up_nightly
from connector.pulls.bounces import read_bounces
from connector.pulls.interactions import read_interactions
from connector.pulls.updates import pull_updates
from connector.services import Services, get_services
from tests.bench.record_worker import Returned, peak_memory_mb

#: What has come after so many runs comes for ever.
MOST_RUNS: Final = 50


def _updates(services: Services) -> Counter[str]:
    pull_updates(services)
    return Counter()


def _clean_up(services: Services) -> Counter[str]:
    return +Counter(deleted=clean_up_nightly(services))


PULLS: Final[Mapping[str, Callable[[Services], Counter[str]]]] = {
    "updates": _updates,
    "bounces": read_bounces,
    "interactions": read_interactions,
    "clean-up": _clean_up,
}


def main() -> None:
    """Run the pulls and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pulls", nargs="+", choices=PULLS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    services = replace(get_services(), bus=Returned())
    began, cpu = time.monotonic(), time.process_time()
    counts, runs = Counter[str](), 0
    for pull in options.pulls:
        for _ in range(MOST_RUNS):
            if not (found := PULLS[pull](services)):
                break
            counts += found
            runs += 1
    figures = {
        "seconds": time.monotonic() - began,
        "cpu_seconds": time.process_time() - cpu,
        "peak_memory_mb": peak_memory_mb(),
        "runs": max(1, runs),
        "counts": counts,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
