"""One run of a work while a fault happens to one of its touches; the evidence of it is gathered for the checker."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Final, cast
from unittest import mock

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Automation, EnvironmentVariable, Flags, Job, Visitor
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.jobs import batch, chunks
from connector.outcomes import ANONYMIZED, SKIPPED_DO_NOT_EMAIL
from connector.routing.work_item import WorkItem
from connector.servicebus.bus import OutgoingMessage
from connector.servicebus.entities import QUEUE_DATAVERSE, TOPIC_JOBS
from connector.sync.automatic import changes
from connector.sync.lists import contacts
from sandbox.dataverse.posting import Posting
from tests.faults.kill_points.checker import DELICATE
from tests.faults.kill_points.evidence import (
    SCORE,
    Evidence,
    Happening,
    JobEvent,
    JobStory,
    Mailed,
    Written,
    by_contact,
)
from tests.faults.kill_points.orders import Effect, Happens, Order, ScoreMoves
from tests.faults.matrix import snapshot
from tests.faults.matrix.actors import NEWSLETTER, MatrixCast
from tests.faults.matrix.cell import Cell, CellTrial, Outcome
from tests.faults.matrix.day import CellTime, Day, InlinePool
from tests.faults.matrix.faults import Class
from tests.faults.matrix.stage import Stage
from tests.faults.matrix.systems import Systems
from tests.faults.matrix.wire import Touch, Wire
from tests.faults.matrix.works import Woken, put_in_place

type Properties = Mapping[str, Mapping[str, object]]

#: How many attempts of the same call a fault happens to, by seed: all that a thread makes, or one.
ATTEMPTS: Final = {1: 3, 2: 1, 3: 3}
#: How many jobs a chunk has, by seed.
CHUNKS: Final = {1: 100, 2: 100, 3: 2}
#: Seconds before the work at which everything was put in place, so that it is older than the work for certain.
LONG_AGO: Final = 60.0
#: What mails people.
_MAILS: Final = ("automation.started", "campaign.started")
_SLUG_OF_SYNC: Final = Operation.SYNC_CONTACT.slug


class Run:
    """One run of a work."""

    def __init__(self, systems: Systems, cell: Cell) -> None:
        self.systems, self.cell, self.time = systems, cell, CellTime()
        self._events_at_death: dict[str, int] = {}
        self._before: tuple[snapshot.State, Properties] | None = None
        self._stopping_mail = cell.fault is not None and cell.fault.name.startswith("do-not-email")
        systems.start_over(self.time)
        work, chance = cell.work, random.Random(f"{cell.work.name}/{cell.seed}")  # noqa: S311 - a choice, no secret
        self.cast = MatrixCast(f"{work.name}/{cell.seed}", work.slug, chance, systems, Wire(systems, self.time))
        work.write(self.cast)
        self._jobs = {str(row[Job.ID]) for row in self.cast.rows[Job.TABLE]}
        put_in_place(systems, work, self.cast)
        if work.prepare is not None:
            systems.share_clock(self.time)
            work.prepare(Stage(systems, self.cast, self.time, work.app))
        self.time.sleep(LONG_AGO)
        self._first_effect = systems.last_effect() + 1
        self.wire = Wire(
            systems, self.time, fault=cell.fault, at=cell.touch, attempts=ATTEMPTS[(cell.seed - 1) % 3 + 1]
        )
        self.wire.busy_until = self.time.wall() + work.busy_seconds
        self.wire.person, self.wire.before_late = self._person, self._before_late
        commands = [work.command(self.cast)] if work.command else []
        self.day = Day(systems, self.wire, (*work.timers, *commands), work.app)
        self.day.on_death = self._on_death
        #: Who may not be mailed, and since when; who may not get the newsletter.
        self._without_mail = dict.fromkeys(self.cast.without_mail, float("-inf"))
        self._without_newsletter = set(self.cast.without_newsletter)

    def outcome(self, usual: Outcome | None) -> Outcome:
        """Let the work go on until it is over, and gather the evidence."""
        with alone(self.time, CHUNKS[(self.cell.seed - 1) % 3 + 1]):
            self._wake()
            over = self.day.run()
            touches = tuple(self.wire.touches)
            spotler, contacts = self._before or self._now()
            found = snapshot.merged(spotler, snapshot.of_dataverse(self.systems, self._jobs))
            trial = self._trial(usual, over=over)
            evidence = self._evidence(found, contacts)
            if self._without_mail or self._without_newsletter:
                # Where changes of records are synced by themselves, nobody has to order that.
                is_automatic = self.cell.work.woken is Woken.BY_PEOPLE
                trial = replace(trial, over=over and (is_automatic or self._sync_once_more()))
                evidence = replace(evidence, subscribed=self._left_subscribed(), mailed=self._mailed())
            permissions, history = snapshot.permissions_of(self.systems), snapshot.history_of(self.systems)
            evidence = replace(evidence, permissions=permissions, history=history)
        if usual is None:
            return Outcome(trial, evidence, touches)
        return Outcome(trial, replace(evidence, wanted=usual.evidence.found), touches)

    # What happens

    def _wake(self) -> None:
        items = self.cast.items(self.time.now())
        match self.cell.work.woken:
            case Woken.BY_TOPIC:
                self.day.bus.post(TOPIC_JOBS, [item.message(f"{item.job}/created") for item in items])
            case Woken.BY_DATAVERSE:
                self.systems.environment.steps.submit = self._post
                for row in self.cast.rows[Job.TABLE]:
                    self.systems.by_person("POST", Job.SET, row)
            case Woken.BY_PEOPLE:
                self.systems.environment.steps.submit, self.systems.environment.steps.tables = self._post, ()
                for act in self.cast.acts:
                    self.systems.by_person(*act)

    def _post(self, posting: Posting) -> None:
        """As the service endpoint does."""
        message = self.systems.environment.contexts.message(posting)
        self.day.bus.post(QUEUE_DATAVERSE, [OutgoingMessage(message.body, message.message_id)])

    def _person(self, does: str) -> None:
        if does == "queue":
            for row in self.systems.rows(Job.TABLE):
                if row[Job.STATUS] == JobStatus.IN_PROGRESS:
                    queued = {Job.STATUS: JobStatus.QUEUED.value, Job.STATE: JobStatus.QUEUED.state}
                    self.systems.by_person("PATCH", f"{Job.SET}({row[Job.ID]})", queued)
            return
        for record in self.cast.people.values():
            if self._stopping_mail:
                path = f"{RECORD_TABLES[record.table].set_name}({record.id})"
                self.systems.by_person("PATCH", path, {Flags.DO_NOT_EMAIL: True})
                self._without_mail.setdefault(record.id, self.time.wall())
            else:
                for act in self.cast.refusals(record):  # none of somebody who is on no list yet
                    self.systems.by_person(*act)
                    self._without_newsletter.add(record.id)

    def _before_late(self) -> None:
        """What was confirmed has to be so now; a late request may spoil it, and nobody can know."""
        if self._before is None and self.day.is_over():
            self._before = self._now()

    def _now(self) -> tuple[snapshot.State, Properties]:
        contacts = {str(each["externalId"]): each["properties"] for each in self.systems.spotler()["contacts"]}
        return snapshot.of_spotler(self.systems), contacts

    def _on_death(self) -> None:
        if not self._events_at_death:
            self._events_at_death = {job: len(events) for job, events in self._events().items()}

    def _sync_once_more(self) -> bool:
        """As a flow of the customer does when consent changes; whether that is ever over."""
        ids: dict[str, RecordRef] = {}
        for number, record in enumerate(self.cast.people.values()):
            self.cast.job(f"sync {number}", Operation.SYNC_CONTACT, record)
            ids[self.cast.orders[-1].job] = record
        rows = [row for row in self.cast.rows[Job.TABLE] if row[Job.ID] in ids]
        self.systems.load({Job.TABLE: rows})
        now = self.time.now()
        items = [
            WorkItem(operation=_SLUG_OF_SYNC, job=job, record=record, first_seen=now) for job, record in ids.items()
        ]
        self.day.bus.post(TOPIC_JOBS, [item.message(f"{item.job}/created") for item in items])
        return self.day.run()

    # What became of it

    def _trial(self, usual: Outcome | None, *, over: bool) -> CellTrial:
        fault, work = self.cell.fault, self.cell.work
        events = self._events()
        died = self.day.deaths > 0
        stories = {
            order.job: JobStory.divided(events[order.job], self._events_at_death.get(order.job, 0))
            if died
            else JobStory(events[order.job])
            for order in self.cast.orders
        }
        is_unclear = fault is not None and fault.kind is Class.UNCLEAR
        records = {order.record for order in self.cast.orders if order.record}
        return CellTrial(
            slug=work.slug,
            repeatable=work.repeatable,
            seed=self.cell.seed,
            point=self.cell.touch,
            touches=tuple(f"{touch.kind}: {touch.what}" for touch in self.wire.touches),
            killed=died,
            orders=tuple(self._order(order, stories[order.job], usual) for order in self.cast.orders),
            stories=stories,
            cell=self.cell,
            unclear=frozenset(
                record for record in records if is_unclear and any(_names(each, record) for each in self.wire.struck)
            ),
            over=over,
        )

    def _order(self, order: Order, story: JobStory, usual: Outcome | None) -> Order:
        """A job whose end nobody has written down ends as it does without a fault."""
        if order.codes:
            return order
        if usual is not None:
            return next(each for each in usual.trial.orders if each.job == order.job)
        is_first = next(each for each in self.cast.orders if each.record == order.record) is order
        effects = tuple(map(_effect, self._delicate(order.record))) if is_first else ()
        # Who is found to have left Spotler already was taken out of it by an attempt before.
        codes = {story.code} | ({SKIPPED_DO_NOT_EMAIL} if story.code == ANONYMIZED else set())
        return replace(order, status=story.status, codes=frozenset(codes), effects=effects)

    def _delicate(self, external_id: str) -> list[Happening]:
        """What happened to a contact that must not happen twice."""
        happened = map(Happening.from_entry, self.systems.effects()[self._first_effect - 1 :])
        return [each for each in happened if each.external_id == external_id and each.effect in DELICATE]

    def _evidence(self, found: snapshot.State, contacts: Properties) -> Evidence:
        tables = (Automation.TABLE, EnvironmentVariable.TABLE, Visitor.TABLE)
        return Evidence(
            happenings=by_contact(
                Happening.from_entry(entry) for entry in self.systems.effects()[self._first_effect - 1 :]
            ),
            contacts=contacts,
            written=[Written.from_entry(entry) for table in tables for entry in self.systems.written(table)],
            found=found,
            withdrawn=dict(self._without_mail),
            mailed=self._mailed(),
        )

    def _mailed(self) -> list[Mailed]:
        happened = map(Happening.from_entry, self.systems.effects()[self._first_effect - 1 :])
        return [Mailed(each.external_id, self.wire.sent[each.number]) for each in happened if each.effect in _MAILS]

    def _left_subscribed(self) -> frozenset[str]:
        spotler = snapshot.of_spotler(self.systems)
        rows = snapshot.permissions_of(self.systems)
        left = {each for each in self._without_mail if snapshot.is_there(spotler, each)}
        return frozenset(left).union(
            each
            for each in self._without_newsletter
            if snapshot.may_get_mail(spotler, each) or (NEWSLETTER, True) in rows.get(each, ())
        )

    def _events(self) -> dict[str, tuple[JobEvent, ...]]:
        events: dict[str, list[JobEvent]] = defaultdict(list)
        for entry in self.systems.written(Job.TABLE):
            if entry["message"] == "Update":
                events[str(entry["id"])].append(JobEvent.from_entry(entry))
        return {order.job: tuple(events[order.job]) for order in self.cast.orders}


def _effect(happening: Happening) -> Effect:
    if happening.effect == SCORE:
        old, new = cast("int | None", happening.detail["old"]) or 0, cast("int", happening.detail["new"])
        return ScoreMoves(happening.external_id, str(happening.detail["tag"]), new - old)
    return Happens(happening.effect, happening.external_id)


def _names(touch: Touch, external_id: str) -> bool:
    """Whether a request is about a contact."""
    if touch.request is None or not touch.is_spotler:
        return False
    body = touch.request.body or b""
    return external_id in str(touch.request.url) or external_id.encode() in (
        body if isinstance(body, bytes) else body.encode()
    )


@contextmanager
def alone(time: CellTime, size: int) -> Iterator[None]:
    """Chunks of this size, one after the other, so that touches always come in the same order; in the time of the cell.

    msal remembers a refusal for a while, in the time of this machine.
    """
    with (
        mock.patch.object(chunks, "SIZE", size),
        mock.patch.object(batch, "ContextThreadPool", InlinePool),
        mock.patch.object(contacts, "ContextThreadPool", InlinePool),
        mock.patch.object(changes, "SIZE", size),
        mock.patch.object(changes, "ContextThreadPool", InlinePool),
        mock.patch("msal.individual_cache.time", SimpleNamespace(time=time.wall)),
    ):
        yield
