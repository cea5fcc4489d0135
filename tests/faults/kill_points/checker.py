"""The promise: what must be true after every death, whatever the process was doing.

1. Every job ends, exactly once.
2. It ends as it would have ended without the death. Where the work may not be repeated and the receipt was lost, and
   only there, it is Failed with OUTCOME_UNKNOWN instead.
3. A Completed job has had its effect; one that may not be repeated has had it exactly once.
4. Work that may not be repeated is never done twice, and never without a job that orders it.
5. Nothing happens on behalf of a job that is not valid, no contact is created twice, and the jobs of one record have
   their effects in the order of the jobs.
6. Nothing is confirmed that is not so: where the jobs of a record have ended as they would have without a fault, both
   systems hold what they would hold then (`tests.faults.kill_points.truth`).
7. OUTCOME_UNKNOWN is said only where the request left and nothing proves that it had no effect.
8. No consent is loosened: nobody is mailed against it, or left subscribed (`tests.faults.kill_points.truth`).
9. The history of consent explains every permission: one that is on has an entry newer than the last withdrawal.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from connector.dataverse.choices import JobStatus
from connector.errors import OutcomeUnknown
from connector.outcomes import OK
from connector.sync.results import SKIPPED
from tests.faults.kill_points.evidence import SCORE, Evidence, JobStory
from tests.faults.kill_points.orders import Effect, Holds, Order, Trial
from tests.faults.kill_points.truth import loosened, unexplained, untruths

#: What happens in Spotler when work is done that must not be done twice.
DELICATE: Final = frozenset({"automation.started", "campaign.started", SCORE})
#: How a job may end about somebody who may not be mailed any more.
CONSENT_CODES: Final = frozenset({*SKIPPED, "CONTACT_OPTOUT", "DO_NOT_BULK_EMAIL"})


def violations(trial: Trial, evidence: Evidence) -> list[str]:
    """Where a trial broke the promise, in sentences; empty when it was kept."""
    found: list[str] = []
    for order in trial.orders:
        story = trial.stories[order.job]
        problems = [*_end(trial, order, story), *_effects(trial, order, story, evidence)]
        found += [f"{order.name}: {problem}" for problem in problems]
    found += [*_strays(trial, evidence), *_doubles(trial, evidence), *_disorder(trial, evidence)]
    found += [*untruths(trial, evidence), *loosened(evidence), *unexplained(evidence)]
    return [f"{problem} [{trial.label}]" for problem in found]


def _end(trial: Trial, order: Order, story: JobStory) -> Iterator[str]:
    if story.endings != 1 or not story.status.is_final:
        yield f"the job ended {story.endings} times and is {story.status.label}"
        return
    if story.code == OutcomeUnknown.code:
        if not trial.may_be_unknown(order):
            yield "OUTCOME_UNKNOWN, although no receipt was lost"
        elif story.status is not JobStatus.FAILED:
            yield f"OUTCOME_UNKNOWN, but {story.status.label}"
        return
    if trial.must_be_unknown(order):
        yield f"the receipt was lost, but it says {story.status.label} with {story.code}"
    if trial.withdraws and (story.code in CONSENT_CODES or (trial.repeatable and story.code == OK)):
        return  # refused, or done with a contact that has been taken out of Spotler
    if story.status is not order.status or story.code not in order.codes:
        wanted = " or ".join(sorted(order.codes))
        yield f"{story.status.label} with {story.code} instead of {order.status.label} with {wanted}"


def _effects(trial: Trial, order: Order, story: JobStory, evidence: Evidence) -> Iterator[str]:
    for effect in order.effects:
        times = len(effect.seen(evidence))
        if not times and story.status is JobStatus.COMPLETED and not _may_be_missing(trial, effect):
            yield f"Completed, but this is missing: {effect}"
        if times > 1 and not trial.repeatable:
            yield f"this was done {times} times: {effect}"
    if order.untouched and evidence.of(order.untouched):
        yield f"not valid, but this happened: {evidence.of(order.untouched)[0]}"


def _may_be_missing(trial: Trial, effect: Effect) -> bool:
    """Whether the withdrawal of consent explains it: the contact was taken out of Spotler before, or since."""
    return trial.withdraws and (trial.repeatable or isinstance(effect, Holds))


def _strays(trial: Trial, evidence: Evidence) -> Iterator[str]:
    """Delicate work that no job of the trial has ordered."""
    if trial.repeatable:
        return
    effects = [effect for order in trial.orders for effect in order.effects]
    for record in _records(trial.orders):
        for happening in evidence.of(record):
            if happening.effect in DELICATE and not any(effect.covers(happening) for effect in effects):
                yield f"nobody ordered this: {happening}"


def _doubles(trial: Trial, evidence: Evidence) -> Iterator[str]:
    for record in _records(trial.orders):
        times = sum(happening.effect == "contact.created" for happening in evidence.of(record))
        if times > 1:
            yield f"the contact {record} was created {times} times"


def _disorder(trial: Trial, evidence: Evidence) -> Iterator[str]:
    """The first effect of a job comes after the first one of the job before it; repetitions may follow.

    A job whose outcome is unknown has ended, whatever becomes of its request.
    """
    firsts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for order in trial.orders:
        if trial.stories[order.job].code == OutcomeUnknown.code:
            continue
        numbers = [number for effect in order.effects for number in effect.seen(evidence) if number]
        if numbers:
            firsts[order.record].append((min(numbers), order.name))
    for jobs in firsts.values():
        for (earlier, first), (later, second) in pairwise(jobs):
            if later < earlier:
                yield f"{second} had its effect before {first}"


def _records(orders: Iterable[Order]) -> set[str]:
    return {order.record for order in orders if order.record}
