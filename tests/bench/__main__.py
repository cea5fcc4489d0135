# ruff: noqa: T201 - it prints what it measures
"""Jobs through the whole chain, beside a naive connector: Add Tag and Sync Contact with and without limits.

With --operations all operations instead, without limits, beside the floor that latency and calls set. With --records
many contacts without a job: a first load, and a night with a few changes. With --lists a Marketing List with many
members: its first sync, and with a few changes. With --night what one mailing to many people leaves behind, as the
pulls of a night read it. With --bus the stand-in of Service Bus alone. With --start the start of the app and of its
telemetry alone.
The exit code is 0 when all expectations are met, 1 when one is missed, 2 when the work was not done.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Final

from connector.dataverse.choices import Operation
from sandbox.launch import ROOT, DidNotStart, end_on_sigterm
from tests.bench import bus, lists, night, operations, records, report
from tests.bench.cases import CONNECTOR, LIMITS, NAIVE, NO_LIMITS, Case
from tests.bench.measure import measure
from tests.bench.observe import BenchFailed
from tests.bench.report import Expectation, Measured
from tests.bench.startup import import_seconds, telemetry_start
from tests.bench.work import OPERATIONS

JOBS: Final = 1000
#: Three full batches of each operation, after three to warm up.
JOBS_OF_OPERATIONS: Final = 600
#: A call to a neighbouring data centre, with the little work that the other side does.
LATENCY_MS: Final = 50
#: A call that reads or writes a hundred rows. It is long beside the processor time of a machine that runs all parts, so
#: that the table shows what the connector waits for, and not what the machine is busy with.
LATENCY_MS_OF_OPERATIONS: Final = 200
#: Where the logs of the last run lie.
FOLDER: Final = ROOT / ".sandbox" / "bench"


@dataclass(frozen=True, slots=True)
class Table:
    """What is measured, how a line shows it, and what is expected of it."""

    cases: Sequence[Case]
    headings: str
    row: Callable[[Measured, Sequence[Measured]], str | None]
    expectations: Callable[[Sequence[Measured]], list[Expectation]]


def main() -> int:
    """Run the command line and return the exit code."""
    options = _parser().parse_args()
    try:
        if options.records is not None:
            return _records(options)
        if options.night is not None:
            return _night(options)
        if options.lists is not None:
            return _lists(options)
        if options.start:
            return _start(options.json)
        return _bus(options.json) if options.bus else _chain(options)
    except (BenchFailed, DidNotStart) as error:
        print(f"The bench failed: {error}", file=sys.stderr)
        return 2


def _chain(options: argparse.Namespace) -> int:
    if options.operations is None:
        jobs, latency_ms = options.jobs or JOBS, LATENCY_MS if options.latency_ms is None else options.latency_ms
        table = Table(
            _cases(jobs, latency_ms, with_limits=not options.without_limits),
            report.headings(),
            report.row,
            report.expectations,
        )
    else:
        jobs = options.jobs or JOBS_OF_OPERATIONS
        latency_ms = LATENCY_MS_OF_OPERATIONS if options.latency_ms is None else options.latency_ms
        chosen = [Operation.from_slug(slug) for slug in options.operations] or OPERATIONS
        table = Table(
            operations.cases(chosen, jobs, latency_ms, alone=options.alone),
            operations.headings(),
            operations.row,
            operations.expectations,
        )
    print(report.heading(jobs, latency_ms), table.headings, sep="\n\n", flush=True)
    return _run(table, options.json)


def _bus(file: Path | None) -> int:
    print(bus.heading(), flush=True)
    figures = bus.measure(bus.MESSAGES, _empty_folder("bus"))
    expected = bus.expectations(figures)
    return _judge(expected, file, {**asdict(figures), "expectations": [asdict(each) for each in expected]})


def _start(file: Path | None) -> int:
    telemetry = telemetry_start()
    print(telemetry.line, flush=True)
    seconds = import_seconds()
    figures = {"import_seconds": seconds, "telemetry": asdict(telemetry)}
    return _judge([report.import_expectation(seconds)], file, figures)


def _records(options: argparse.Namespace) -> int:
    latency_ms = LATENCY_MS if options.latency_ms is None else options.latency_ms
    print(records.heading(options.records, latency_ms), flush=True)
    figures = records.measure(options.records, latency_ms, _empty_folder("records"))
    print(*(phase.line for phase in figures.phases), sep="\n", flush=True)
    print("", *(f"The stand-in of {name} had {mb or 0:.0f} MB." for name, mb in figures.standins_mb.items()), sep="\n")
    expected = records.expectations(figures)
    return _judge(expected, options.json, {**asdict(figures), "expectations": [asdict(each) for each in expected]})


def _night(options: argparse.Namespace) -> int:
    latency_ms = LATENCY_MS if options.latency_ms is None else options.latency_ms
    print(night.heading(options.night, latency_ms), flush=True)
    figures = night.measure(options.night, latency_ms, _empty_folder("night"))
    print(*(pull.line for pull in figures.pulls), sep="\n", flush=True)
    print("", *(f"The stand-in of {name} had {mb or 0:.0f} MB." for name, mb in figures.standins_mb.items()), sep="\n")
    expected = night.expectations(figures)
    return _judge(expected, options.json, {**asdict(figures), "expectations": [asdict(each) for each in expected]})


def _lists(options: argparse.Namespace) -> int:
    latency_ms = LATENCY_MS_OF_OPERATIONS if options.latency_ms is None else options.latency_ms
    print(lists.heading(options.lists, latency_ms), flush=True)
    figures = lists.measure(
        options.lists,
        latency_ms,
        _empty_folder("lists"),
        show=lambda phase: print(phase.line, flush=True),
        in_place=options.in_place,
    )
    print("", *(f"The stand-in of {name} had {mb or 0:.0f} MB." for name, mb in figures.standins_mb.items()), sep="\n")
    expected = lists.expectations(figures, latency_ms)
    return _judge(expected, options.json, {**asdict(figures), "expectations": [asdict(each) for each in expected]})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file as well")
    parser.add_argument("--jobs", type=int, help=f"jobs of each operation: {JOBS}, or {JOBS_OF_OPERATIONS} of each")
    parser.add_argument(
        "--latency-ms",
        type=int,
        metavar="N",
        help=f"how long each call takes at least: {LATENCY_MS}, or {LATENCY_MS_OF_OPERATIONS} with --operations",
    )
    parser.add_argument("--alone", action="store_true", help="with --operations: leave out the naive connector")
    parser.add_argument("--in-place", action="store_true", help="with --lists: leave out the first sync")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--without-limits", action="store_true", help="leave out the half that takes ten minutes")
    which.add_argument(
        "--records",
        nargs="?",
        type=int,
        const=records.RECORDS,
        metavar="N",
        help=f"so many contacts, {records.RECORDS:,} by default, without jobs",
    )
    which.add_argument(
        "--night",
        nargs="?",
        type=int,
        const=night.CONTACTS,
        metavar="N",
        help=f"the pulls of a night after a mailing to so many contacts, {night.CONTACTS:,} by default",
    )
    which.add_argument(
        "--lists",
        nargs="?",
        type=int,
        const=lists.MEMBERS,
        metavar="N",
        help=f"a Marketing List with so many members, {lists.MEMBERS:,} by default",
    )
    which.add_argument("--start", action="store_true", help="the start of the app and of its telemetry alone")
    which.add_argument("--bus", action="store_true", help="the stand-in of Service Bus alone")
    which.add_argument(
        "--operations",
        nargs="*",
        metavar="OPERATION",
        choices=[operation.slug for operation in OPERATIONS],
        help="all operations, or those named, e.g. add-tag",
    )
    return parser


def _cases(jobs: int, latency_ms: int, *, with_limits: bool) -> list[Case]:
    limits = (NO_LIMITS, LIMITS) if with_limits else (NO_LIMITS,)
    return [
        Case(contender, operation, limit, jobs, latency_ms)
        for limit, operation, contender in product(
            limits, (Operation.ADD_TAG, Operation.SYNC_CONTACT), (NAIVE, CONNECTOR)
        )
    ]


def _run(table: Table, file: Path | None) -> int:
    starting = import_seconds()
    measured: list[Measured] = []
    for case in table.cases:
        measured.append(Measured(case, measure(case, _empty_folder(case.slug))))
        line = table.row(measured[-1], measured)
        if line is not None:
            print(line, flush=True)
    expected = [*table.expectations(measured), report.import_expectation(starting)]
    return _judge(expected, file, report.as_json(measured, expected, starting))


def _empty_folder(name: str) -> Path:
    """Where a measurement leaves its logs; empty, because a worker would go on where that of an earlier run ended."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _judge(expected: Sequence[Expectation], file: Path | None, figures: dict[str, object]) -> int:
    """Print what is met and what is missed, write the figures, and return the exit code."""
    print("", *(f"{'met   ' if each.met else 'MISSED'}  {each.sentence}" for each in expected), sep="\n")
    if file is not None:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if all(each.met for each in expected) else 1


if __name__ == "__main__":
    end_on_sigterm()
    sys.exit(main())
