"""What is worked on: a few jobs of each operation, the router, the sweep and what runs on a schedule.

Operations come from the registry. The work of one that `tests.faults.kill_points.scenarios` does not know is made from
its sample in `sandbox.samples`, so that a new operation is covered by itself. Every operation that is about a record
also works for people who may not be mailed, or only without the newsletter.
"""

import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from connector.dataverse.choices import AutomationKind, JobStatus, Operation as Choice
from connector.dataverse.names import (
    Account,
    Automation,
    Contact,
    EnvironmentVariable,
    Flags,
    Job,
    Lead,
    Permission,
)
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.jobs.clean_up import clean_up
from connector.operations.operation import Needs
from connector.operations.registry import OPERATIONS
from connector.pulls.automations import refresh_automations
from connector.pulls.permissions import refresh_permissions
from connector.routing.subscriptions import RESOLVE
from sandbox.samples import PERMISSIONS_DEFINITION, SAMPLES, Sample
from sandbox.spotler import seed as account
from tests.faults.kill_points.cast import Cast, Ending, Row, Shared
from tests.faults.kill_points.scenarios import AT_MOST_ONCE, SCENARIOS
from tests.faults.matrix.day import Timer, services_on
from tests.faults.matrix.systems import Door, Systems
from tests.faults.matrix.wire import TouchedBus, Wire

#: The permission that everybody in a work has agreed to.
NEWSLETTER: Final = "Newsletter"
#: Long enough for the jobs to be put back some times.
BUSY_SECONDS: Final = 30.0
#: Columns of a job that say what it is about.
_SUBJECTS: Final = (Job.CUSTOMER_CONTACT_NAVIGATION, Job.CUSTOMER_ACCOUNT_NAVIGATION, Job.LEAD_NAVIGATION)
_PERMISSION_OF: Final = {
    Contact.TABLE: Permission.CONTACT_NAVIGATION,
    Lead.TABLE: Permission.LEAD_NAVIGATION,
    Account.TABLE: Permission.ACCOUNT_NAVIGATION,
}
#: Any end: what it is without a fault is what it has to be.
AS_WITHOUT_FAULT: Final = Ending(JobStatus.COMPLETED, frozenset())


class Woken(StrEnum):
    """How the jobs of a work are set in motion."""

    BY_TOPIC = "their wake-ups are on the topic"
    BY_DATAVERSE = "Dataverse posts that they were created"
    BY_SWEEP = "their wake-ups were lost"


@dataclass(frozen=True, slots=True)
class Work:
    """One work.

    Attributes:
        name: on the command line.
        slug: the operation whose function gets the jobs.
        write: adds to the cast what there is and what is ordered.
        timers: what runs on a schedule besides the sweep.
        uses_variable: whether the variable with the permissions holds the name of the work at first.
        busy_seconds: how long Spotler answers 429 at first, so that jobs are put back and tried again.
    """

    name: str
    slug: str
    write: Callable[["MatrixCast"], None]
    woken: Woken = Woken.BY_TOPIC
    timers: tuple[Timer, ...] = ()
    uses_variable: bool = False
    busy_seconds: float = 0.0

    @property
    def repeatable(self) -> bool:
        """Whether it may be done twice."""
        operation = OPERATIONS.get(self.slug)
        return self.slug not in AT_MOST_ONCE and (operation is None or operation.repeatable)


