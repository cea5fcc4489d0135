"""Automations, and campaigns as their older form: what a contact can be sent through."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Trigger:
    """An entrance for other systems. One code can belong to several automations."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A field that the messages of an automation use; `type` is STRING, URL or PRODUCTLIST."""

    name: str
    type: str = "STRING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """An automation. `participation_limit` is how often one contact may take part; None means always."""

    automation_id: str
    name: str
    active: bool
    triggers: tuple[Trigger, ...]
    fields: tuple[FieldDefinition, ...] = ()
    participation_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign; the codes of its triggers are its encrypted trigger ids."""

    encrypted_id: str
    name: str
    active: bool
    triggers: tuple[Trigger, ...]
    mailings: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Run:
    """One contact on its way through one automation or campaign (`journey` is the id of that)."""

    run_id: int
    journey: str
    contact: int
    started: datetime
    fields: dict[str, object] = field(default_factory=dict)
    ended: datetime | None = None


class Runs:
    """All runs, found by what and whom they are about."""

    def __init__(self) -> None:
        self._all: dict[int, Run] = {}
        self._of: dict[tuple[str, int], list[Run]] = {}

    def start(self, journey: str, contact: int, now: datetime, fields: dict[str, object]) -> Run:
        """Begin a run."""
        run = Run(run_id=len(self._all) + 1, journey=journey, contact=contact, started=now, fields=fields)
        self._all[run.run_id] = run
        self._of.setdefault((journey, contact), []).append(run)
        return run

    def of(self, journey: str, contact: int) -> list[Run]:
        """The runs of a contact through something, oldest first."""
        return self._of.get((journey, contact), [])

    def active(self, journey: str, contact: int) -> list[Run]:
        """Those that have not ended."""
        return [run for run in self.of(journey, contact) if run.ended is None]

    def end_all(self, contact: int, now: datetime) -> list[Run]:
        """End whatever the contact is in."""
        ended = [run for run in self._all.values() if run.contact == contact and run.ended is None]
        for run in ended:
            run.ended = now
        return ended

    def all(self) -> list[Run]:
        """Every run, oldest first."""
        return list(self._all.values())
