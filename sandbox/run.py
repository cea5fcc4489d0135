"""`python -m sandbox run`: the whole system until Ctrl-C; with `--once`, the sample jobs and a table."""

import os
import signal
import sys
import threading
import time
import webbrowser
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Contact, Job
from sandbox.own_folder import own_folder
from sandbox.people import People
from sandbox.sample_records import create_fixtures
from sandbox.samples import SAMPLES, Sample
from sandbox.small_world import create_small_world, find_by_address
from sandbox.system import Options, System, console, running

#: Settings beside the usual ones: whoever has just begun expects that feeds know what happened a minute ago, and that
#: somebody who signs up in Spotler arrives in Dynamics.
SETTINGS: Final = {"FEED_FIRST_DAYS": "1", "NEW_SUBSCRIBERS": "contact"}
#: Seconds that the bus locks a message and a job is claimed for: so long it takes until the work of a killed engine is
#: taken over. Azure takes minutes; nobody who looks on wants to wait so long.
LOCK_SECONDS: Final = 20.0
#: Seconds that the sample jobs may take together.
ONCE_SECONDS: Final = 120.0
#: Seconds between two looks at the rows.
LOOK_SECONDS: Final = 0.25


def run(folder: Path, *, browser: bool = True) -> int:
    """Run until Ctrl-C, with the console, which is opened in a browser where there is one."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with (
        own_folder(folder),
        running(
            Options(
                automatic=True,
                leads=True,
                telemetry=True,
                settings=SETTINGS,
                lock_seconds=LOCK_SECONDS,
                by_the_clock=True,
            ),
            folder=folder,
        ) as system,
        console(system, folder) as page,
    ):
        find_by_address(system.spotler)
        ids = create_small_world(People(system.dataverse))
        print(_introduction(system, folder, ids, page.get("url")), flush=True)
        if browser:
            open_page(page.get("url"))
        while not ended.wait(LOOK_SECONDS):
            for part in (*system.parts, page):
                if part.process.poll() is not None:
                    print(f"{part.name} ended by itself; see {part.log}", file=sys.stderr)
                    return 1
    return 0


def open_page(url: str) -> None:
    """Open a browser with a window; without a screen, a browser in text mode would take the terminal."""
    if sys.platform == "darwin" or any(map(os.environ.get, _SCREENS)):
        webbrowser.open(url)


#: What says that there is a screen: X11, Wayland, Windows around WSL, or the person.
_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER")


def run_once(folder: Path) -> int:
    """Run the sample jobs, print what became of them, and say whether every one ended as it should."""
    with own_folder(folder), running(folder=folder) as system:
        people = People(system.dataverse)
        ids = create_fixtures(people)
        jobs: list[tuple[Sample, str]] = []
        for last in (False, True):
            jobs += [(sample, _create(people, sample, ids)) for sample in SAMPLES if sample.last is last]
            rows = _wait(people, [job for _, job in jobs])
    return report([(sample, rows[job]) for sample, job in jobs])


def report(ended: Sequence[tuple[Sample, Mapping[str, object]]]) -> int:
    """Print what became of the jobs, and return the exit code: 0 if every one is as it should be."""
    print(_HEADING)
    good = sum(_line(sample, row) for sample, row in ended)
    print(f"{len(ended)} jobs: {good} as expected", flush=True)
    return 0 if good == len(ended) else 1


def _create(people: People, sample: Sample, ids: dict[str, str]) -> str:
    if sample.deletes:
        return people.create_and_delete(Job.SET, sample.row(ids), f"{Contact.SET}({ids[sample.deletes]})")
    return people.create(Job.SET, sample.row(ids))


def _wait(people: People, jobs: list[str]) -> dict[str, dict[str, object]]:
    """The rows of the jobs, once they are over or the time is."""
    deadline = time.monotonic() + ONCE_SECONDS
    while True:
        rows = {str(row[Job.ID]): row for row in people.find(Job.SET, "statuscode ne 0", _COLUMNS)}
        if all(rows[job][Job.STATE] == 1 for job in jobs) or time.monotonic() > deadline:
            return rows
        time.sleep(LOOK_SECONDS)


_COLUMNS: Final = (
    f"{Job.ID},{Job.STATUS},{Job.STATE},{Job.RESULT_CODE},{Job.RESULT_MESSAGE},{Job.COMPLETED_ON},createdon"
)

_LINE: Final = "{:<22} {:<32} {:<12} {:<20} {:>7}  {}"
_HEADING: Final = _LINE.format("Operation", "Record", "Status", "Result code", "Seconds", "As expected").rstrip()


def _line(sample: Sample, row: Mapping[str, object]) -> bool:
    """Print the line of a job, with its message where it is not as it should be."""
    status, code = JobStatus(int(str(row[Job.STATUS]))), str(row[Job.RESULT_CODE] or "")
    message = str(row[Job.RESULT_MESSAGE] or "")
    good = (status, code) == (sample.status, sample.code) and sample.says in message
    wanted = " ".join(filter(None, (sample.status.label, sample.code, sample.says and f"“{sample.says}”")))
    verdict = "yes" if good else f"no, {wanted}: {message}"
    print(_LINE.format(sample.label, sample.record, status.label, code, _seconds(row), verdict))
    return good


def _seconds(row: Mapping[str, object]) -> str:
    """From creation to completion, in the whole seconds that Dataverse keeps."""
    if not row[Job.COMPLETED_ON]:
        return "-"
    created, completed = (datetime.fromisoformat(str(row[column])) for column in ("createdon", Job.COMPLETED_ON))
    return str(round((completed - created).total_seconds()))


def _introduction(system: System, folder: Path, ids: Mapping[str, str], page: str) -> str:
    functions = ", ".join(map(str, system.functions.ready["functions"]))  # type: ignore[call-overload]
    return f"""The system is running; end it with Ctrl-C.
  Console      {page}
  Dataverse    {system.dataverse.get("url")}
  Spotler      {system.spotler.get("url")}
  Website      {system.leads.get("url") if system.leads else "-"} (Spotler Leads)
  Telemetry    {system.telemetry.get("url") if system.telemetry else "-"}/_sandbox/summary
  Service Bus  port {system.servicebus.ready["port"]}
  Functions    {functions}
  Health       {system.functions.get("http_url")}/api/health?code={system.functions.get("function_key")}
  Logs         {folder}
  Records      contacts {ids["anna"]} (Anna), {ids["zoe"]} (Zoë), lead {ids["lars"]} (Lars),
               account {ids["bakery"]} (Bakery of the Square), list {ids["friends"]} (Friends of the shop),
               automation {ids["welcome"]} (Welcome)
In another terminal: python3 dev.py connector job list"""
