"""Checks of the work itself: jobs, timers, and a job that is created to see it arrive."""

from collections import Counter
from datetime import timedelta
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.api.rows import created_id
from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.doctor.context import CheckContext
from connector.doctor.model import (
    CHECK_SECONDS,
    CheckGroup,
    CheckMaker,
    Diagnosis,
    Reach,
    failed,
    not_checked,
    ok,
    warning,
)
from connector.health import SWEEP, SWEEP_LATE
from connector.state.pause import read_pause
from connector.state.successes import last_success
from connector.words import Sentence

#: From this age on an unfinished job is reported.
WAITING: Final = timedelta(hours=1)
#: Failures of so long ago are counted, and at most so many.
SINCE: Final = timedelta(hours=24)
COUNTED: Final = 1000
#: Failures that are ours or nobody's fault, and not wrong rows: these are reported.
SERIOUS: Final = ("INTERNAL_ERROR", "TRANSIENT_GIVEN_UP", "OUTCOME_UNKNOWN", "NOT_AUTHORIZED", "MISCONFIGURED")
#: Seconds that the probe may take, and between two looks at it.
PROBE_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 3.0


def _jobs_flow(context: CheckContext) -> Diagnosis:
    now = context.now()
    waiting = filters.and_(filters.eq(Job.STATE, 0), filters.lt("createdon", now - WAITING))
    old = context.dataverse.query(Job.SET, select=(Job.ID,), filter=waiting, top=COUNTED)
    if old:
        return warning(
            Sentence(
                "JOBS_OVERDUE: {number} job has been unfinished for more than an hour.",
                plural="JOBS_OVERDUE: {number} jobs have been unfinished for more than an hour.",
                number=_number(len(old)),
                count=len(old),
            ),
            "The command job list --status queued shows them, job explain says why one waits.",
        )
    return ok("No job has been unfinished for more than an hour.")


def _jobs_succeed(context: CheckContext) -> Diagnosis:
    since = filters.and_(filters.eq(Job.STATUS, JobStatus.FAILED), filters.gt(Job.COMPLETED_ON, context.now() - SINCE))
    rows = context.dataverse.query(Job.SET, select=(Job.ID, Job.RESULT_CODE), filter=since, top=COUNTED)
    counts = Counter(str(row.get(Job.RESULT_CODE) or "") for row in rows)
    serious = {code: count for code, count in counts.items() if code in SERIOUS}
    if serious:
        listed = [
            Sentence("{code} {number}", code=code, number=_number(count)) for code, count in sorted(serious.items())
        ]
        return warning(
            Sentence("Jobs of the last 24 hours failed with: {listed}.", listed=Sentence.joined(*listed, between=", ")),
            "See codes.md for each code; job retry repeats jobs once the cause is gone.",
        )
    return ok(
        Sentence(
            "Failed jobs of the last 24 hours that somebody should look at: 0 of {number}.", number=_number(len(rows))
        )
    )


def _timers_run(context: CheckContext) -> Diagnosis:
    if read_pause(context.state, context.now()) is not None:
        return not_checked("The connector is paused, so timers stand still.")
    swept = last_success(context.state, SWEEP, context.now())
    if swept is None:
        return warning(
            "No sweep has succeeded yet.", "Wait three minutes after the first start; then check that the app runs."
        )
    if context.now() - swept > SWEEP_LATE:
        minutes = int((context.now() - swept).total_seconds() // 60)
        return failed(
            Sentence(
                "The last successful sweep was {count} minute ago.",
                plural="The last successful sweep was {count} minutes ago.",
                count=minutes,
            ),
            "Check that the app runs, and the failures of sweep_jobs; after a release read the list of functions once, "
            "for timers that did not start.",
        )
    return ok("The sweep succeeds.")


def _end_to_end(context: CheckContext) -> Diagnosis:
    if not context.probe:
        return not_checked("Allow it with --probe: it creates a job that changes nothing.")
    row = {Job.NAME: "Does it work?", Job.OPERATION: Operation.CHECK.value}
    answer = context.dataverse.request("POST", Job.SET, route=Job.SET, json=row, repeatable=False, columns=row)
    job = created_id(answer.headers.get("OData-EntityId", ""))
    seen: dict[str, object] = {}
    for _ in range(int(PROBE_SECONDS / LOOK_SECONDS)):
        columns = (Job.STATUS, Job.RESULT_CODE, Job.RESULT_MESSAGE, Job.ATTEMPTS)
        seen = dict(context.dataverse.retrieve(Job.SET, job, columns))
        if seen[Job.STATUS] == JobStatus.COMPLETED:
            return ok(str(seen[Job.RESULT_MESSAGE]))
        if seen[Job.STATUS] == JobStatus.FAILED:
            break
        context.sleep(LOOK_SECONDS)
    if seen.get(Job.RESULT_CODE):
        return failed(
            Sentence("The job met a problem: {code}.", code=str(seen[Job.RESULT_CODE])),
            "See SPOTLER_KEY, and the row of the job.",
        )
    if seen.get(Job.ATTEMPTS):
        return failed(
            "The job was begun and has no outcome.", "See SPOTLER_KEY, and the failures of the function check."
        )
    return failed(
        Sentence(
            "The job was created and nothing took it within {count} second.",
            plural="The job was created and nothing took it within {count} seconds.",
            count=PROBE_SECONDS,
        ),
        "See BUS_REACHABLE, ENTITIES_EXIST and BACKLOG; then the step of Dataverse and its service endpoint.",
    )


def _number(count: int) -> Sentence | int:
    return Sentence("{number} or more", number=COUNTED) if count >= COUNTED else count


_check: Final = CheckMaker(CheckGroup.RUNNING, Reach.SYSTEMS)

CHECKS: Final = (
    _check("TIMERS_RUN", "the last successful sweep", _timers_run, "STATE_WORKS"),
    _check("JOBS_FLOW", "unfinished jobs older than an hour", _jobs_flow, "DATAVERSE_TOKEN"),
    _check("JOBS_SUCCEED", "failed jobs of the last 24 hours", _jobs_succeed, "DATAVERSE_TOKEN"),
    _check("END_TO_END", "a job that changes nothing, from its creation to its outcome", _end_to_end,
           "DATAVERSE_TOKEN", reach=Reach.SYSTEMS_ON_REQUEST, seconds=PROBE_SECONDS + CHECK_SECONDS),
)  # fmt: skip
