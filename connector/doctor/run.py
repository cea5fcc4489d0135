"""All checks in their order, and how they are made: each in a thread of its own, so that it ends in its time."""

import logging
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Final

from connector import telemetry
from connector.doctor import azure, bus, configuration, dataverse, installation, lists, running, spotler, state, tables
from connector.doctor.context import CheckContext, NoAzure
from connector.doctor.model import (
    CheckGroup,
    CheckResult,
    Diagnosis,
    DoctorCheck,
    DoctorVerdict,
    Reach,
    failed,
    not_checked,
)
from connector.errors import ConnectorError
from connector.telemetry.measuring import set_gauge
from connector.telemetry.names import DOCTOR
from connector.threads import start_thread
from connector.words import Sentence

log = logging.getLogger(__name__)

#: All checks, in the order of dependence.
CHECKS: Final[tuple[DoctorCheck, ...]] = (
    *configuration.CHECKS,
    *state.CHECKS,
    *bus.CHECKS,
    *dataverse.CHECKS,
    *tables.CHECKS,
    *installation.CHECKS,
    *lists.CHECKS,
    *spotler.CHECKS,
    *running.CHECKS,
    *azure.CHECKS,
)

#: What the app looks at by itself, every hour.
HOURLY: Final = (Reach.SYSTEMS,)
#: Seconds for all of them together: a function is ended after 600.
HOURLY_SECONDS: Final = 480.0

#: The gauge of a check; one that was not made has none.
_LEVELS: Final = {DoctorVerdict.OK: 0, DoctorVerdict.WARNING: 1, DoctorVerdict.FAILED: 2}


def chosen(groups: Collection[CheckGroup], reaches: Collection[Reach]) -> list[DoctorCheck]:
    """The checks of these groups (all where none is named) that need no more than this, and those that they need."""
    wanted = {each.code for each in CHECKS if (not groups or each.group in groups) and each.reach in reaches}
    for check in reversed(CHECKS):
        if check.code in wanted:
            wanted.update(check.needs)
    return [each for each in CHECKS if each.code in wanted]


def examine(
    context: CheckContext,
    checks: Iterable[DoctorCheck],
    *,
    seconds: float = math.inf,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[CheckResult]:
    """Make the checks one after the other; one whose ground failed, or was not looked at, is not made.

    Args:
        context: what they look at.
        checks: in the order of dependence.
        seconds: for all of them together; what has no time left is not made.
        clock: seconds that pass.
    """
    ends = clock() + seconds
    verdicts: dict[str, DoctorVerdict] = {}
    for check in checks:
        missing = [
            code for code in check.needs if verdicts.get(code) in (DoctorVerdict.FAILED, DoctorVerdict.NOT_CHECKED)
        ]
        left = ends - clock()
        if missing:
            diagnosis = not_checked(Sentence("Put right first: {names}.", names=", ".join(missing)))
        elif left <= 0:
            diagnosis = not_checked("The other checks took too long.")
        else:
            diagnosis = _look(context, check, left)
        verdicts[check.code] = diagnosis.verdict
        yield CheckResult(check, diagnosis)


def _look(context: CheckContext, check: DoctorCheck, left: float = math.inf) -> Diagnosis:
    """Make one check. One that does not end in its time goes on in its thread, and nobody waits for it."""
    seconds = min(check.seconds, left)
    answers: SimpleQueue[Diagnosis] = SimpleQueue()
    start_thread(lambda: answers.put(_diagnosis(context, check)))
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return failed(
            Sentence("The check did not end within {seconds} s.", seconds=f"{seconds:.3g}"),
            "Something takes connections and does not answer. Check the address, and firewalls and proxies on the way.",
        )


def _diagnosis(context: CheckContext, check: DoctorCheck) -> Diagnosis:
    try:
        return check.look(context)
    except NoAzure as error:
        return not_checked(error.sentence)
    except ConnectorError as error:
        return failed(error.sentence, error.what_to_do)
    except Exception as error:  # noqa: BLE001 - a check that is wrong must not hide what the others found
        return failed(
            Sentence("Internal error: {fingerprint}.", fingerprint=telemetry.fingerprint(error)),
            "Report the fingerprint to the maintainers.",
        )


def examine_hourly(context: CheckContext) -> Sequence[CheckResult]:
    """Make the checks that need no operator, log a line for each that found something, and set the gauges."""
    results = list(examine(context, chosen((), HOURLY), seconds=HOURLY_SECONDS))
    for result in results:
        verdict, code = result.diagnosis.verdict, result.check.code
        if verdict in _LEVELS:
            set_gauge(DOCTOR, _LEVELS[verdict], check=code)
        if verdict in (DoctorVerdict.WARNING, DoctorVerdict.FAILED):
            text = f"{result.diagnosis.sentence} {result.diagnosis.remedy}".rstrip()
            log.warning(
                "Doctor: %s %s", code, text, extra=telemetry.fields(check=code, code=code, status=verdict.value)
            )
    return results


def worst(results: Iterable[CheckResult]) -> DoctorVerdict:
    """The heaviest verdict; ok where there is none."""
    order = list(DoctorVerdict)
    return max((each.diagnosis.verdict for each in results), key=order.index, default=DoctorVerdict.OK)
