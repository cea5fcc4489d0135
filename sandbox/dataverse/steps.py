"""Asynchronous steps: which committed writes post a message, and the system jobs that do it.

A system job is a row of `asyncoperation`: ready, waiting after a failure, or failed for good. Jobs that succeeded are
removed where their step is registered with `asyncautodelete`, as ours are, and stay otherwise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from connector.dataverse.names import SERVICE_ENDPOINT
from connector.dataverse.schema import Step
from sandbox.dataverse.clock import Clock
from sandbox.dataverse.context import PRE_IMAGE
from sandbox.dataverse.endpoints import missing_key
from sandbox.dataverse.guids import guid_for
from sandbox.dataverse.message_filters import add_filter, filter_id, message_id
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.placing import place
from sandbox.dataverse.poster import Outcome
from sandbox.dataverse.posting import Posting
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.values import Scalar, stamp
from sandbox.dataverse.writes import RowEvent

ENDPOINT_ID: Final = guid_for(f"endpoint/{SERVICE_ENDPOINT}")
#: What Dataverse writes into a system job when the service endpoint of an installation has no key.
MISSING_KEY: Final = missing_key(SERVICE_ENDPOINT, ENDPOINT_ID)
STEP_TABLES: Final = frozenset({"sdkmessageprocessingstep", "sdkmessageprocessingstepimage"})

#: `operationtype` of a system job that runs a step.
SYSTEM_EVENT: Final = 1


@dataclass(frozen=True, slots=True)
class RegisteredStep:
    """A step with its row id and name, and the endpoint that it posts through."""

    id: str
    name: str
    step: Step
    endpoint_id: str

    def reacts_to(self, event: RowEvent, model: TableModel) -> bool:
        """Whether the step posts this write; a column that was sent with its old value counts as changed."""
        if self.step.message != event.message or self.step.table != event.table:
            return False
        if event.message != "Update" or not self.step.filtering:
            return True
        return any(model.properties[name].name in self.step.filtering for name in event.changes)


class Steps:
    """Makes system jobs for committed writes.

    Attributes:
        enabled: whether any step runs.
        tables: the tables whose steps run; empty for all.
        submit: takes the messages; None when there is no bus, and then no step runs either.
        drop_next: this many of the next messages are lost on their way.
        duplicate_next: this many of the next messages are posted twice.

    Args:
        store: where the rows of the steps and of the jobs are.
        clock: what time it is.
        tables: the tables whose steps run at first.
    """

    def __init__(self, store: Store, clock: Clock, tables: Sequence[str] = ()) -> None:
        self.enabled = True
        self.tables = tables
        self.submit: Callable[[Posting], None] | None = None
        self.drop_next = 0
        self.duplicate_next = 0
        self._store = store
        self._clock = clock
        self._registered: tuple[RegisteredStep, ...] | None = None

    @property
    def registered(self) -> tuple[RegisteredStep, ...]:
        """The steps, as their rows have them."""
        if self._registered is None:
            rows = self._store.tables["sdkmessageprocessingstep"].rows.values()
            self._registered = tuple(self._read(row) for row in rows)
        return self._registered

    def changed(self) -> None:
        """Read the steps anew."""
        self._registered = None

    def on_commit(self, events: list[RowEvent]) -> None:
        """Post what the steps ask for."""
        if any(event.table in STEP_TABLES for event in events):
            self.changed()
        submit = self.submit
        if not self.enabled or submit is None:
            return
        for event in events:
            if event.cascaded or event.caller.bypass_async or (self.tables and event.table not in self.tables):
                continue
            model = self._store.catalog.by_name[event.table]
            for registered in self.registered:
                if registered.reacts_to(event, model) and self._is_enabled(registered):
                    self._start(registered, event, submit)

    def on_outcomes(self, outcomes: list[Outcome]) -> None:
        """Record what became of messages in their system jobs."""
        data = self._store.tables["asyncoperation"]
        for outcome in outcomes:
            row = data.rows.get(outcome.job_id)
            if row is None:
                continue
            has_succeeded = outcome.message is None
            if has_succeeded and self._is_removed(row):
                data.remove(row.id)
                continue
            state, status = (3, 30) if has_succeeded else (3, 31) if outcome.final else (1, 10)
            values: dict[str, Scalar] = {
                **row.values,
                "statecode": state,
                "statuscode": status,
                "message": outcome.message,
                "friendlymessage": outcome.message,
                "retrycount": outcome.attempts,
            }
            if outcome.final:
                values["completedon"] = stamp(self._clock.now())
            data.put(Row(row.id, row.order, self._store.next_version(), values, row.targets))

    def _is_removed(self, job: Row) -> bool:
        """Whether a system job that succeeded is removed; the step may be gone by now."""
        step_id = job.values.get("_owningextensionid_value")
        step = self._store.get("sdkmessageprocessingstep", str(step_id))
        return step_id is not None and (step is None or step.values.get("asyncautodelete") is True)

    def seed(self, steps: Sequence[Step], namespace: str, queue_name: str, key_name: str, *, has_key: bool) -> None:
        """Write the rows that describe the endpoint and the steps, as in an environment that is set up."""
        self._add(
            "serviceendpoint",
            ENDPOINT_ID,
            {
                "name": SERVICE_ENDPOINT,
                "contract": 6,
                "authtype": 2,
                "connectionmode": 1,
                "userclaim": 1,
                "messageformat": 2,
                "messagecharset": 1,
                "namespaceaddress": namespace,
                "namespaceformat": 2,
                "solutionnamespace": urlsplit(namespace).netloc.partition(".")[0],
                "path": queue_name,
                "saskeyname": key_name,
                "issaskeyset": has_key,
            },
        )
        for step in steps:
            self._seed_step(step)
        self.changed()

    def _seed_step(self, step: Step) -> None:
        message, table = step.message, step.table
        step_id = guid_for(f"step/{message}/{table}")
        add_filter(self._store, self._clock, message, table)
        self._add(
            "sdkmessageprocessingstep",
            step_id,
            {
                "name": f"{SERVICE_ENDPOINT}: {message} of {table}",
                "stage": 40,
                "mode": 1,
                "rank": 1,
                "supporteddeployment": 0,
                "asyncautodelete": True,
                "filteringattributes": ",".join(step.filtering) or None,
                "statecode": 0,
                "statuscode": 1,
            },
            {
                "eventhandler": ("serviceendpoint", ENDPOINT_ID),
                "sdkmessageid": ("sdkmessage", message_id(message)),
                "sdkmessagefilterid": ("sdkmessagefilter", filter_id(message, table)),
            },
        )
        if step.pre_image:
            self._add(
                "sdkmessageprocessingstepimage",
                guid_for(f"image/{message}/{table}"),
                {
                    "name": PRE_IMAGE,
                    "entityalias": PRE_IMAGE,
                    "imagetype": 0,
                    "messagepropertyname": "Target",
                    "attributes": ",".join(step.pre_image),
                },
                {"sdkmessageprocessingstepid": ("sdkmessageprocessingstep", step_id)},
            )

    def _read(self, row: Row) -> RegisteredStep:
        tables, values = self._store.tables, row.values
        message = str(tables["sdkmessage"].rows[str(values["_sdkmessageid_value"])].values["name"])
        of_table = tables["sdkmessagefilter"].rows[str(values["_sdkmessagefilterid_value"])]
        images = tables["sdkmessageprocessingstepimage"]
        pre_image = [
            column
            for image in images.having("_sdkmessageprocessingstepid_value", row.id)
            for column in str(images.rows[image].values["attributes"]).split(",")
        ]
        filtering = str(values.get("filteringattributes") or "")
        step = Step(
            message,
            str(of_table.values["primaryobjecttypecode"]),
            tuple(filtering.split(",")) if filtering else (),
            tuple(pre_image),
        )
        return RegisteredStep(row.id, str(values["name"]), step, str(values["_eventhandler_value"]))

    def _is_enabled(self, registered: RegisteredStep) -> bool:
        row = self._store.get("sdkmessageprocessingstep", registered.id)
        return row is not None and row.values["statecode"] == 0

    def _start(self, registered: RegisteredStep, event: RowEvent, submit: Callable[[Posting], None]) -> None:
        if self.drop_next > 0:
            self.drop_next -= 1
            return
        posting = Posting(
            str(uuid4()), registered.id, registered.step.pre_image, event, self._clock.now(), registered.endpoint_id
        )
        self._add(
            "asyncoperation",
            posting.job_id,
            {
                "name": registered.name,
                "operationtype": SYSTEM_EVENT,
                "messagename": event.message,
                "primaryentitytype": event.table,
                "correlationid": event.caller.correlation_id,
                "retrycount": 0,
                "statecode": 0,
                "statuscode": 0,
            },
            {"owningextensionid": ("sdkmessageprocessingstep", registered.id)},
        )
        submit(posting)
        if self.duplicate_next > 0:
            self.duplicate_next -= 1
            submit(posting)

    def _add(
        self,
        table: str,
        row_id: str,
        values: dict[str, Scalar],
        lookups: dict[str, tuple[str, str]] | None = None,
    ) -> None:
        place(self._store, self._clock, table, row_id, values, lookups)
