"""All checks in their order, and how they are made."""

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from connector import telemetry
from connector.doctor import azure, bus, configuration, dataverse, running, spotler, state
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
from connector.words import Sentence

log = logging.getLogger(__name__)

#: All checks, in the order of dependence.
CHECKS: Final[tuple[DoctorCheck, ...]] = (
    *configuration.CHECKS,
    *state.CHECKS,
    *bus.CHECKS,
    *dataverse.CHECKS,
    *spotler.CHECKS,
    *running.CHECKS,
    *azure.CHECKS,
)

#: What the app looks at by itself, every hour.
HOURLY: Final = (Reach.SYSTEMS,)

#: The gauge of a check; one that was not made has none.
_LEVELS: Final = {DoctorVerdict.OK: 0, DoctorVerdict.WARNING: 1, DoctorVerdict.FAILED: 2}


def chosen(groups: Collection[CheckGroup], reaches: Collection[Reach]) -> list[DoctorCheck]:
    """The checks of these groups (all where none is named) that need no more than this, and those that they need."""
    wanted = {each.code for each in CHECKS if (not groups or each.group in groups) and each.reach in reaches}
    for check in reversed(CHECKS):
        if check.code in wanted:
            wanted.update(check.needs)
    return [each for each in CHECKS if each.code in wanted]


def examine(context: CheckContext, checks: Iterable[DoctorCheck]) -> Iterator[CheckResult]:
    """Make the checks one after the other; one whose ground failed, or was not looked at, is not made."""
    verdicts: dict[str, DoctorVerdict] = {}
    for check in checks:
        missing = [
            code for code in check.needs if verdicts.get(code) in (DoctorVerdict.FAILED, DoctorVerdict.NOT_CHECKED)
        ]
        diagnosis = (
            not_checked(Sentence("Put right first: {names}.", names=", ".join(missing)))
            if missing
            else _look(context, check)
        )
        verdicts[check.code] = diagnosis.verdict
        yield CheckResult(check, diagnosis)


def _look(context: CheckContext, check: DoctorCheck) -> Diagnosis:
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
    results = list(examine(context, chosen((), HOURLY)))
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
