"""The records, contacts and jobs that one trial is about, put in place behind the back of both APIs."""

import random
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import (
    MEMBER_TABLES,
    Account,
    Automation,
    Contact,
    Info,
    Job,
    Lead,
    ListMember,
    MarketingList,
)
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.routing.work_item import WorkItem
from connector.spotler import Spotler
from connector.sync.info import INFO_NAVIGATION
from sandbox.spotler import seed as account
from tests.faults.kill_points.orders import Effect, Order

type Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job may end."""

    status: JobStatus
    codes: frozenset[str]


DONE: Final = Ending(JobStatus.COMPLETED, frozenset({"OK"}))
NOT_VALID: Final = Ending(JobStatus.FAILED, frozenset({"JOB_NOT_VALID"}))

#: How often the wake-up of the second job of a record was lost: then the process hands over to it, which is a touch.
LOST: Final = 0.5

#: The columns that a record cannot do without.
_REQUIRED: Final[Mapping[str, Row]] = {
    Contact.TABLE: {"lastname": "Mortal"},
    Lead.TABLE: {"lastname": "Mortal", "subject": "Fair"},
    Account.TABLE: {"name": "Mortal"},
}
#: The navigation property of a job for each table.
SUBJECT: Final = {
    Contact.TABLE: Job.CUSTOMER_CONTACT_NAVIGATION,
    Account.TABLE: Job.CUSTOMER_ACCOUNT_NAVIGATION,
    Lead.TABLE: Job.LEAD_NAVIGATION,
}


@dataclass(frozen=True, slots=True)
class Shared:
    """What all trials have in common: rows of Spotler Automation, and the variable with the permissions, by id."""

    automation: str
    campaign: str
    variable: str


class Door(Protocol):
    """The part of Spotler's side door that is used here."""

    def contacts(self, *contacts: dict[str, object]) -> object:
        """Create contacts."""

    def post(self, name: str, **body: object) -> object:
        """Put something else in place."""


