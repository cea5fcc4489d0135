"""The middle of a chunk: claimed jobs are planned, prepared and performed, and each gets a result."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from connector.dataverse.records import RecordRef
from connector.jobs.attempt import Attempt, Ended
from connector.jobs.prepare import comes_back, lookup_problem, prepare
from connector.operations.context import Context, all_ended
from connector.operations.operation import JobOperation
from connector.operations.results import Failed, OlderFirst, Result


def perform[Plan](operation: JobOperation[Plan], attempts: Sequence[Attempt], context: Context) -> list[Ended]:
    """Plan, prepare and perform; jobs of one record go one after the other, in turns.

    Returns:
        a result for every attempt; an error of one job harms no other.
    """
    results: dict[str, Result] = {}
    plans = _plans(operation, attempts, context, results)
    held: set[RecordRef | None] = set()
    for turn in turns(attempt for attempt in attempts if attempt.job.id not in results):
        planned = []
        for attempt in turn:
            if attempt.about in held:
                results[attempt.job.id] = Failed(OlderFirst())
            else:
                planned.append((attempt, plans[attempt.job.id]))
        results |= _perform_turn(operation, planned, context)
        held |= {each.about for each in turn if each.about and comes_back(results[each.job.id])}
    return [Ended(attempt, results[attempt.job.id]) for attempt in attempts]


def turns(attempts: Iterable[Attempt]) -> list[list[Attempt]]:
    """Turns in which every record occurs once, the jobs of one record in the order of their numbers."""
    made: list[list[Attempt]] = []
    seen: dict[object, int] = defaultdict(int)
    for attempt in sorted(attempts, key=lambda attempt: attempt.job.number):
        key = attempt.about or attempt.job.id
        turn = seen[key]
        seen[key] += 1
        if turn == len(made):
            made.append([])
        made[turn].append(attempt)
    return made


def _plans[Plan](
    operation: JobOperation[Plan], attempts: Sequence[Attempt], context: Context, results: dict[str, Result]
) -> dict[str, Plan]:
    """The plan of every job whose row is right; the results of the others are added to `results`."""
    results |= {
        attempt.job.id: Failed(problem) for attempt in attempts if (problem := lookup_problem(operation, attempt))
    }
    jobs = [attempt.job for attempt in attempts if attempt.job.id not in results]
    try:
        made: Mapping[str, Plan | Exception] = operation.plan(jobs, context) if jobs else {}
    except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
        made = {job.id: error for job in jobs}
    results |= {job: Failed(problem) for job, problem in made.items() if isinstance(problem, Exception)}
    return {job: plan for job, plan in made.items() if not isinstance(plan, Exception)}


def _perform_turn[Plan](
    operation: JobOperation[Plan], planned: Sequence[tuple[Attempt, Plan]], context: Context
) -> dict[str, Result]:
    """One turn: no record occurs twice."""
    jobs = [attempt.job.id for attempt, _ in planned]
    if not jobs:
        return {}
    try:
        tasks, results = prepare(operation, planned, context)
    except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
        return dict.fromkeys(jobs, Failed(error))
    if tasks:
        try:
            results |= operation.perform(tasks, context)
        except Exception as error:  # noqa: BLE001
            results |= all_ended(tasks, error)
    missing = Failed(RuntimeError("the operation gave no result for the job"))
    return {job: results.get(job, missing) for job in jobs}
