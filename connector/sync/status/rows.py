"""The status of contacts is written in Spotler Info: read, change, and write over the version that was read."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from connector.dataverse.api import BatchRequest, Conflict, Row, etag, filters
from connector.dataverse.choices import ContactStatus
from connector.dataverse.names import Info
from connector.errors import Transient
from connector.services import Services
from connector.spotler import Bounce, SpotlerContact
from connector.sync.moments import FUTURE
from connector.sync.status.contact_status import COLUMNS, Standing
from connector.words import marked

#: How often a row is read again because somebody else has written it.
ATTEMPTS: Final = 3

#: Words of the counts.
UNKNOWN: Final = marked("unknown contacts")
UNCHANGED: Final = marked("unchanged")
COUNTED: Final = marked("counted")
#: Nothing was known of a contact that gets mail; so it is no change.
NOTED: Final = marked("noted")
ACTIVE: Final = marked("active")
_INACTIVE: Final = {
    ContactStatus.HARD_BOUNCE: marked("inactive (hard bounce)"),
    ContactStatus.SOFT_BOUNCE: marked("inactive (soft bounce)"),
    ContactStatus.OPT_OUT: marked("inactive (opt out)"),
    ContactStatus.SPAM_COMPLAINT: marked("inactive (spam complaint)"),
    ContactStatus.PERMANENT: marked("inactive (permanent)"),
}
_UNKNOWN_STATUS: Final = marked("inactive (unknown status)")


def apply_bounces(services: Services, bounces: Sequence[Bounce]) -> Counter[str]:
    """Take over entries of the feed of bounces; entries without a date change nothing.

    Raises:
        ConnectorError: Dataverse cannot be asked, or somebody else keeps writing the same rows.
    """
    by_record = defaultdict(list)
    for bounce in sorted((each for each in bounces if each.date), key=lambda each: (each.date, each.type or "")):
        by_record[_record_id(bounce.contact)].append(bounce)

    def after(record: str, standing: Standing) -> Standing:
        for bounce in by_record[record]:
            standing = standing.after_bounce(bounce)
        return standing

    return _counts(by_record, _write(services, by_record, after))


def apply_contacts(services: Services, contacts: Iterable[SpotlerContact], at: datetime) -> Counter[str]:
    """Take over from contacts whether they can be reached: from the feed of updates, or from one that was asked for.

    Args:
        services: the systems.
        contacts: with our External Ids; the others are not counted.
        at: when they were read.

    Raises:
        ConnectorError: as `apply_bounces`.
    """
    by_record = {record: contact for contact in contacts if (record := _record_id(contact))}
    return _counts(by_record, follow_contacts(services, by_record, at))


def follow_contacts(services: Services, contacts: Mapping[str, SpotlerContact], at: datetime) -> dict[str, str]:
    """As `apply_contacts`, for contacts by the id of their record; in a word what became of each that has a row."""
    return _write(services, contacts, lambda record, standing: standing.after_sight(contacts[record], at))


def _counts(records: Collection[str], became: Mapping[str, str]) -> Counter[str]:
    return +(Counter(became.values()) + Counter({UNKNOWN: len(records) - len(became)}))


def _write(
    services: Services, records: Mapping[str, object], after: Callable[[str, Standing], Standing]
) -> dict[str, str]:
    """Change the rows of these records; in a word what became of each that has one."""
    became: dict[str, str] = {}
    waiting: Collection[str] = sorted(records)
    for _ in range(ATTEMPTS):
        rows = _rows(services, waiting)
        requests: dict[str, BatchRequest] = {}
        words: dict[str, str] = {}
        for record, row in rows.items():
            standing = after(record, Standing.of(row, services.now() + FUTURE))
            if changes := standing.changes(row):
                requests[record] = BatchRequest.update(Info.SET, str(row[Info.ID]), changes, if_match=etag(row))
                words[record] = _word(row, standing)
            else:
                became[record] = UNCHANGED
        answers = services.dataverse.batch(list(requests.values())) if requests else []
        errors = {record: answer.error for record, answer in zip(requests, answers, strict=True) if answer.error}
        waiting = sorted(record for record, error in errors.items() if isinstance(error, Conflict))
        for error in (error for error in errors.values() if not isinstance(error, Conflict)):
            raise error
        became |= {record: word for record, word in words.items() if record not in waiting}
        if not waiting:
            return became
    raise Transient("Rows of Spotler Info were written by others at the same time.")


def _rows(services: Services, records: Collection[str]) -> dict[str, Row]:
    ids = [record for record in records if record]
    if not ids:
        return {}
    rows = services.dataverse.query(
        Info.SET, select=(Info.ID, Info.RECORD, *COLUMNS), filter=filters.in_(Info.RECORD, ids)
    )
    return {str(row[Info.RECORD]).lower(): row for row in rows}


def _record_id(contact: SpotlerContact) -> str:
    """The id of the row that the contact belongs to; empty for a contact that never got one."""
    return (contact.external_id or "").strip().lower()


def _word(row: Row, standing: Standing) -> str:
    if standing.active is False:
        return _INACTIVE.get(standing.status, _UNKNOWN_STATUS) if standing.status else _UNKNOWN_STATUS
    if standing.soft_bounces:
        return COUNTED
    return NOTED if row.get(Info.CONTACT_STATUS) is None and row.get(Info.ACTIVE) is not False else ACTIVE
