"""Looking at running systems through their side doors, without costing them anything that is measured."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import requests

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Job
from connector.servicebus.entities import QUEUE_DATAVERSE
from sandbox.launch import Part
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Surroundings

#: Seconds between two looks.
LOOK_SECONDS: Final = 0.02

#: Calls of a function that may fail, for example because a connection breaks.
MOST_FAILURES: Final = 10

_TIMEOUT: Final = 60
_THROTTLED: Final = 429


class BenchFailed(Exception):
    """The run says nothing about speed: the work was not done, or not in time."""


@dataclass(frozen=True, slots=True)
class Calls:
    """HTTP requests; `refused` are those to Dataverse that were answered with 429."""

    dataverse: int
    refused: int
    spotler: int

    def since(self, earlier: "Calls") -> "Calls":
        """What came after."""
        return Calls(self.dataverse - earlier.dataverse, self.refused - earlier.refused, self.spotler - earlier.spotler)


def calls(around: Surroundings) -> Calls:
    """The requests so far, of everybody."""
    dataverse = get(around.dataverse, "calls")
    spotler = SideDoor(around.spotler.get("url")).calls()
    refused = sum(row["count"] for row in dataverse["calls"] if row["status"] == _THROTTLED)
    return Calls(dataverse["total"], refused, int(str(spotler["total"])))


def job_statuses(dataverse: Part) -> list[JobStatus]:
    """The status of every job."""
    return [JobStatus(row[Job.STATUS]) for row in get(dataverse, f"rows/{Job.TABLE}")]


def waiting_messages(servicebus: Part) -> int:
    """How many messages are in the queue that Dataverse writes to, one that is on its way to a receiver included."""
    queue = get(servicebus, "stats", at="control_url")["entities"][QUEUE_DATAVERSE]
    return int(queue["active"]) + int(queue["locked"])


def work_done(host: Part, function: str) -> int:
    """How many messages the function has processed, once it is idle; 0 while it runs.

    Raises:
        BenchFailed: when it fails again and again, because then it never ends.
    """
    figures = get(host, "stats", at="control_url").get(function)
    if figures is None or figures["in_flight"]:
        return 0
    if figures["failures"] > MOST_FAILURES:
        raise BenchFailed(f"{function} fails again and again; see {host.log}")
    return int(figures["messages"])


def engine_pids(host: Part) -> list[int]:
    """The processes of the engine."""
    return [int(pid) for pid in get(host, "engines", at="control_url")["pids"]]


def wait(is_so: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Look until something is so.

    Raises:
        BenchFailed: with the sentence `otherwise`, when it is not so in time.
    """
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise BenchFailed(otherwise)
        time.sleep(LOOK_SECONDS)


def get(part: Part, what: str, *, at: str = "url") -> Any:
    """An answer of a side door.

    Raises:
        BenchFailed: when there is none.
    """
    verify = str(part.ready.get("ca_file", "")) or None
    try:
        answer = requests.get(f"{part.get(at)}/_sandbox/{what}", verify=verify, timeout=_TIMEOUT)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise BenchFailed(f"{part.name} does not answer ({type(error).__name__}); see {part.log}") from None
    return answer.json()
