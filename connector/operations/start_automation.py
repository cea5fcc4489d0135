"""Start Automation: trigger an automation, or a campaign, for one contact. At most once: it mails people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, override

from connector.dataverse.api import filters
from connector.dataverse.choices import AutomationKind, Operation as Choice
from connector.dataverse.names import Automation as Names, Job
from connector.errors import Invalid
from connector.operations.automation_fields import AutomationField, parse_fields
from connector.operations.context import Context
from connector.operations.job import JobRow
from connector.operations.operation import JobOperation, Task, each_job
from connector.operations.results import Done, Result
from connector.words import Sentence


@dataclass(frozen=True, slots=True)
class AutomationRow:
    """A row of Spotler Automation.

    Attributes:
        name: what users call it.
        trigger_code: what starts it.
        automation_id: what stops it.
        fields: its personal fields, `name=TYPE` a line.
    """

    kind: AutomationKind
    name: str
    trigger_code: str
    automation_id: str
    fields: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Start:
    """What is to be started."""

    automation: AutomationRow
    fields: tuple[AutomationField, ...]


class StartAutomation(JobOperation[Start]):
    """The Spotler Automation row of the job says what to trigger and which fields it takes."""

    choice = Choice.START_AUTOMATION
    required = (Job.AUTOMATION,)
    optional = (Job.AUTOMATION_FIELDS,)
    repeatable = False
    syncs_first = True

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, Start | Exception]:
        """The automation exists and is active, and the fields are its fields."""
        rows = read_automations({job.automation_id for job in jobs if job.automation_id}, context)
        return each_job(jobs, lambda job: start_of(job, rows))

    @override
    def perform(self, tasks: Sequence[Task[Start]], context: Context) -> Mapping[str, Result]:
        """One call per contact; never repeated when its answer is lost."""
        return context.each(tasks, lambda task: self._start(task, context))

    def _start(self, task: Task[Start], context: Context) -> Done:
        spotler, automation, fields = context.services.spotler, task.plan.automation, task.plan.fields
        code, record = automation.trigger_code, task.known_record

        def check() -> None:
            context.check_consent(task)  # the call may have waited for its turn

        if automation.kind is AutomationKind.CAMPAIGN:
            context.for_contact(record, lambda contact: spotler.trigger_campaign(code, contact, fields, before=check))
            return Done(
                "The campaign was started.", post=Sentence("Spotler campaign started: {name}", name=automation.name)
            )
        result = context.for_contact(
            record, lambda contact: spotler.trigger_automation(code, contact, fields, before=check)
        )
        return Done(
            "The automation was started.",
            automation_contact_id=result.automation_contact_id(automation.automation_id) or "",
            post=Sentence("Spotler automation started: {name}", name=automation.name),
        )


OPERATIONS: Final = (StartAutomation(),)


def start_of(job: JobRow, automations: Mapping[str, AutomationRow]) -> Start:
    """What a job starts.

    Raises:
        Invalid: naming what is wrong and what to do.
    """
    if job.automation_id is None:
        raise Invalid("The job has no automation, or its automation was deleted; choose one.")
    automation = automation_of(job.automation_id, automations)
    if not automation.is_active:
        raise Invalid("The automation of the job is deactivated: it is not published in Spotler any more.")
    if not automation.trigger_code:
        raise Invalid(
            "The automation of the job has no trigger code; run a job with the operation Refresh Automations."
        )
    return Start(automation, parse_fields(job.automation_fields, automation.fields))


def automation_of(row_id: str, automations: Mapping[str, AutomationRow]) -> AutomationRow:
    """The automation of that id.

    Raises:
        Invalid: when it was deleted.
    """
    if row_id not in automations:
        raise Invalid("The automation of the job was deleted; choose another one.")
    return automations[row_id]


def read_automations(ids: Collection[str], context: Context) -> dict[str, AutomationRow]:
    """The automations that exist, by row id: one query."""
    if not ids:
        return {}
    rows = context.services.dataverse.query(
        Names.SET,
        select=(Names.ID, Names.NAME, Names.KIND, Names.TRIGGER_CODE, Names.AUTOMATION_ID, Names.FIELDS, Names.STATE),
        filter=filters.in_(Names.ID, sorted(ids)),
    )
    return {
        str(row[Names.ID]).lower(): AutomationRow(
            kind=(
                AutomationKind.CAMPAIGN if row.get(Names.KIND) == AutomationKind.CAMPAIGN else AutomationKind.AUTOMATION
            ),
            name=str(row.get(Names.NAME) or ""),
            trigger_code=str(row.get(Names.TRIGGER_CODE) or "").strip(),
            automation_id=str(row.get(Names.AUTOMATION_ID) or "").strip(),
            fields=str(row.get(Names.FIELDS) or ""),
            is_active=row.get(Names.STATE) == 0,
        )
        for row in rows
    }
