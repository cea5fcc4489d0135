"""What each of the four columns shows: read from its part, in the form that the templates take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connector.dataverse.names import Automation, Consent, ListMember, MarketingList, Post, Visitor, lookup_value
from connector.dataverse.schema import TABLES
from sandbox.console import jobform, rows
from sandbox.console.peek import peek
from sandbox.console.state import State
from sandbox.console.systems import Systems

type Content = dict[str, Any]

#: So many entries of a long list are shown.
SHOWN: Final = 100
#: Log lines shown.
LINES: Final = 60


def dynamics(systems: Systems, state: State) -> Content:
    """The Dynamics side."""
    door = systems.dataverse
    everybody = rows.parties(door)
    by_ref = {party.ref: party for party in everybody}
    content: Content = {"names": {party.ref: party.name for party in everybody}, "everybody": everybody}
    record = by_ref.get(state.r)
    view = state.d if state.d in _VIEWS else "people"
    if view in ("record", "edit", "merge") and record is None:
        view = "people"
    if view == "job" and not state.j:
        view = "jobs"
    content |= {"view": view, "record": record}
    if view in ("record", "jobs", "job"):
        jobs = rows.jobs(door)
        content["jobs"] = [job for job in jobs if view != "record" or job.ref == state.r][:SHOWN]
        content["job"] = next((job for job in jobs if job.id == state.j), None)
    if record is not None and view == "edit":
        content["editable"] = _editable(systems, record)
    if record is not None and view == "record":
        content["posts"] = _of_record(door.get(f"rows/{Post.TABLE}"), lookup_value(Post.REGARDING), record.id)
        changes = _of_record(door.get(f"rows/{Consent.TABLE}"), Consent.RECORD, record.id)
        content["consent"] = [row | {"why": _why(row)} for row in changes]
    if view == "lists":
        members = door.get(f"rows/{ListMember.TABLE}")
        content["lists"] = [
            row
            | {
                "members": [
                    _member(each) for each in members if each[lookup_value(ListMember.LIST)] == row[MarketingList.ID]
                ]
            }
            for row in door.get(f"rows/{MarketingList.TABLE}")
        ]
        content["visitors"] = door.get(f"rows/{Visitor.TABLE}")
        content["automations"] = door.get(f"rows/{Automation.TABLE}")
    if view == "new-job":
        content["form"] = jobform.form(systems, state, everybody)
    return content


_VIEWS: Final = ("people", "jobs", "lists", "record", "job", "edit", "merge", "new-job", "new-record")


def _why(row: Mapping[str, Any]) -> str:
    """Who or what changed a permission, and what shows it."""
    source = TABLES[Consent.TABLE].column(Consent.SOURCE).options.get(row.get(Consent.SOURCE) or 0, "")
    return ", ".join(filter(None, (source, row.get(Consent.EVIDENCE))))


def _of_record(found: list[dict[str, Any]], column: str, record: str) -> list[dict[str, Any]]:
    return sorted(
        (row for row in found if row.get(column) == record), key=lambda row: str(row.get("createdon")), reverse=True
    )


def _editable(systems: Systems, record: rows.Party) -> list[tuple[str, str, str]]:
    """Name, label and value of the columns that the form of a record shows."""
    table = TABLES[record.table]
    row = next(each for each in systems.dataverse.get(f"rows/{record.table}") if each[table.id_column] == record.id)
    return [(name, table.column(name).label, row.get(name) or "") for name in rows.EDITABLE[record.table]]


def _member(row: Mapping[str, Any]) -> str:
    return f"{row['entitytype']}:{row[lookup_value(ListMember.MEMBER)]}"


@dataclass(frozen=True, slots=True)
class Entity:
    """A queue or subscription and how many messages stand where."""

    path: str
    name: str
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """Messages that are there, in whatever state."""
        return sum(self.counts.get(name, 0) for name in ("active", "locked", "scheduled", "deferred"))

    @property
    def used(self) -> bool:
        """Whether it ever had a message."""
        return bool(self.waiting or self.counts.get("dead_lettered") or self.counts.get("incoming"))


def bus(systems: Systems, state: State) -> Content:
    """The bus between."""
    stats: Mapping[str, Mapping[str, int]] = systems.bus.get("stats")["entities"]
    entities = [Entity(path, path.rpartition("/")[2], counts) for path, counts in stats.items()]
    subscriptions = [entity for entity in entities if "/" in entity.path]
    return {
        "queues": [entity for entity in entities if "active" in entity.counts and "/" not in entity.path],
        "topics": [entity for entity in entities if "active" not in entity.counts],
        "subscriptions": sorted(subscriptions, key=lambda entity: (not entity.used, entity.name)),
        "dead": sum(entity.counts.get("dead_lettered", 0) for entity in entities),
        "waiting": sum(entity.waiting for entity in entities),
        "peeked": peek(systems, state.b) if state.b else [],
    }


def functions(systems: Systems, state: State) -> Content:
    """The functions of the connector."""
    recent = systems.functions.get("recent")
    figures: Mapping[str, Mapping[str, int]] = systems.functions.get("stats")
    engines = systems.functions.get("engines")
    stats: Mapping[str, Mapping[str, int]] = systems.bus.get("stats")["entities"]
    entities = [Entity(path, path.rpartition("/")[2], counts) for path, counts in stats.items()]
    backlog = {entity.name.replace("-", "_"): entity.waiting for entity in entities}
    last = {run["function"]: run for run in recent["runs"]}
    timers = set(recent["timers"])
    lines = [line for line in recent["lines"] if state.f in ("", line["function"])]
    return {
        "ran": sorted(
            ((name, figures.get(name, {}), run) for name, run in last.items()), key=lambda each: -each[2]["seq"]
        ),
        "idle": sorted(figures.keys() - last.keys() - timers),
        "backlog": backlog | {"route_dataverse_message": backlog.get("dataverse", 0)},
        "timers": sorted(timers),
        "lines": list(reversed(lines))[:LINES],
        "engines": engines,
    }


def spotler(systems: Systems, state: State) -> Content:
    """The Spotler side."""
    world = systems.spotler.get("state")
    contacts = sorted(world["contacts"], key=lambda each: _spoken(each).casefold())
    contact = next((each for each in contacts if each["encryptedId"] == state.c), None)
    if contact is None and state.s == "contact":
        contact = next((each for each in contacts if each["externalId"] == state.record), None)
    view = state.s if state.s in _SPOTLER_VIEWS else "contacts"
    content: Content = {"world": world, "contacts": contacts, "contact": contact, "view": view, "spoken": _spoken}
    content["members"] = {each["externalId"] or each["encryptedId"]: _spoken(each) for each in contacts}
    content["journeys"] = {
        **{each["automationId"]: each["name"] for each in world["automations"]},
        **{each["encryptedId"]: each["name"] for each in world["campaigns"]},
    }
    if contact is not None:
        mine = contact["externalId"] or contact["encryptedId"]
        content |= {
            "audiences": [each for each in world["audiences"] if mine in each["members"]],
            "runs": [each for each in (*world["automationRuns"], *world["campaignRuns"]) if each["contact"] == mine],
            "events": [each for each in reversed(world["events"]) if each["contact"] == mine],
        }
    if view == "log":
        content["effects"] = list(reversed(systems.spotler.get("journal")))[:SHOWN]
        content["requests"] = list(reversed(systems.spotler.get("requests")))[:LINES]
    return content


_SPOTLER_VIEWS: Final = ("contacts", "contact", "audiences", "automations", "mailings", "log")


def _spoken(contact: Mapping[str, Any]) -> str:
    """What people call a contact."""
    values = contact["properties"]
    name = " ".join(filter(None, (values.get("firstName"), values.get("infix"), values.get("lastName"))))
    return name or values.get("organisation") or values.get("email") or "(anonymous)"


COLUMNS: Final[Mapping[str, Callable[[Systems, State], Content]]] = {
    "dynamics": dynamics,
    "bus": bus,
    "functions": functions,
    "spotler": spotler,
}
