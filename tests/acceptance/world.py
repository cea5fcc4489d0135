"""What a test does and sees: rows as people make them, jobs as people wait for them, and both systems afterwards."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import requests

from connector.dataverse.choices import AutomationKind, JobStatus, Operation
from connector.dataverse.names import (
    Account,
    Automation,
    Contact,
    Info,
    Job as JobNames,
    Lead,
    Permission,
    Post,
    lookup_value,
)
from connector.state.files import FileState
from connector.sync.brake.brake import COUNTS
from sandbox.people import People
from sandbox.system import System
from tests.acceptance.bus import Bus
from tests.acceptance.jobs import Job
from tests.acceptance.records import Record, columns_of
from tests.acceptance.spotler import Spotler

#: Seconds that anything may take. A job usually takes a tenth of a second, a retried one some seconds.
PATIENCE: Final = 120.0
#: Seconds between two looks: the first, and the longest of those that follow.
FIRST_LOOK: Final = 0.02
LONGEST_LOOK: Final = 0.25

#: The lookup of a permission that takes a record, per table.
_PERMISSION_OF: Final = {
    Contact.TABLE: Permission.CONTACT_NAVIGATION,
    Lead.TABLE: Permission.LEAD_NAVIGATION,
    Account.TABLE: Permission.ACCOUNT_NAVIGATION,
}


class World:
    """The running system, as a user of Dataverse and a user of Spotler see it."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.people = People(system.dataverse)
        self.spotler = Spotler(system.spotler.get("url"))
        self.bus = Bus(system.servicebus)
        self._side_doors = requests.Session()
        self._side_doors.trust_env = False

    # -- what people make

    def contact(self, **columns: object) -> Record:
        """A person with an address of their own; columns replace or add to the usual ones."""
        return self._record(Contact.TABLE, columns)

    def lead(self, **columns: object) -> Record:
        """A prospect."""
        return self._record(Lead.TABLE, columns)

    def account(self, **columns: object) -> Record:
        """An organisation."""
        return self._record(Account.TABLE, columns)

    def record(self, table: str, **columns: object) -> Record:
        """A row of one of the three tables."""
        return self._record(table, columns)

    def permission(self, record: Record, name: str, *, subscribed: bool) -> str:
        """A Spotler Permission of a record."""
        bind = f"{_PERMISSION_OF[record.table]}@odata.bind"
        row = {Permission.NAME: name, Permission.SUBSCRIBED: subscribed, bind: f"/{record.path}"}
        return self.people.create(Permission.SET, row)

    def automation(
        self,
        *,
        fields: str = "",
        kind: AutomationKind = AutomationKind.AUTOMATION,
        code: str | None = None,
        **columns: object,
    ) -> str:
        """A row of Spotler Automation; its trigger code is one that Spotler does not know, unless one is given."""
        code = str(uuid4()) if code is None else code
        row = {
            Automation.NAME: "🚀 Welcome", Automation.TRIGGER_CODE: code, Automation.KIND: kind.value,
            Automation.FIELDS: fields,
        }  # fmt: skip
        return self.people.create(Automation.SET, row | columns)

    def change(self, record: Record, **columns: object) -> None:
        """Change a record."""
        self.people.update(record.set_name, record.id, columns)

    def delete(self, record: Record) -> None:
        """Delete a record."""
        self.people.delete(record.set_name, record.id)

    def merge(self, record: Record, loser: Record, **content: object) -> None:
        """Merge a record into another one, which takes over the content."""
        self.people.merge(record.table, record.id, loser.id, content)

    # -- jobs

    def job(self, operation: Operation | None, *records: Record, **columns: object) -> str:
        """Save a job; it starts by itself."""
        return self.people.create(JobNames.SET, job_row(operation, *records, **columns))

    def run(self, operation: Operation | None, *records: Record, **columns: object) -> Job:
        """Save a job and wait until it is over."""
        return self.wait(self.job(operation, *records, **columns))

    def sync(self, record: Record) -> Job:
        """Send a record to Spotler."""
        return self.run(Operation.SYNC_CONTACT, record)

    def start(self, record: Record, automation: str, fields: str = "") -> Job:
        """Start an automation or campaign."""
        columns = start_columns(automation, fields)
        return self.run(Operation.START_AUTOMATION, record, **columns)

    def jobs(self, *rows: dict[str, object]) -> list[str]:
        """Save several jobs in one transaction."""
        return self.people.create_many(JobNames.TABLE, JobNames.SET, rows)

    def lost_job(self, operation: Operation, *records: Record, **columns: object) -> str:
        """Save a job whose message is lost on its way."""
        self.steps(drop_next=1)
        return self.job(operation, *records, **columns)

    def queue_again(self, job: str, **columns: object) -> None:
        """Correct a job and set it back to Queued."""
        self.people.update(JobNames.SET, job, {JobNames.STATE: 0, JobNames.STATUS: JobStatus.QUEUED.value} | columns)

    def look(self, job: str) -> Job:
        """A job as it is now."""
        return Job.from_row(self.people.read(JobNames.SET, job))

    def wait(self, job: str) -> Job:
        """A job once it is over."""
        seen: list[Job] = []

        def is_over() -> bool:
            seen.append(self.look(job))
            return seen[-1].status.is_final

        self.until(is_over, "the job ends")
        return seen[-1]

    def sweep_until_over(self, job: str) -> Job:
        """Let the sweep run until a job is over."""

        def is_over() -> bool:
            self.sweep()
            return self.look(job).status.is_final

        self.until(is_over, "the sweep has found the job")
        return self.look(job)

    def statuses(self, job: str) -> list[str]:
        """Every status that the row has had, in order."""
        entries = self._dataverse("GET", "journal", params={"table": JobNames.TABLE})
        changes = [entry["changes"].get(JobNames.STATUS) for entry in entries if entry["id"] == job]
        return [JobStatus(change["to"]).label for change in changes if change]

    # -- what is seen

    def info(self, record: Record) -> dict[str, Any] | None:
        """The Spotler Info of a record."""
        rows = self._dataverse("GET", f"rows/{Info.TABLE}")
        return next((row for row in rows if row[Info.RECORD] == record.id), None)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        rows: list[dict[str, Any]] = self._dataverse("GET", f"rows/{table}")
        return rows

    def posts(self, record: Record) -> list[str]:
        """The texts on the timeline of a record."""
        rows = self.rows(Post.TABLE)
        return [row[Post.TEXT] for row in rows if row[lookup_value(Post.REGARDING)] == record.id]

    def writes_to(self, table: str, row_id: str) -> int:
        """How often a row was written, its creation included."""
        entries = self._dataverse("GET", "journal", params={"table": table})
        return sum(entry["id"] == row_id for entry in entries)

    def assert_not_valid(self, job: Job, record: Record, *words: str) -> None:
        """The job failed as not valid, in these words, before Spotler was asked anything about its record."""
        job.assert_failed("JOB_NOT_VALID", *words)
        self.spotler.assert_never_asked(record)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds; fail with this sentence when it does not in time."""
        deadline, pause = time.monotonic() + PATIENCE, FIRST_LOOK
        while not condition():
            assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s in vain until {what}\n{self._log()}"
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK)

    # -- what tests arrange behind the scenes

    def steps(self, **switches: object) -> None:
        """Change how Dataverse posts its messages: `drop_next`, `duplicate_next`, `has_key`."""
        self._dataverse("POST", "steps", json=switches)

    def clock(self, seconds: float) -> None:
        """Move the clock of Dataverse."""
        self._dataverse("POST", "clock", json={"move_seconds": seconds})

    def edition(self, *, light: bool) -> None:
        """Take the Marketing Lists away, as without a licence of Dynamics 365 Sales, or bring them back."""
        self._dataverse("POST", "edition", json={"light": light})

    def fault(self, kind: str, **rule: object) -> None:
        """Let Dataverse misbehave; see `sandbox.dataverse.faults`."""
        self._dataverse("POST", "faults", json={"kind": kind, **rule})

    def past_job(self, status: JobStatus, days: int) -> str:
        """A job that was created so many days ago, and ended then if its status says that it did."""
        moment = _stamp(datetime.now(UTC) - timedelta(days=days))
        row = {
            JobNames.STATUS: status.value,
            JobNames.STATE: status.state,
            JobNames.NUMBER: f"past-{uuid4().hex[:12]}",
            "createdon": moment,
        }
        ended = {JobNames.COMPLETED_ON: moment} if status.is_final else {}
        (job,) = self._dataverse("POST", "rows", json={JobNames.TABLE: [row | ended]})[JobNames.TABLE]
        return str(job)

    def overdue_job(self, *, hours: int) -> str:
        """A job that was created so many hours ago and whose claim still holds."""
        created, lease = (datetime.now(UTC) + timedelta(hours=each) for each in (-hours, 1))
        row = {
            JobNames.STATUS: JobStatus.IN_PROGRESS.value,
            JobNames.STATE: 0,
            JobNames.NUMBER: f"slow-{uuid4().hex[:12]}",
            "createdon": _stamp(created),
            JobNames.LEASE_UNTIL: _stamp(lease),
        }
        (job,) = self._dataverse("POST", "rows", json={JobNames.TABLE: [row]})[JobNames.TABLE]
        return str(job)

    def stored(self, name: str) -> Mapping[str, Any]:
        """A value of the state."""
        found = FileState(self._system.settings["STATE"]).read(name)
        assert found is not None, name
        return found.value

    def log(self) -> str:
        """Everything that the functions logged."""
        return self._system.functions.log.read_text(encoding="utf-8")

    def complaints(self) -> list[str]:
        """What the system jobs of Dataverse say whose message could not be posted (yet)."""
        return [row["message"] for row in self._dataverse("GET", "rows/asyncoperation") if row["message"]]

    def routed(self) -> int:
        """How many messages of Dataverse the router has taken so far."""
        return self.taken("route_dataverse_message")

    def taken(self, function: str) -> int:
        """How many messages a function has taken so far."""
        figures = self._side_doors.get(f"{self._functions}/stats", timeout=10).json()
        return int(figures.get(function, {}).get("messages", 0))

    def sweep(self) -> None:
        """Let the timer run that looks for sleeping jobs. It finds rows that were last written in an earlier second."""
        self.run_timer("sweep_jobs")

    def run_timer(self, name: str, *, fails: bool = False) -> None:
        """Let a timer run now, and see that it succeeds, or that it fails."""
        outcome = self._side_doors.post(f"{self._functions}/run-timer/{name}", timeout=30).json()
        assert outcome["succeeded"] is not fails, outcome["error"]

    def settle(self) -> None:
        """Wait until no message is on its way, neither in Dataverse nor on the bus."""
        self.until(self._is_quiet, "no message is on its way")

    def calm_down(self) -> None:
        """Take back every fault that a test has arranged, and what it did towards the brake.

        What it used up of the limits of Dataverse is forgotten too: all tests together make more calls than the 6,000
        in five minutes that a user has, and the faster the machine is, the longer the last ones would wait.
        """
        self._side_doors.delete(f"{self.spotler.door.url}/_sandbox/faults", timeout=10).raise_for_status()
        self._dataverse("DELETE", "faults")
        self._dataverse("POST", "limits", json={})
        self.steps(drop_next=0, duplicate_next=0, has_key=True, garbled=False, tables=[JobNames.TABLE])
        state = FileState(self._system.settings["STATE"])
        for name in state.names(f"{COUNTS}/"):
            state.delete(name)

    @property
    def _functions(self) -> str:
        return f"{self._system.functions.get('control_url')}/_sandbox"

    def _is_quiet(self) -> bool:
        def is_posted() -> bool:
            return not any(row["statecode"] == 0 for row in self._dataverse("GET", "rows/asyncoperation"))

        # What is posted while one looks at the bus comes from what was done just before.
        return is_posted() and self.bus.is_quiet() and is_posted()

    def _record(self, table: str, columns: dict[str, object]) -> Record:
        record = Record(table, "")
        return Record(table, self.people.create(record.set_name, columns_of(table, columns)))

    def _dataverse(self, method: str, name: str, **options: Any) -> Any:
        part = self._system.dataverse
        url = f"{part.get('url')}/_sandbox/{name}"
        answer = self._side_doors.request(method, url, verify=part.get("ca_file"), timeout=30, **options)
        answer.raise_for_status()
        return answer.json()

    def _log(self) -> str:
        """The end of what the functions logged."""
        return self.log()[-2000:]


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def start_columns(automation: str, fields: str = "") -> dict[str, object]:
    """The columns of a job that starts an automation."""
    bind = f"{JobNames.AUTOMATION_NAVIGATION}@odata.bind"
    return {bind: f"/{Automation.SET}({automation})", JobNames.AUTOMATION_FIELDS: fields}


def job_row(operation: Operation | None, *records: Record, **columns: object) -> dict[str, object]:
    """The row of a job; with two records, one that is wrong."""
    row: dict[str, object] = {JobNames.NAME: operation.label if operation else "Job", **columns}
    for record in records:
        row |= record.as_subject()
    if operation is not None:
        row[JobNames.OPERATION] = operation.value
    return row