class MatrixCast(Cast):
    """The cast of a kill point, in which everybody has agreed to the newsletter, on both sides."""

    def __init__(self, name: str, slug: str, chance: random.Random, systems: Systems, wire: Wire) -> None:
        client = services_on(systems, wire, TouchedBus(wire)).spotler
        super().__init__(name, slug, chance, shared_rows()[0], client, Door(systems))
        self.start = wire.time.now()
        #: Those who may not be mailed, and those who may not get the newsletter, from the beginning.
        self.without_mail: set[str] = set()
        self.without_newsletter: set[str] = set()
        self.people: dict[str, RecordRef] = {}
        self.permission_rows: dict[str, str] = {}

    def stranger(self) -> RecordRef:
        """A record that Spotler does not know yet."""
        record = super().stranger()
        self.people[record.id] = record
        self.permission_rows[record.id] = self.row(
            Permission.TABLE,
            Permission.ID,
            **{
                Permission.NAME: NEWSLETTER,
                Permission.SUBSCRIBED: True,
                f"{_PERMISSION_OF[record.table]}@odata.bind": f"/{RECORD_TABLES[record.table].set_name}({record.id})",
            },
        )
        return record

    def known(self, *, tags: Mapping[str, int | None] | None = None, **properties: object) -> RecordRef:
        """A record that was sent to Spotler before."""
        on = [{"bit": account.NEWSLETTER_BIT, "enabled": True}]
        return super().known(tags=tags, **{"permissions": on, **properties})

    def refusing_mail(self) -> RecordRef:
        """A known record that has got Do Not Email since."""
        record = self.known()
        self._change(record.table, RECORD_TABLES[record.table].id_column, record.id, {Flags.DO_NOT_EMAIL: True})
        self.without_mail.add(record.id)
        return record

    def refusing_newsletter(self) -> RecordRef:
        """A known record whose permission was taken away since."""
        record = self.known()
        row = self.permission_rows[record.id]
        self._change(Permission.TABLE, Permission.ID, row, {Permission.SUBSCRIBED: False})
        self.without_newsletter.add(record.id)
        return record

    def forget_jobs(self) -> None:
        """What there is stays, and nobody orders anything."""
        self.rows[Job.TABLE].clear()
        self.orders.clear()
        self._records.clear()

    def _change(self, table: str, id_column: str, row_id: str, columns: Row) -> None:
        next(row for row in self.rows[table] if row[id_column] == row_id).update(columns)


def works() -> dict[str, Work]:
    """All works, by name."""
    return {work.name: work for work in _works()}


def shared_rows() -> tuple[Shared, dict[str, list[Row]]]:
    """What all works have in common, and its rows."""
    ids = [str(uuid.uuid5(uuid.NAMESPACE_URL, f"shared/{number}")) for number in range(3)]
    kinds = (
        (AutomationKind.AUTOMATION, "🚀 From CRM", account.WELCOME_TRIGGER_CODE, account.WELCOME_AUTOMATION_ID),
        (AutomationKind.CAMPAIGN, "📢 Invoice sent", account.CAMPAIGN_TRIGGER_ID, account.CAMPAIGN_ID),
    )
    automations: list[Row] = [
        {
            Automation.ID: row_id,
            Automation.NAME: name,
            Automation.TRIGGER_CODE: code,
            Automation.AUTOMATION_ID: number,
            Automation.KIND: kind.value,
        }
        for row_id, (kind, name, code, number) in zip(ids, kinds, strict=False)
    ]
    variable: Row = {EnvironmentVariable.ID: ids[2], **PERMISSIONS_DEFINITION}
    return Shared(*ids), {Automation.TABLE: automations, EnvironmentVariable.TABLE: [variable]}


def _works() -> Iterator[Work]:
    for slug, operation in OPERATIONS.items():
        scenario = SCENARIOS.get(slug)
        good, bad = _samples(slug)
        if scenario is not None:
            yield Work(slug, slug, scenario.write, uses_variable=scenario.uses_variable)
        elif good:
            yield Work(slug, slug, _sampled(good, bad, needs_record=operation.needs is not Needs.NOTHING))
        if scenario is not None and slug in (*AT_MOST_ONCE, Choice.ADD_TAG.slug):
            yield Work(f"{slug}-while-busy", slug, scenario.write, busy_seconds=BUSY_SECONDS)
        if good and operation.needs is not Needs.NOTHING:
            yield Work(f"{slug}-for-refusing", slug, _refusing(good[0]))
    add_tag = SCENARIOS[Choice.ADD_TAG.slug].write
    start = SCENARIOS[Choice.START_AUTOMATION.slug].write
    yield Work("route-dataverse-message", Choice.START_AUTOMATION.slug, start, Woken.BY_DATAVERSE)
    yield Work("sweep-jobs", Choice.ADD_TAG.slug, add_tag, Woken.BY_SWEEP)
    yield Work("clean-up-jobs", RESOLVE, _old_jobs, timers=(clean_up,))
    automations, permissions = Choice.REFRESH_AUTOMATIONS.slug, Choice.REFRESH_PERMISSIONS.slug
    yield Work(f"{automations}-daily", automations, _without_jobs(automations), timers=(refresh_automations,))
    yield Work(
        f"{permissions}-daily", permissions, _without_jobs(permissions), timers=(refresh_permissions,),
        uses_variable=True,
    )  # fmt: skip


