"""An app between a fresh Dataverse and a fresh Spotler: its services, and what tests put in place and look at."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from json import dumps
from pathlib import Path
from tempfile import gettempdir
from uuid import uuid4

import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from connector.consent import Fate, Presence
from connector.dataverse.api import Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.api.tokens import CachedTokens, tokens_from
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Account, Automation, Contact, Info, Job, Lead, Permission
from connector.dataverse.records import RecordRef
from connector.http import Clock, Transport
from connector.jobs.batch import run_batch
from connector.mapping import content_hash, load_mapping, plan
from connector.operations.registry import operation_of
from connector.routing.subscriptions import RESOLVE
from connector.routing.work_item import WorkItem
from connector.services import Services
from connector.settings import Settings
from connector.spotler import Fields, Spotler
from connector.spotler.calls import Calls
from connector.spotler.signature import OAuth1
from connector.state import FileState
from connector.sync.records import RecordReader
from sandbox.dataverse.server import Ready
from sandbox.spotler.server import Running
from sandbox.spotler.side_door.client import SideDoor
from tests.unit.jobs.recording_bus import RecordingBus
from tests.unit.scripted_server import FakeTime

MAPPING = load_mapping(Path(__file__).parents[2] / "mappings" / "default.json")
LOOKUP_TABLE = "@Microsoft.Dynamics.CRM.lookuplogicalname"


@cache
def _fields_of(url: str, key: str, secret: str) -> Fields:
    """The fields that a fresh Spotler has, asked for once in a process and not by the services that a test looks at."""
    transport = Transport(url, system="Spotler", timeout=10, parallel=1)
    spotler = Spotler(Calls(transport, OAuth1(key, secret)))
    fields = spotler.fields()
    spotler.close()
    return fields


@cache
def _settings_of(**systems: str) -> Settings:
    """The settings of the app, checked once in a process: they take longer than many a test."""
    return Settings(ServiceBus="Endpoint=sb://localhost/", state=gettempdir(), **systems)


@cache
def _tokens_of(settings: Settings, ca_file: str) -> CachedTokens:
    """The tokens of the app, which outlive that a fresh Dataverse is made of the old one."""
    return tokens_from(settings, verify=ca_file)


@cache
def _adapter() -> HTTPAdapter:
    """What all worlds reach the side door of Dataverse with."""
    return HTTPAdapter()


class World:
    """Time stands still unless a test moves `now`; the bus only remembers. The state is a new folder below `states`."""

    def __init__(self, dataverse: Ready, spotler: Running, pool: ThreadPoolExecutor, states: Path) -> None:
        self.ready = dataverse
        self.spotler = SideDoor(spotler.url)
        self.spotler.reset()
        address = f"{spotler.url}/integrationservice-1.1.0"
        self._seed_fields = _fields_of(address, spotler.key, spotler.secret)
        self.spotler.reset()  # the call for the fields, which only the first world makes, is forgotten
        self.door("POST", "reset")
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.bus = RecordingBus()
        state = str(states / str(uuid4()))
        known = _settings_of(
            dataverse_url=dataverse.url,
            dataverse_authority=dataverse.url,
            dataverse_tenant_id=dataverse.tenant_id,
            dataverse_client_id=dataverse.client_id,
            dataverse_client_secret=dataverse.client_secret,
            spotler_url=address,
            spotler_key=spotler.key,
            spotler_secret=spotler.secret,
        )
        settings = known.model_copy(update={"state": SecretStr(state)})
        # The clients do not wait between their attempts.
        self.time = time = FakeTime()
        clock = Clock(time.monotonic, time.wall, time.sleep, time.random)
        secure = {"verify": dataverse.ca_file, "clock": clock, "timeout": 10, "parallel": 4}
        tokens = itertools.count(1)
        self.services = Services(
            settings=settings,
            dataverse=Dataverse(
                Transport(settings.dataverse_url + API, system="Dataverse", **secure),
                _tokens_of(known, dataverse.ca_file),
            ),
            spotler=Spotler(
                Calls(
                    Transport(settings.spotler_url, system="Spotler", clock=clock, timeout=10, parallel=4),
                    OAuth1(spotler.key, spotler.secret),
                ),
                clock=clock,
            ),
            bus=self.bus,
            mapping=MAPPING,
            state=FileState(state),
            pool=pool,
            side_pool=pool,
            now=lambda: self.now,
            new_id=lambda: f"claim-{next(tokens)}",
        )

    def close(self) -> None:
        self.services.dataverse.close()
        self.services.spotler.close()

    # Dataverse, behind the back of its API

    def door(self, method: str, path: str, json: object = None):
        request = requests.PreparedRequest()  # a session would take longer than the stand-in
        request.method, request.url = method, f"{self.ready.url}/_sandbox/{path}"
        request.headers = CaseInsensitiveDict({"Content-Type": "application/json"})
        request.body = None if json is None else dumps(json)
        answer = _adapter().send(request, verify=self.ready.ca_file)
        assert answer.ok, answer.text
        return answer.json()

    def load(self, table: str, **columns: object) -> str:
        return self.door("POST", "rows", json={table: [columns]})[table][0]

    def rows(self, table: str) -> list[dict[str, object]]:
        return self.door("GET", f"rows/{table}")

    def break_dataverse(self, kind: str, path: str = "", **rule: object) -> None:
        self.door("POST", "faults", json={"kind": kind, "path": path, "retry_after": None, **rule})

    def mend_dataverse(self) -> None:
        self.door("DELETE", "faults")

    def mend_spotler(self) -> None:
        self.spotler.post("faults", faults=[], replace=True)

    # What there is

    def contact(self, name: str = "ann", *, known: bool = False, **columns: object) -> RecordRef:
        """A contact; `known` to Spotler as after an earlier sync."""
        given = {"lastname": name.title(), "emailaddress1": f"{name}@example.org", **columns}
        return self._record(RecordRef(Contact.TABLE, self.load(Contact.TABLE, **given)), known=known)

    def lead(self, name: str = "lars", *, known: bool = False, **columns: object) -> RecordRef:
        given = {"subject": "?", "lastname": name.title(), "emailaddress1": f"{name}@example.org", **columns}
        return self._record(RecordRef(Lead.TABLE, self.load(Lead.TABLE, **given)), known=known)

    def account(self, name: str = "acme", *, known: bool = False, **columns: object) -> RecordRef:
        given = {"name": name.title(), "emailaddress1": f"{name}@example.org", **columns}
        return self._record(RecordRef(Account.TABLE, self.load(Account.TABLE, **given)), known=known)

    def automation(self, code: str, **columns: object) -> str:
        return self.load(Automation.TABLE, **{Automation.NAME: "Welcome", Automation.TRIGGER_CODE: code, **columns})

    def permission(self, record: RecordRef, name: str, *, subscribed: bool, **columns: object) -> None:
        row = {Permission.NAME: name, Permission.SUBSCRIBED: subscribed, f"_dh_{record.table}id_value": record.id}
        self.load(Permission.TABLE, **{**row, **columns})

    def job(self, operation: Operation | None, record: RecordRef | None = None, **columns: object) -> str:
        """A queued job. Numbers follow the order in which jobs are made."""
        row: dict[str, object] = {Job.NAME: "A job", **columns}
        if operation is not None:
            row[Job.OPERATION] = operation.value
        if record is not None and record.table == Lead.TABLE:
            row[f"_{Job.LEAD}_value"] = record.id
        elif record is not None:
            row |= {f"_{Job.CUSTOMER}_value": record.id, f"_{Job.CUSTOMER}_value{LOOKUP_TABLE}": record.table}
        return self.load(Job.TABLE, **row)

    def set_field(self, record: RecordRef, value: str, **columns) -> str:
        """A job that sets a field; `note_of` reads it."""
        named = {Job.FIELD_NAME: "scoreNote1", Job.FIELD_VALUE: value}
        return self.job(Operation.SET_CONTACT_FIELD, record, **named, **columns)

    def claimed(self, operation: Operation, record: RecordRef, *, lease: timedelta, token: str, **columns) -> str:
        """A job that a worker has begun, under a lease that ends so much later than now."""
        taken = timedelta(seconds=self.services.settings.job_lease_seconds)
        return self.job(
            operation,
            record,
            **{
                Job.STATUS: JobStatus.IN_PROGRESS.value,
                Job.STATE: 0,
                Job.CLAIM: token,
                Job.ATTEMPTS: 1,
                Job.LEASE_UNTIL: (self.now + lease).strftime("%Y-%m-%dT%H:%M:%SZ"),
                Job.STARTED_ON: (self.now + lease - taken).strftime("%Y-%m-%dT%H:%M:%SZ"),
                Job.MODIFIED_ON: (self.now + lease - taken).strftime("%Y-%m-%dT%H:%M:%SZ"),
                **columns,
            },
        )

    # What happens

    def item(self, job: str, operation: str | None = None, record: RecordRef | None = None, **members) -> WorkItem:
        """The wake-up of a job, as its row has it by default."""
        row = self.row(job)
        if operation is None:
            operation = Operation(row[Job.OPERATION]).slug if row[Job.OPERATION] else RESOLVE
        if record is None:
            customer, lead = row[f"_{Job.CUSTOMER}_value"], row.get(f"_{Job.LEAD}_value")
            table = row.get(f"_{Job.CUSTOMER}_value{LOOKUP_TABLE}") if customer else Lead.TABLE
            record = RecordRef(table, customer or lead) if customer or lead else None
        return WorkItem(**{"operation": operation, "job": job, "record": record, "first_seen": self.now} | members)

    def run(self, *items: WorkItem | str | bytes, operation: str | None = None) -> None:
        """Let one batch run; a text stands for the fresh item of that job. What it puts back is in the bus."""
        self.bus.forget()
        made = [self.item(each) if isinstance(each, str) else each for each in items]
        slug = operation or next(each.operation for each in made if isinstance(each, WorkItem))
        bodies = [each if isinstance(each, bytes) else each.message("id").body for each in made]
        run_batch(self.services, operation_of(slug), bodies)

    # What became of it

    def row(self, job: str) -> dict[str, object]:
        return next(row for row in self.rows(Job.TABLE) if row[Job.ID] == job)

    def status(self, job: str) -> tuple[JobStatus, str | None]:
        return self.statuses()[job]

    def statuses(self) -> dict[str, tuple[JobStatus, str | None]]:
        """Of all jobs, read once."""
        return {row[Job.ID]: (JobStatus(row[Job.STATUS]), row[Job.RESULT_CODE]) for row in self.rows(Job.TABLE)}

    def lease(self, job: str) -> timedelta:
        """How much longer than now the lease of a job lasts."""
        return datetime.fromisoformat(self.row(job)[Job.LEASE_UNTIL]) - self.now

    def put_back(self) -> list[WorkItem]:
        """The items that the last batch put on the topic."""
        return [WorkItem.from_body(message.body) for message in self.bus.to("spotler-jobs")]

    def delays(self) -> list[float]:
        """In seconds, when they are due."""
        return [
            (message.due - self.now).total_seconds() if message.due else 0 for message in self.bus.to("spotler-jobs")
        ]

    def info(self, record: RecordRef) -> dict[str, object] | None:
        return next((row for row in self.rows(Info.TABLE) if row[Info.RECORD] == record.id), None)

    def presence(self, record: RecordRef) -> Presence:
        """What Spotler Info says of whether Spotler has the contact."""
        return RecordReader(self.services).read([record])[record].facts.spotler.presence

    def in_spotler(self, record: RecordRef) -> dict[str, object] | None:
        return next((each for each in self.spotler.state()["contacts"] if each["externalId"] == record.id), None)

    def note_of(self, record: RecordRef) -> object:
        """What stands in the field of `set_field`."""
        return self.in_spotler(record)["properties"].get("scoreNote1")

    def effects(self) -> list[str]:
        return [str(entry["effect"]) for entry in self.spotler.journal()]

    def remember_as_sent(self, record: RecordRef) -> None:
        """Spotler Info says that the record was sent as it is now."""
        info = self.info(record)
        self.services.dataverse.update(Info.SET, info[Info.ID], {Info.SENT_HASH: self._hash_of(record)})

    def _hash_of(self, ref: RecordRef) -> str:
        """The hash of a record as it is, so that it counts as sent."""
        record = RecordReader(self.services).read([ref])[ref]
        if record.decision.fate is not Fate.SENT:
            return "0" * 64
        outcome = plan(self.services.mapping, ref.table).contact(record.row, record.decision, self._seed_fields)
        return content_hash(outcome.properties)

    def _record(self, ref: RecordRef, *, known: bool) -> RecordRef:
        if known:
            hash_ = self._hash_of(ref)
            self.load(Info.TABLE, **{Info.RECORD: ref.id, Info.SENT_HASH: hash_, f"_dh_{ref.table}id_value": ref.id})
            self.spotler.contacts({"externalId": ref.id, "properties": {"email": f"{ref.id[:8]}@example.org"}})
        return ref
