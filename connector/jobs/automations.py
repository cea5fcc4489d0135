"""Start Automation: trigger an automation, or a campaign, for one contact. At most once: it mails people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.dataverse.choices import AutomationKind, Operation as Choice
from connector.dataverse.client import Row, filters
from connector.dataverse.names import Automation as Names
from connector.errors import Invalid
from connector.jobs.attempt import Attempt
from connector.jobs.automation_fields import AutomationField, parse_fields
from connector.jobs.model import Job
from connector.jobs.operation import Batch, Needs


@dataclass(frozen=True, slots=True)
class Start:
    """What is to be started."""

    trigger_code: str
    kind: AutomationKind
    fields: tuple[AutomationField, ...]


class StartAutomation:
    """The Spotler Automation row of the job says what to trigger and which fields it takes."""

    slug = Choice.START_AUTOMATION.slug
    needs = Needs.RECORD
    repeatable = False
    accepts_inactive = False
    syncs_first = True

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """The automation exists and is active, and the fields are its fields."""
        ids = {attempt.job.automation_id for attempt in attempts if attempt.job.automation_id}
        rows = _automations(ids, batch)
        batch.examine(attempts, lambda attempt: start_of(attempt.job, rows))

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """One call per contact; never repeated when its answer is lost."""
        batch.each(attempts, lambda attempt: self._start(attempt, batch))

    def _start(self, attempt: Attempt, batch: Batch) -> None:
        start = attempt.plan
        assert isinstance(start, Start)  # noqa: S101 - made by the check
        assert attempt.record is not None  # noqa: S101 - the operation needs a record
        external_id = attempt.record.ref.id
        if start.kind is AutomationKind.CAMPAIGN:
            batch.services.spotler.trigger_campaign(start.trigger_code, external_id, start.fields)
            attempt.finish("The campaign was started.")
        else:
            result = batch.services.spotler.trigger_automation(start.trigger_code, external_id, start.fields)
            attempt.finish("The automation was started.", automation_contact_id=result.automation_contact_id or "")


def start_of(job: Job, automations: Mapping[str, Row]) -> Start:
    """What a job starts.

    Raises:
        Invalid: naming what is wrong and what to do.
    """
    if job.automation_id is None:
        raise Invalid("The job has no automation, or its automation was deleted; choose one.")
    row = automations.get(job.automation_id)
    if row is None:
        raise Invalid("The automation of the job was deleted; choose another one.")
    if row.get(Names.STATE) != 0:
        raise Invalid("The automation of the job is deactivated: it is not published in Spotler any more.")
    code = str(row.get(Names.TRIGGER_CODE) or "").strip()
    if not code:
        raise Invalid(
            "The automation of the job has no trigger code; run a job with the operation Refresh Automations."
        )
    kind = AutomationKind.CAMPAIGN if row.get(Names.KIND) == AutomationKind.CAMPAIGN else AutomationKind.AUTOMATION
    return Start(code, kind, parse_fields(job.automation_fields, str(row.get(Names.FIELDS) or "")))


def _automations(ids: set[str], batch: Batch) -> dict[str, Row]:
    if not ids:
        return {}
    rows = batch.services.dataverse.query(
        Names.SET,
        select=(Names.ID, Names.TRIGGER_CODE, Names.KIND, Names.FIELDS, Names.STATE),
        filter=filters.in_(Names.ID, sorted(ids)),
    )
    return {str(row[Names.ID]).lower(): row for row in rows}