def _samples(slug: str) -> tuple[list[Sample], list[Sample]]:
    """The samples of an operation that are about a record or need none, the good ones and the bad ones."""
    own = [each for each in SAMPLES if each.operation is not None and each.operation.slug == slug]
    good = [each for each in own if (each.status, each.code) == (JobStatus.COMPLETED, "OK")]
    return good, [each for each in own if each.status is JobStatus.FAILED and not each.deletes]


class _Ids(dict[str, str]):
    """The ids that a sample asks for: automations are the shared ones, and every record stands for another."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(welcome=shared.automation, campaign=shared.campaign)

    def __missing__(self, _: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "somebody"))


def _columns(cast: Cast, sample: Sample) -> Row:
    """What a sample orders, without whom it is about."""
    columns = sample.columns(_Ids(cast.shared))
    return {name: value for name, value in columns.items() if name.partition("@")[0] not in _SUBJECTS}


def _sampled(
    good: Iterable[Sample], bad: Iterable[Sample], *, needs_record: bool
) -> Callable[[MatrixCast], None]:  # fmt: skip
    """A known record with two jobs, one that Spotler does not know, and a job that is not valid."""

    def write(cast: MatrixCast) -> None:
        known, stranger = (cast.known(), cast.stranger()) if needs_record else (None, None)
        chosen = list(good)
        orders = [("a known record", known, chosen[0]), ("a new record", stranger, chosen[0])]
        if len(chosen) > 1:
            orders.insert(1, ("the same record again", known, chosen[1]))
        for name, record, sample in orders:
            cast.job(name, sample.operation, record, ends=AS_WITHOUT_FAULT, row=_columns(cast, sample))
        for sample in list(bad)[:1]:
            cast.job(sample.record, sample.operation, None, ends=AS_WITHOUT_FAULT, row=_columns(cast, sample))

    return write


def _refusing(sample: Sample) -> Callable[[MatrixCast], None]:
    """Jobs about people who may not be mailed, or not with the newsletter."""

    def write(cast: MatrixCast) -> None:
        for name, record in (
            ("a record with Do Not Email", cast.refusing_mail()),
            ("a record without the permission", cast.refusing_newsletter()),
        ):
            cast.job(name, sample.operation, record, ends=AS_WITHOUT_FAULT, row=_columns(cast, sample))

    return write


def _old_jobs(cast: MatrixCast) -> None:
    """Jobs that ended long ago, and some that did not."""
    for status in (JobStatus.COMPLETED, JobStatus.FAILED):
        for days in (400, 400, 1):
            ended = cast.start - timedelta(days=days)
            cast.row(
                Job.TABLE,
                Job.ID,
                **{
                    Job.NAME: "Old",
                    Job.STATE: status.state,
                    Job.STATUS: status.value,
                    Job.COMPLETED_ON: ended.strftime("%Y-%m-%dT%H:%M:%SZ"),
                },
            )


def _without_jobs(slug: str) -> Callable[[MatrixCast], None]:
    """The same as an operation finds, without a job."""

    def write(cast: MatrixCast) -> None:
        SCENARIOS[slug].write(cast)
        cast.forget_jobs()

    return write


def put_in_place(systems: Systems, work: Work, cast: MatrixCast) -> None:
    """What there is before: all rows, but for jobs that people create while Dataverse posts."""
    _, common = shared_rows()
    if work.uses_variable:
        common = {
            **common,
            EnvironmentVariable.TABLE: [
                {**common[EnvironmentVariable.TABLE][0], EnvironmentVariable.DEFAULT: cast.name}
            ],
        }
    systems.load(common)
    rows = cast.ordered_rows
    if work.woken is Woken.BY_DATAVERSE:
        rows = {table: each for table, each in rows.items() if table != Job.TABLE}
    systems.load(rows)
