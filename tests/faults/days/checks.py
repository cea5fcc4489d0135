"""What is promised after the days, whatever happened on them."""

from collections import Counter
from collections.abc import Iterator

from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Interaction, lookup_value
from connector.errors import ConnectorError
from connector.reconcile.findings import NEVER_SENT
from connector.reconcile.reconciling import Reconciler, to_the_end
from tests.faults.days.days import Days
from tests.faults.days.lists import of_the_lists
from tests.faults.days.website import of_the_website

#: What Spotler refuses for reasons of its own: nothing can be sent to a contact that bounced.
REFUSED = {"NO_ACTIVE_CHANNEL"}

_TYPES = {
    "sent": InteractionType.EMAIL_SENT,
    "open": InteractionType.EMAIL_OPENED,
    "click": InteractionType.EMAIL_CLICKED,
    "bounce": InteractionType.EMAIL_BOUNCED,
}


def problems(days: Days) -> list[str]:
    """What is wrong; nothing, if all promises were kept."""
    found = (_of_the_app, _of_the_events, of_the_lists, of_the_website, _of_both_sides)
    return [*days.problems(), *(problem for check in found for problem in check(days))]


def _of_the_app(days: Days) -> Iterator[str]:
    """Nothing is left over, put aside, or failed for no reason."""
    if not days.day.is_over():
        yield f"the work is not over: {days.day.unfinished()}"
    for error in days.day.failures:
        if not isinstance(error, ConnectorError):
            yield f"a function failed: {error!r}"
    if left := days.day.bus.quarantined():
        yield f"{len(left)} messages are in quarantine: {left[0][1]}"
    if dead := days.day.bus.dead_letters():
        yield f"{dead} messages are dead letters"


def _of_the_events(days: Days) -> Iterator[str]:
    """Every event of somebody who never left Spotler has one row, and no other has any."""
    rows = Counter(
        (str(row.get(lookup_value(Interaction.CONTACT))), row[Interaction.TYPE])
        for row in days.two.systems.rows(Interaction.TABLE)
    )
    happened = Counter((record, _TYPES[kind].value) for record, kind, _ in days.events)
    left = {str(each["externalId"]) for each in days.two.systems.effects() if each["effect"] == "contact.anonymized"}
    for person in days.people:
        for kind in _TYPES.values():
            key = person.record.id, kind.value
            # Events of somebody whom Spotler Info does not know are not kept.
            if person.record.id in left or person.name in days.tampered:
                if rows[key] > happened[key]:
                    yield f"{person.name} has {rows[key]} rows of {happened[key]} events {kind.name}"
            elif rows[key] != happened[key]:
                yield f"{person.name} has {rows[key]} rows of {happened[key]} events {kind.name}"


def _of_both_sides(days: Days) -> Iterator[str]:
    """A comparison finds nothing to repair."""
    certificate = to_the_end(Reconciler(days.two.services, is_over=lambda: False), pause=days.two.time.sleep)
    records = certificate["records"]
    if records["remainder"] or records["total"] != sum(not person.deleted for person in days.people):
        yield f"the comparison does not add up: {records}"
    if records["repaired"]["total"]:
        yield f"the comparison had to repair: {records['repaired']['reasons']}, {certificate['samples']['repaired']}"
    if codes := records["quarantined"]["reasons"].keys() - REFUSED:
        yield f"the comparison could not repair: {sorted(codes)}, {certificate['samples']['quarantined']}"
    if count := records["excluded"]["reasons"].get(NEVER_SENT):
        yield f"{count} records were never sent"
