"""The part of the promise that is about the state in the end: what is confirmed is so, and consent is not loosened.

What both systems should hold is not written down: it is what they hold after the same work without a fault.
"""

from collections.abc import Iterator, Mapping

from connector.dataverse.names import Info
from connector.errors import OutcomeUnknown
from connector.operations.consent_watch import MAX_AGE
from tests.faults.kill_points.evidence import ConsentEntry, Evidence
from tests.faults.kill_points.orders import Trial

#: What Spotler Info may not say any more after a write of it was lost. Keep Out is never forgotten.
MAY_BE_FORGOTTEN = frozenset({Info.SENT_HASH, Info.GONE, Info.ACTIVE})


def untruths(trial: Trial, evidence: Evidence) -> Iterator[str]:
    """What both systems hold otherwise than they would without the fault, although the jobs say nothing of it."""
    if trial.withdraws:
        return
    unknown = {order.record for order in trial.orders if trial.stories[order.job].code == OutcomeUnknown.code}
    for record, wanted in evidence.wanted.items():
        found = evidence.found.get(record, {})
        if record in unknown:  # nothing is confirmed of it
            continue
        for name in sorted({*wanted, *found}):
            if wanted.get(name) != found.get(name) and not _is_forgotten(found.get(name), wanted.get(name)):
                yield f"{record} has {name} {_difference(found.get(name), wanted.get(name))}"


def loosened(evidence: Evidence) -> Iterator[str]:
    """Whoever was mailed, or is subscribed, against their consent."""
    for mailed in evidence.mailed:
        withdrawn = evidence.withdrawn.get(mailed.external_id)
        if withdrawn is not None and mailed.sent > withdrawn + MAX_AGE.total_seconds():
            yield f"{mailed.external_id} was mailed {mailed.sent - withdrawn:.0f} seconds after consent was withdrawn"
    for external_id in sorted(evidence.subscribed):
        yield f"{external_id} withdrew consent and is left subscribed, or in Spotler"


def unexplained(evidence: Evidence) -> Iterator[str]:
    """Rows of Spotler Permission that are not as the newest entry of their history says.

    One that is on needs an entry that says so, and that is newer than the last withdrawal. One that is off may have
    none: nobody has ever agreed.
    """
    newest: dict[tuple[str, str], ConsentEntry] = {}
    for entry in sorted(
        evidence.history, key=lambda each: (each.at, not each.on)
    ):  # a withdrawal of the same second counts
        newest[entry.record, entry.permission.casefold()] = entry
    for record, rows in evidence.permissions.items():
        for name, is_on in rows:
            last = newest.get((record, name.casefold()))
            if (last is not None and last.on) is not is_on:
                says = "nothing" if last is None else "on" if last.on else "off"
                yield f"{record} has {name} {'on' if is_on else 'off'}, and its history says {says}"


def _is_forgotten(found: object, wanted: object) -> bool:
    """Whether Spotler Info says nothing where it could say something true: then Spotler is asked, or sent all again."""
    if not (isinstance(found, Mapping) and isinstance(wanted, Mapping) and Info.SENT_HASH in wanted):
        return False
    return all(
        found.get(name) == value or (name in MAY_BE_FORGOTTEN and found.get(name) is None)
        for name, value in wanted.items()
    )


def _difference(found: object, wanted: object) -> str:
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        names = [name for name in sorted({*found, *wanted}) if found.get(name) != wanted.get(name)]
        found, wanted = ({name: each.get(name) for name in names} for each in (found, wanted))
    return f"{found!r} instead of {wanted!r}"
