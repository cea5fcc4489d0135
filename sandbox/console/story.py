"""The way of one job, or of one record: what is known of it, in order of time, each event in the lane of its system."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Info, Job
from sandbox.console.formats import duration, words
from sandbox.console.state import State
from sandbox.console.systems import Systems

#: Events shown, the latest.
SHOWN: Final = 40
#: Tables whose rows name the record in this column.
_OF_RECORD: Final = ("_dh_contactid_value", "_dh_leadid_value", "_dh_accountid_value", "_regardingobjectid_value")
_ROUTER: Final = "route_dataverse_message"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        at: when, ISO 8601.
        lane: `dynamics`, `bus`, `functions` or `spotler`.
        text: what.
        tone: how it is coloured.
    """

    at: str
    lane: str
    text: str
    detail: str = ""
    tone: str = "calm"


def story(systems: Systems, state: State) -> dict[str, Any]:
    """The story of the job in hand, else of the record in hand, else none."""
    job = state.d == "job" and state.j
    subject = job or state.record
    if not subject:
        return {"events": [], "subject": "", "took": ""}
    record = state.record
    events = [*_dynamics(systems, subject, record), *_functions(systems, subject), *_spotler(systems, record)]
    events.sort(key=lambda event: datetime.fromisoformat(event.at))
    if job:
        events = _within(events)
    return {"events": events[-SHOWN:], "subject": "job" if job else "record", "took": _took(events) if job else ""}


def _within(events: list[Event]) -> list[Event]:
    """Of the events about the record only those between the first and the last one about the job itself."""
    own = [number for number, event in enumerate(events) if event.lane != "spotler"]
    return events[own[0] : own[-1] + 1] if own else []


def _took(events: list[Event]) -> str:
    if len(events) < 2:
        return ""
    first, last = (datetime.fromisoformat(events[place].at) for place in (0, -1))
    return f"{(last - first).total_seconds():.2f} s"


def _dynamics(systems: Systems, subject: str, record: str) -> Iterator[Event]:
    for entry in systems.dataverse.get("journal"):
        changes: Mapping[str, Mapping[str, Any]] = entry["changes"]
        if entry["id"] == subject:
            yield Event(entry["moment"], "dynamics", *_write(entry, changes))
        elif subject == record and any(changes.get(name, {}).get("to") == record for name in _OF_RECORD):
            yield Event(entry["moment"], "dynamics", f"{_TABLES.get(entry['table'], entry['table'])} written")
        elif subject == record and changes.get(Info.RECORD, {}).get("to") == record:
            yield Event(entry["moment"], "dynamics", "Spotler Info written")


_TABLES: Final = {
    Job.TABLE: "Job",
    Info.TABLE: "Spotler Info",
    "dh_spotlerpermission": "Spotler Permission",
    "dh_spotlerconsent": "Consent History",
    "dh_marketinginteraction": "Marketing Interaction",
    "post": "Timeline post",
}


def _write(entry: Mapping[str, Any], changes: Mapping[str, Mapping[str, Any]]) -> tuple[str, str, str]:
    """What a write was, in words; its detail and tone."""
    who = "by the connector" if entry["tag"] else "by a user"
    if entry["table"] == Job.TABLE:
        text, tone = _job_write(entry, changes)
        return text, who, tone
    columns = ", ".join(name.removeprefix("dh_") for name in changes if not name.startswith("_"))
    return (
        f"Record {entry['message'].lower()}d" if entry["message"] != "Merge" else "Records merged",
        (columns[:120] if entry["message"] == "Update" else who),
        "calm",
    )


def _job_write(entry: Mapping[str, Any], changes: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    status, code = (changes.get(name, {}).get("to") for name in (Job.STATUS, Job.RESULT_CODE))
    if entry["message"] == "Create":
        return "Job saved", "calm"
    if status == JobStatus.IN_PROGRESS:
        return "Claimed: In Progress", "busy"
    if status == JobStatus.COMPLETED:
        return f"Completed: {code or ''}", "good"
    if status == JobStatus.FAILED:
        return f"Failed: {code or ''}", "bad"
    if code:
        return f"Waits: {code}", "busy"
    return "Queued again" if status == JobStatus.QUEUED else "Job written", "calm"


def _functions(systems: Systems, subject: str) -> Iterator[Event]:
    """The runs whose messages named the subject, and when each of these messages had arrived on the bus."""
    for run in systems.functions.get("recent")["runs"]:
        if subject not in run["ids"]:
            continue
        name = "Router" if run["function"] == _ROUTER else words(run["function"])
        if arrived := run["ids"][subject]:
            where = "queue dataverse" if run["function"] == _ROUTER else run["function"].replace("_", "-")
            yield Event(arrived, "bus", "Arrived", where)
        tone = "busy" if run["ended"] is None else "bad" if run["error"] else "calm"
        yield Event(run["began"], "functions", name, run["error"] or f"took {duration(run)}", tone)


def _spotler(systems: Systems, record: str) -> Iterator[Event]:
    if not record:
        return
    for entry in systems.spotler.get("journal"):
        if entry["externalId"] == record:
            detail = ", ".join(f"{name}: {_plain(value)}" for name, value in entry["detail"].items())
            by = "by the person" if entry["by"] == "contact" else ""
            yield Event(
                entry["moment"], "spotler", entry["effect"], " · ".join(filter(None, (by, detail[:120]))), "good"
            )


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
