"""Stop Automation: end a run that a Start Automation job began."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, override

from connector.consent import Intent
from connector.dataverse.api import filters
from connector.dataverse.choices import AutomationKind, Operation as Choice
from connector.dataverse.names import Job as Names
from connector.errors import Invalid, Refused
from connector.operations.context import Context
from connector.operations.job import JobRow
from connector.operations.job_reading import job_rows
from connector.operations.operation import JobOperation, Needs, Task, each_job
from connector.operations.results import Done, Result
from connector.operations.start_automation import AutomationRow, automation_of, read_automations
from connector.spotler import NotLicensed, NotSupported, Spotler
from connector.words import Sentence


class RunNotFound(Refused):
    """No run was found that could be stopped."""

    code = "RUN_NOT_FOUND"
    advice = "Fill the Automation Contact Id of the run, its record and its automation; or stop it in Spotler."


@dataclass(frozen=True, slots=True)
class Stop:
    """What is to be stopped: one run of an automation, or a campaign for a contact.

    Attributes:
        runs: the runs that may be meant, the one to try first in front; for a campaign one without an id.
    """

    automation: AutomationRow
    external_id: str
    runs: tuple[str, ...]


class StopAutomation(JobOperation[Stop]):
    """The run is named by its Automation Contact Id; else it is the latest unfinished one of record and automation.

    Only Spotler knows which runs have ended, so those that jobs have started are tried one by one, the newest first.
    """

    choice = Choice.STOP_AUTOMATION
    needs = Needs.RECORD_OR_NOTHING
    optional = (Names.AUTOMATION, Names.AUTOMATION_CONTACT_ID)
    usual_intent = Intent.REMOVE

    @override
    def plan(self, jobs: Sequence[JobRow], context: Context) -> Mapping[str, Stop | Exception]:
        """The run can be found from what the job says."""
        complete = [job for job in jobs if _names_a_run(job)]
        starts = _starts(complete, context)
        rows = read_automations({job.automation_id for job in (*complete, *starts) if job.automation_id}, context)
        return each_job(jobs, lambda job: stop_of(job, starts, rows))

    @override
    def perform(self, tasks: Sequence[Task[Stop]], context: Context) -> Mapping[str, Result]:
        """One call per run, a few at a time."""
        return context.each(tasks, lambda task: self._stop(task.plan, context))

    def _stop(self, stop: Stop, context: Context) -> Done:
        spotler = context.services.spotler
        for automation_id in _candidates(stop.automation, spotler):
            for run in stop.runs:
                context.check_time()
                if _end(stop, automation_id, run, spotler):
                    is_campaign = stop.automation.kind is AutomationKind.CAMPAIGN
                    post = "Spotler campaign stopped: {name}" if is_campaign else "Spotler automation stopped: {name}"
                    return Done("It was stopped.", post=Sentence(post, name=stop.automation.name))
        return Done("There was nothing to stop: Spotler says that the contact is not in it.")


OPERATIONS: Final = (StopAutomation(),)


def _candidates(automation: AutomationRow, spotler: Spotler) -> Iterator[str]:
    """The automation, then the others behind its trigger: a run is that of the one which took the contact."""
    yield automation.automation_id
    if automation.kind is AutomationKind.CAMPAIGN:
        return
    try:
        published = spotler.automations()
    except (NotLicensed, NotSupported):  # then it cannot be known
        return
    for other in published:
        if other.id != automation.automation_id and automation.trigger_code in {each.id for each in other.triggers}:
            yield other.id


def _end(stop: Stop, automation_id: str, run: str, spotler: Spotler) -> bool:
    """End a run; False when there is none such to end."""
    try:
        if stop.automation.kind is AutomationKind.CAMPAIGN:
            spotler.stop_campaign(automation_id, stop.external_id)
        else:
            spotler.stop_automation(automation_id, stop.external_id, run)
    except Refused as refusal:
        if refusal.result_code != "INVALID_STATE":
            raise
        return False
    return True


def _names_a_run(job: JobRow) -> bool:
    return bool(job.automation_contact_id.strip()) or (job.record is not None and job.automation_id is not None)


def stop_of(job: JobRow, starts: Sequence[JobRow], rows: Mapping[str, AutomationRow]) -> Stop:
    """What a job stops.

    Args:
        job: the job.
        starts: the jobs that started the runs which may be meant, the newest last.
        rows: the automations of them all, by id.

    Raises:
        RunNotFound: when there is no such run.
        Invalid: when the job does not name a run, or contradicts the run that it names.
    """
    if not _names_a_run(job):
        raise Invalid("The job needs an Automation Contact Id, or a customer or lead and an automation.")
    run = job.automation_contact_id.strip()
    if not run and job.automation_id and job.record:
        automation = automation_of(job.automation_id, rows)
        if automation.kind is AutomationKind.CAMPAIGN:
            return Stop(_stoppable(automation), job.record.id, ("",))
    meant = [each for each in reversed(starts) if _is_meant(each, job, run)]
    origin = meant[0] if meant else job
    if origin.record is None or origin.automation_id is None or not (meant or run):
        raise RunNotFound
    if job.record is not None and job.record != origin.record:
        raise Invalid("The Automation Contact Id belongs to a run of another record.")
    if job.automation_id is not None and job.automation_id != origin.automation_id:
        raise Invalid("The Automation Contact Id belongs to a run of another automation.")
    runs = (run,) if run else tuple(each.automation_contact_id for each in meant)
    return Stop(_stoppable(automation_of(origin.automation_id, rows)), origin.record.id, runs)


def _stoppable(automation: AutomationRow) -> AutomationRow:
    if not automation.automation_id:
        raise Invalid(
            "The automation of the job has no automation id; run a job with the operation Refresh Automations."
        )
    return automation


def _is_meant(start: JobRow, job: JobRow, run: str) -> bool:
    if run:
        return start.automation_contact_id == run
    return start.record == job.record and start.automation_id == job.automation_id


def _starts(jobs: Iterable[JobRow], context: Context) -> list[JobRow]:
    """The Start Automation jobs that may have begun the runs, in the order of their numbers: one query.

    Whatever their status: one that was set back to Queued may go on or fail, and still has the run that it began.
    """
    wanted = []
    for job in jobs:
        run = job.automation_contact_id.strip()
        if run:
            wanted.append(filters.eq(Names.AUTOMATION_CONTACT_ID, run))
        elif job.record is not None and job.automation_id is not None:
            column = Names.LEAD if job.lead else Names.CUSTOMER
            wanted.append(
                filters.and_(filters.in_(column, [job.record.id]), filters.in_(Names.AUTOMATION, [job.automation_id]))
            )
    if not wanted:
        return []
    condition = filters.and_(
        filters.eq(Names.OPERATION, Choice.START_AUTOMATION.value),
        filters.ne(Names.AUTOMATION_CONTACT_ID, None),
        filters.or_(*(f"({each})" for each in dict.fromkeys(wanted))),
    )
    return [JobRow.from_row(row) for row in job_rows(context.services.dataverse, condition)]
