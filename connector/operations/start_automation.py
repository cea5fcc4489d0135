"""Start Automation: trigger an automation, or a campaign, for one contact. At most once: it mails people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from connector.dataverse.api import filters
from connector.dataverse.choices import AutomationKind, Operation as Choice
from connector.dataverse.names import Automation as Names
from connector.errors import Invalid
from connector.operations.attempt import Attempt
from connector.operations.automation_fields import AutomationField, parse_fields
from connector.operations.job import Job
from connector.operations.operation import Accepts, Batch, Needs


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


class StartAutomation:
    """The Spotler Automation row of the job says what to trigger and which fields it takes."""

    slug = Choice.START_AUTOMATION.slug
    needs = Needs.RECORD
    repeatable = False
    accepts = Accepts.FIT
    syncs_first = True

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """The automation exists and is active, and the fields are its fields."""
        rows = read_automations({attempt.job.automation_id for attempt in attempts if attempt.job.automation_id}, batch)
        batch.examine(attempts, lambda attempt: start_of(attempt.job, rows))

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """One call per contact; never repeated when its answer is lost."""
        batch.each(attempts, lambda attempt: self._start(attempt, batch))

    def _start(self, attempt: Attempt, batch: Batch) -> None:
        start = attempt.plan
        assert isinstance(start, Start)  # noqa: S101 - made by the check
        spotler, code, fields = batch.services.spotler, start.automation.trigger_code, start.fields
        if start.automation.kind is AutomationKind.CAMPAIGN:
            batch.for_contact(attempt.known_record, lambda contact: spotler.trigger_campaign(code, contact, fields))
            attempt.finish("The campaign was started.", post=f"Spotler campaign started: {start.automation.name}")
        else:
            result = batch.for_contact(
                attempt.known_record, lambda contact: spotler.trigger_automation(code, contact, fields)
            )
            attempt.finish(
                "The automation was started.",
                automation_contact_id=result.automation_contact_id(start.automation.automation_id) or "",
                post=f"Spotler automation started: {start.automation.name}",
            )


def start_of(job: Job, automations: Mapping[str, AutomationRow]) -> Start:
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


def read_automations(ids: Collection[str], batch: Batch) -> dict[str, AutomationRow]:
    """The automations that exist, by row id: one query."""
    if not ids:
        return {}
    rows = batch.services.dataverse.query(
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
