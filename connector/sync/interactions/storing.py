"""Events become rows of Marketing Interaction, and move the dates of Spotler Info.

    events ─► whose are they? (Spotler Info) ─► rows, by their key ─► dates that are newer

Everything may be repeated: a row is found by its key, and a date only moves forward. The rows are written first, so
after a crash the dates follow when the events are read again.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from connector import telemetry
from connector.dataverse.api import Forbidden, Keyed, NotFound, Row, WriteResult, filters
from connector.dataverse.edition import read_columns
from connector.dataverse.names import Account, Contact, Info, Interaction, Lead, lookup_value
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.errors import Refused
from connector.services import Services
from connector.sync.interactions.events import DATES, MailingEvent
from connector.sync.moments import FUTURE, read_moment
from connector.sync.slices import in_slices
from connector.sync.status.rows import UNKNOWN

log = logging.getLogger(__name__)

#: Words of the counts.
STORED: Final = "stored"
FAILED: Final = "failed"
TOO_OLD: Final = "too old to keep"

#: The lookups of Spotler Info, by the table that each refers to.
_LOOKUPS: Final = {Contact.TABLE: Info.CONTACT, Lead.TABLE: Info.LEAD, Account.TABLE: Info.ACCOUNT}
_NAVIGATION: Final = {
    Contact.TABLE: Interaction.CONTACT_NAVIGATION,
    Lead.TABLE: Interaction.LEAD_NAVIGATION,
    Account.TABLE: Interaction.ACCOUNT_NAVIGATION,
}
#: What is read of Spotler Info.
COLUMNS: Final = (
    *(Info.ID, Info.RECORD, Info.GONE, Info.KEEP_OUT),
    *DATES.values(),
    *(lookup_value(column) for column in _LOOKUPS.values()),
)

#: Gives the name of a mailing; empty if it is not known.
type MailingName = Callable[[str], str]


def mailing_names(services: Services) -> MailingName:
    """Names of mailings, each asked for once: most events that are read together belong to a few mailings."""
    return cache(lambda mailing_id: services.spotler.mailings.name(mailing_id) if mailing_id else "")


@dataclass(frozen=True, slots=True)
class _Owned:
    """An event, the row of Spotler Info of its contact, and its record."""

    event: MailingEvent
    info: Row
    ref: RecordRef


def store_events(services: Services, events: Iterable[MailingEvent], mailing_name: MailingName) -> Counter[str]:
    """Store events, and count what became of them.

    Events of contacts that Spotler Info does not know, or that have left Spotler, are counted only. So are those that
    the next clean-up would delete.

    Raises:
        ConnectorError: Dataverse or Spotler cannot be asked, or the connector's user may not write the table.
    """
    given = list(events)
    oldest = _oldest(services)
    fresh = {event.key: event for event in given if oldest is None or event.on >= oldest}
    counts = Counter({TOO_OLD: sum(oldest is not None and event.on < oldest for event in given)})
    owned = _owned(services, fresh.values())
    counts[UNKNOWN] += len(fresh) - len(owned)
    results = _upserted(services, owned, mailing_name)
    stored = [each for each, result in zip(owned, results, strict=True) if result.ok]
    _move_dates(services, stored)
    counts += Counter(_word(result) for result in results)
    return +counts


def record_of(info: Row) -> RecordRef | None:
    """The record of a row of Spotler Info; None if it was deleted."""
    for table, lookup in _LOOKUPS.items():
        if row_id := info.get(lookup_value(lookup)):
            return RecordRef(table, str(row_id).lower())
    return None


def _oldest(services: Services) -> datetime | None:
    days = services.settings.keep_interactions_days
    return services.now() - timedelta(days=days) if days else None


def _owned(services: Services, events: Iterable[MailingEvent]) -> list[_Owned]:
    ours = [event for event in events if event.is_ours]
    infos = _infos(services, sorted({event.record for event in ours}))
    return [
        _Owned(event, info, ref)
        for event in ours
        if (info := infos.get(event.record))
        and not (info.get(Info.GONE) or info.get(Info.KEEP_OUT))
        and (ref := record_of(info))
    ]


def _infos(services: Services, records: Sequence[str]) -> dict[str, Row]:
    def read(ids: Sequence[str]) -> list[Row]:
        dataverse, about = services.dataverse, filters.in_(Info.RECORD, ids)
        return read_columns(dataverse, COLUMNS, lambda columns: dataverse.query(Info.SET, select=columns, filter=about))

    return {str(row[Info.RECORD]).lower(): row for rows in in_slices(services, records, read) for row in rows}


def _upserted(services: Services, owned: Sequence[_Owned], mailing_name: MailingName) -> list[WriteResult]:
    def row(each: _Owned) -> Row:
        name = each.event.mailing or mailing_name(each.event.mailing_id)
        record = f"/{RECORD_TABLES[each.ref.table].set_name}({each.ref.id})"
        return {**each.event.columns(name), f"{_NAVIGATION[each.ref.table]}@odata.bind": record}

    changes = [Keyed(filters.key({Interaction.KEY: each.event.key}), row(each)) for each in owned]
    return _written(services, changes, lambda part: services.dataverse.upsert_multiple(Interaction, part))


def _move_dates(services: Services, stored: Sequence[_Owned]) -> None:
    """Each date of Spotler Info becomes that of the newest event, unless it is newer already.

    A date in the future, which somebody has typed, counts as none.
    """
    latest = services.now() + FUTURE
    newest: dict[str, dict[str, datetime]] = {}
    for each in stored:
        if column := DATES.get(each.event.type):
            dates = newest.setdefault(str(each.info[Info.ID]), {})
            before = dates.get(column) or read_moment(each.info.get(column))
            on = each.event.on.replace(microsecond=0)
            if before is None or before > latest or on > before:
                dates[column] = on
    changes = [
        Keyed(row_id, {column: filters.literal(on) for column, on in dates.items()})
        for row_id, dates in newest.items()
        if dates
    ]
    _written(services, changes, lambda part: services.dataverse.update_multiple(Info, part))


def _written(
    services: Services, changes: Sequence[Keyed], write: Callable[[Sequence[Keyed]], list[WriteResult]]
) -> list[WriteResult]:
    """One result per row; a refused row is logged.

    Raises:
        ConnectorError: a row was not written for a reason that passes, or that somebody has to remove.
    """
    results = [result for part in in_slices(services, changes, write) for result in part]
    errors = {type(result.error): result.error for result in results if result.error is not None}
    for error in errors.values():
        if isinstance(error, Forbidden) or not isinstance(error, Refused):  # the events wait until the role is right
            raise error
        if not isinstance(error, NotFound):
            telemetry.log_problem(log, error, operation="interactions")
    return results


def _word(result: WriteResult) -> str:
    if result.ok:
        return STORED
    return UNKNOWN if isinstance(result.error, NotFound) else FAILED  # its record was deleted at this moment
