"""What is worked on: a few jobs of each operation, the router, the sweep and what runs on a schedule.

Operations come from the registry. The work of one that `tests.faults.kill_points.scenarios` does not know is made from
its sample in `sandbox.samples`, so that a new operation is covered by itself. Every operation that is about a record
also works for people who may not be mailed, or only without the newsletter.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from connector.dataverse.choices import JobStatus, Operation as Choice
from connector.dataverse.names import (
    Consent,
    Contact,
    EnvironmentVariable,
    Flags,
    Job,
    Lead,
    MarketingList,
    Permission,
)
from connector.dataverse.records import RECORD_TABLES
from connector.jobs.nightly import clean_up_nightly
from connector.operations.operation import Needs
from connector.operations.registry import OPERATIONS
from connector.pulls.automations import refresh_automations
from connector.pulls.bounces import read_bounces
from connector.pulls.interactions import read_interactions
from connector.pulls.lists import refresh_lists
from connector.pulls.permissions import refresh_permissions
from connector.pulls.updates import pull_updates, pull_updates_again
from connector.reconcile.starting import start_reconcile
from connector.routing.subscriptions import RESOLVE
from connector.servicebus.entities import SYNC_RECORDS
from connector.sync.permissions.list_watch import sync_changed_members
from sandbox.samples import SAMPLES, Sample
from tests.faults.kill_points.cast import Cast, Ending, Row, Shared
from tests.faults.kill_points.scenarios import AT_MOST_ONCE, SCENARIOS
from tests.faults.matrix import both_ways, engagement, marketing_lists, permission_lists, visitors
from tests.faults.matrix.actors import MatrixCast, shared_rows
from tests.faults.matrix.app import AS_DELIVERED, BOTH_WAYS, ENTRY, WITH_ENTRIES, App
from tests.faults.matrix.day import Timer
from tests.faults.matrix.plans import plan_apply_and_sync, undo_run
from tests.faults.matrix.stage import Stage
from tests.faults.matrix.systems import Systems

#: Long enough for the jobs to be put back some times.
BUSY_SECONDS: Final = 30.0
#: Columns of a job that say what it is about.
_SUBJECTS: Final = (Job.CUSTOMER_CONTACT_NAVIGATION, Job.CUSTOMER_ACCOUNT_NAVIGATION, Job.LEAD_NAVIGATION)
_DEACTIVATED: Final[Row] = {MarketingList.STATE: 1, "statuscode": 1}
_OF_LISTS: Final = (Choice.SYNC_MARKETING_LIST.slug, Choice.REMOVE_MARKETING_LIST.slug)
#: Any end: what it is without a fault is what it has to be.
AS_WITHOUT_FAULT: Final = Ending(JobStatus.COMPLETED, frozenset())


class Woken(StrEnum):
    """How the jobs of a work are set in motion."""

    BY_TOPIC = "their wake-ups are on the topic"
    BY_DATAVERSE = "Dataverse posts that they were created"
    BY_SWEEP = "their wake-ups were lost"
    BY_PEOPLE = "there is none: people change records, and Dataverse posts that"


@dataclass(frozen=True, slots=True)
class Work:
    """One work.

    Attributes:
        name: on the command line.
        slug: the operation whose function gets the jobs.
        write: adds to the cast what there is and what is ordered.
        timers: what runs on a schedule besides the sweep.
        uses_variable: whether the variable with the permissions holds the name of the work at first.
        prepare: what else happened before, where both sides take part.
        command: what an administrator runs, again until it says that it is done.
        app: how the app is configured.
        busy_seconds: how long Spotler answers 429 at first, so that jobs are put back and tried again.
    """

    name: str
    slug: str
    write: Callable[[MatrixCast], None]
    woken: Woken = Woken.BY_TOPIC
    timers: tuple[Timer, ...] = ()
    uses_variable: bool = False
    busy_seconds: float = 0.0
    prepare: Callable[[Stage], None] | None = None
    command: Callable[[MatrixCast], Timer] | None = None
    app: App = AS_DELIVERED

    @property
    def repeatable(self) -> bool:
        """Whether it may be done twice."""
        operation = OPERATIONS.get(self.slug)
        return self.slug not in AT_MOST_ONCE and (operation is None or operation.repeatable)


def works() -> dict[str, Work]:
    """All works, by name."""
    return {work.name: work for work in _works()}


def _works() -> Iterator[Work]:
    for slug, operation in OPERATIONS.items():
        scenario = SCENARIOS.get(slug)
        good, bad = _samples(slug)
        if slug == Choice.RECONCILE.slug:
            write = _with_job(both_ways.people(7), Choice.RECONCILE)
            yield Work(slug, slug, write, prepare=both_ways.out_of_step, app=App(BOTH_WAYS))
        elif slug in _OF_LISTS:
            yield from _marketing_lists(slug)
        elif scenario is not None:
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
    yield Work(SYNC_RECORDS, SYNC_RECORDS, _changed_records, Woken.BY_PEOPLE)
    yield Work(f"{SYNC_RECORDS}-lists", SYNC_RECORDS, _left_lists, Woken.BY_PEOPLE)
    yield Work("clean-up-jobs", RESOLVE, _old_jobs, timers=(clean_up_nightly,))
    yield Work("refresh-lists", Choice.SYNC_MARKETING_LIST.slug, _synced_lists, timers=(refresh_lists,))
    yield Work(
        "compare-permission-lists", SYNC_RECORDS, permission_lists.members, uses_variable=True,
        timers=(sync_changed_members, pull_updates), prepare=permission_lists.came_and_left,
        app=permission_lists.KEPT_IN_LISTS,
    )  # fmt: skip
    yield Work("read-bounces", RESOLVE, _bounced, timers=(read_bounces,))
    yield Work(
        "read-visitors", RESOLVE, visitors.companies, prepare=visitors.on_the_website, command=visitors.read_all
    )  # fmt: skip
    every_kind = App(settings={"interactions": "sent,opened,clicked,bounced"})
    yield Work("read-interactions", RESOLVE, engagement.engaged, timers=(read_interactions,), app=every_kind)
    yield Work("old-interactions", RESOLVE, engagement.kept, timers=(clean_up_nightly,))
    yield from _both_ways()
    automations, permissions = Choice.REFRESH_AUTOMATIONS.slug, Choice.REFRESH_PERMISSIONS.slug
    yield Work(f"{automations}-daily", automations, _without_jobs(automations), timers=(refresh_automations,))
    yield Work(
        f"{permissions}-daily", permissions, _without_jobs(permissions), timers=(refresh_permissions,),
        uses_variable=True,
    )  # fmt: skip


def _marketing_lists(slug: str) -> Iterator[Work]:
    app = marketing_lists.SMALL
    if slug == Choice.SYNC_MARKETING_LIST.slug:
        yield Work(slug, slug, marketing_lists.ordered_first, app=app)
        again, changed = marketing_lists.ordered_again, marketing_lists.changed
        yield Work(f"{slug}-again", slug, again, prepare=changed, app=app)
        yield Work(f"{slug}-back", slug, again, prepare=changed, command=marketing_lists.come_back, app=app)
    else:
        yield Work(slug, slug, marketing_lists.ordered_once, prepare=marketing_lists.synced, app=app)
        nights = marketing_lists.each_night
        yield Work(
            f"{slug}-left", slug, marketing_lists.listed, command=nights, prepare=marketing_lists.deleted, app=app
        )


def _both_ways() -> Iterator[Work]:
    app = App(BOTH_WAYS)
    yield Work("read-updates", RESOLVE, both_ways.people(7), timers=(pull_updates,), prepare=both_ways.updated, app=app)
    again = (pull_updates_again,)
    yield Work("read-updates-again", RESOLVE, both_ways.people(7), timers=again, prepare=both_ways.updated, app=app)
    for table, mapping in ((Contact.TABLE, BOTH_WAYS), (Lead.TABLE, BOTH_WAYS), (ENTRY, WITH_ENTRIES)):
        name, wanted = f"new-subscribers-{table}", App(mapping, {"new_subscribers": table})
        yield Work(
            name, RESOLVE, both_ways.known_addresses, timers=(pull_updates,), prepare=both_ways.subscribed, app=wanted
        )
    slug, weekly = Choice.RECONCILE.slug, (start_reconcile,)
    yield Work(f"{slug}-weekly", slug, both_ways.people(7), timers=weekly, prepare=both_ways.out_of_step, app=app)
    planned = both_ways.changed_on_both_sides
    yield Work("plan-apply", RESOLVE, both_ways.people(7), timers=(plan_apply_and_sync,), prepare=planned, app=app)
    yield Work("undo", RESOLVE, both_ways.people(7), timers=(undo_run,), prepare=both_ways.overwritten, app=app)
    yield Work(
        "consent-import",
        Choice.SYNC_CONTACT.slug,
        both_ways.people(5),
        command=both_ways.consent_in,
        prepare=both_ways.some_refused,
        app=app,
    )


def _with_job(people: Callable[[MatrixCast], None], operation: Choice) -> Callable[[MatrixCast], None]:
    """People, and a job that is about none of them."""

    def write(cast: MatrixCast) -> None:
        people(cast)
        cast.job(operation.label, operation, None, ends=AS_WITHOUT_FAULT, row={})

    return write


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


def _changed_records(cast: MatrixCast) -> None:
    """Records that people create, change, merge and delete, and consent that they withdraw."""
    created = cast.stranger()
    for table, set_name in ((created.table, RECORD_TABLES[created.table].set_name), (Permission.TABLE, Permission.SET)):
        cast.acts.append(("POST", set_name, cast.rows[table].pop()))
    cast.rows[Consent.TABLE].pop()  # nobody has noted yet what they agreed to
    changed, stopped, quiet, deleted, winner = (cast.known() for _ in range(5))
    loser = next(each for each in iter(cast.known, None) if each.table == winner.table)
    cast.act("PATCH", changed, {"emailaddress1": f"new.{changed.id}@example.org"})
    cast.act("PATCH", stopped, {Flags.DO_NOT_EMAIL: True})
    cast.without_mail.add(stopped.id)
    row = cast.permission_rows[quiet.id]
    cast.acts.append(("PATCH", f"{Permission.SET}({row})", {Permission.SUBSCRIBED: False}))
    cast.without_newsletter.add(quiet.id)
    cast.act("DELETE", deleted, {})
    row_of = {"@odata.type": f"Microsoft.Dynamics.CRM.{winner.table}"}
    pair = ({**row_of, RECORD_TABLES[winner.table].id_column: each.id} for each in (winner, loser))
    content = {**row_of, "emailaddress1": f"both.{winner.id}@example.org"}
    target, subordinate = pair
    parameters = {"Target": target, "Subordinate": subordinate, "UpdateContent": content}
    cast.acts.append(("POST", "Merge", {**parameters, "PerformParentingChecks": False}))
    # Nobody changes these again, because they are not there any more.
    for gone in (deleted, loser):
        cast.without_mail.add(gone.id)
        del cast.people[gone.id]


def _synced_lists(cast: MatrixCast) -> None:
    """Marketing Lists: two that are synced, one that never was, and one that is deactivated."""
    for columns in ({}, {}, {MarketingList.SYNCED: False}, _DEACTIVATED):
        _list(cast, **columns)


def _left_lists(cast: MatrixCast) -> None:
    """People deactivate a list, delete one, and rename one."""
    deactivated, deleted, renamed = (_list(cast) for _ in range(3))
    for each in (deactivated, deleted, renamed):
        cast.audience(each, each, cast.known())
    cast.acts += [
        ("PATCH", f"{MarketingList.SET}({deactivated})", _DEACTIVATED),
        ("DELETE", f"{MarketingList.SET}({deleted})", {}),
        ("PATCH", f"{MarketingList.SET}({renamed})", {MarketingList.NAME: f"{cast.name}, renamed"}),
    ]


def _list(cast: MatrixCast, **columns: object) -> str:
    """A Marketing List of contacts, which is synced."""
    number = len(cast.rows[MarketingList.TABLE])
    row = {MarketingList.NAME: f"{cast.name} {number}", MarketingList.MEMBER_TYPE: 2, MarketingList.SYNCED: True}
    return cast.row(MarketingList.TABLE, MarketingList.ID, **row | columns)


def _bounced(cast: MatrixCast) -> None:
    """A hard bounce, soft bounces below and at the limit, and one of a contact that Dataverse does not know."""
    for times in (1, 3, 4):
        cast.bounces(cast.known(), times=times, hard=times == 1)
    cast.bounces(cast.unknown_contact(), hard=True)


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