class Cast:
    """What one trial needs. Spotler has it at once; the rows of Dataverse are collected in `rows`, by table.

    Args:
        name: unique for the trial; all ids are made from it.
        slug: the operation whose function the jobs are sent to.
        chance: decides what the seed varies: the tables of records, which messages come, and in which order.
    """

    def __init__(
        self, name: str, slug: str, chance: random.Random, shared: Shared, spotler: Spotler, door: Door
    ) -> None:
        self.name = name
        self.shared = shared
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.orders: list[Order] = []
        self._records: dict[str, RecordRef | None] = {}
        self._slug = slug
        self._chance = chance
        self._spotler = spotler
        self._door = door
        self._made = 0

    @property
    def ordered_rows(self) -> dict[str, list[Row]]:
        """The rows by table, each after those that it refers to: records, what belongs to them, jobs."""

        def rank(table: str) -> int:
            return 0 if table in RECORD_TABLES else 2 if table == Job.TABLE else 1

        return {table: self.rows[table] for table in sorted(self.rows, key=rank)}

    # What there is before

    def stranger(self, table: str = "") -> RecordRef:
        """A record that Spotler does not know yet; of any table, unless one is named."""
        table = table or self._chance.choice((Contact.TABLE, Lead.TABLE, Account.TABLE))
        row_id = self._id()
        columns = {**_REQUIRED[table], "emailaddress1": _address(row_id)}
        self.rows[table].append({RECORD_TABLES[table].id_column: row_id, **columns})
        return RecordRef(table, row_id)

    def known(
        self, table: str = "", *, tags: Mapping[str, int | None] | None = None, **properties: object
    ) -> RecordRef:
        """A record that was sent to Spotler before; its contact has these tags with scores, and these properties."""
        record = self.stranger(table)
        self.row(
            Info.TABLE,
            Info.ID,
            **{
                Info.NAME: "Mortal",
                Info.RECORD: record.id,
                Info.SENT_HASH: "0" * 64,
                f"{INFO_NAVIGATION[record.table]}@odata.bind": _path(record),
            },
        )
        self._door.contacts(
            {
                "externalId": record.id,
                "properties": {"email": _address(record.id), **properties},
                "tags": dict(tags or {}),
            }
        )
        return record

    def row(self, table: str, id_column: str, **columns: object) -> str:
        """A row of another table; its id."""
        row_id = self._id()
        self.rows[table].append({id_column: row_id, **columns})
        return row_id

    def marketing_list(self, *members: RecordRef) -> str:
        """A list with these members, who are of one table; its id."""
        number = next(number for number, table in MEMBER_TABLES.items() if table == members[0].table)
        row = self.row(
            MarketingList.TABLE,
            MarketingList.ID,
            **{MarketingList.NAME: self.name, MarketingList.MEMBER_TYPE: number},
        )
        for member in members:
            self.join(row, member)
        return row

    def join(self, marketing_list: str, member: RecordRef) -> None:
        """Somebody is on a list."""
        self.row(
            ListMember.TABLE,
            ListMember.ID,
            **{
                f"{ListMember.LIST}@odata.bind": f"/{MarketingList.SET}({marketing_list})",
                f"{ListMember.MEMBER}_{member.table}@odata.bind": _path(member),
            },
        )

    def audience(self, external_id: str, name: str, *members: RecordRef) -> None:
        """An audience of Spotler."""
        members_ = [member.id for member in members]
        self._door.post("lists", audiences=[{"externalId": external_id, "name": name, "members": members_}])

    def published(self, **automation: object) -> None:
        """An automation of Spotler, replacing the one of the trial before."""
        self._door.post("automations", automations=[{"automationId": "kill-points", **automation}])

    def runs_automation(self, record: RecordRef) -> str:
        """A known record is in the shared automation, started by a job of the past; the run."""
        result = self._spotler.trigger_automation(account.WELCOME_TRIGGER_CODE, record.id)
        run = result.automation_contact_id() or ""
        past = {
            Job.AUTOMATION_CONTACT_ID: run,
            Job.STATE: JobStatus.COMPLETED.state,
            Job.STATUS: JobStatus.COMPLETED.value,
        }
        self._job_row(Operation.START_AUTOMATION, record, self.starts(self.shared.automation) | past)
        return run

    def runs_campaign(self, record: RecordRef) -> None:
        """A known record is in the shared campaign."""
        self._spotler.trigger_campaign(account.CAMPAIGN_TRIGGER_ID, record.id)

    # The jobs

    def job(
        self,
        name: str,
        operation: Operation | None,
        record: RecordRef | None = None,
        *effects: Effect,
        ends: Ending = DONE,
        row: Mapping[str, object] | None = None,
    ) -> None:
        """A job with these columns that ends like this, with these effects; numbers follow the order of the calls.

        Nothing may happen to the record of a job that is not valid, unless it has another job too.
        """
        job = self._job_row(operation, record, row or {})
        external_id = record.id if record else ""
        is_alone = all(other.record != external_id for other in self.orders)
        self._records[job] = record
        self.orders.append(
            Order(
                name=name,
                job=job,
                record=external_id,
                effects=effects,
                status=ends.status,
                codes=ends.codes,
                untouched=external_id if ends is NOT_VALID and is_alone else "",
            )
        )

    @staticmethod
    def starts(automation: str) -> Row:
        """The column of a job that holds its automation."""
        return {f"{Job.AUTOMATION_NAVIGATION}@odata.bind": f"/{Automation.SET}({automation})"}

    def items(self, now: datetime) -> list[WorkItem]:
        """The wake-ups of the jobs, in an order that depends on the seed, as does whether one of them got lost."""
        items = [
            WorkItem(operation=self._slug, job=job, record=record, first_seen=now)
            for job, record in self._records.items()
        ]
        again = [item for item, before in zip(items[1:], items, strict=False) if item.record == before.record]
        if again and again[0].record is not None and self._chance.random() < LOST:
            items.remove(again[0])
        self._chance.shuffle(items)
        return items

    def _job_row(self, operation: Operation | None, record: RecordRef | None, columns: Mapping[str, object]) -> str:
        row: Row = {Job.NAME: operation.label if operation else "Nothing", **columns}
        if operation is not None:
            row[Job.OPERATION] = operation.value
        if record is not None:
            row[f"{SUBJECT[record.table]}@odata.bind"] = _path(record)
        return self.row(Job.TABLE, Job.ID, **row)

    def _id(self) -> str:
        self._made += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.name}/{self._made}"))


def _path(record: RecordRef) -> str:
    return f"/{RECORD_TABLES[record.table].set_name}({record.id})"


def _address(row_id: str) -> str:
    return f"{row_id}@example.org"
