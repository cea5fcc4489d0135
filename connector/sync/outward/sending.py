"""One call that writes contacts in Spotler, and what is remembered of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from connector.dataverse.names import Info
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.outcomes import OK
from connector.services import Services
from connector.spotler import ContactData, ContactResult
from connector.sync.info import info_of
from connector.sync.last_common import LastCommon
from connector.sync.outward.preparing import Prepared
from connector.sync.records import Record
from connector.sync.remembered import failed, remembered
from connector.sync.results import SENT, Delivery, NotSent, Sent, with_warnings

#: What became of the contact of each record: Spotler's answer about it, or why there is none.
type Answers = Mapping[RecordRef, ContactResult | ConnectorError | NotSent]


def send(
    services: Services,
    check_time: Callable[[], None],
    contents: Mapping[RecordRef, Mapping[str, object]],
    *,
    update: bool = True,
) -> Answers:
    """Write these contacts, a hundred per call.

    Args:
        services: the systems.
        check_time: raises when no further call may be begun.
        contents: the properties to write, by record.
        update: whether a contact that is there is changed; else it is left as it is, and the answer says so.
    """
    if not contents:
        return {}
    try:
        check_time()
    except ConnectorError as error:
        return dict.fromkeys(contents, NotSent(error))
    contacts = [ContactData(ref.id, content) for ref, content in contents.items()]
    try:
        results = services.spotler.upsert_contacts(contacts, update=update)
    except ConnectorError as error:
        return dict.fromkeys(contents, error)
    return dict(zip(contents, results, strict=True))


def delivered(
    services: Services,
    prepared: Prepared,
    answer: ContactResult | ConnectorError | NotSent,
    last: LastCommon,
    *,
    unsent: LastCommon | None = None,
) -> Delivery:
    """What became of a record, with what is remembered of it.

    Args:
        services: the clock.
        prepared: what was to be sent.
        answer: of Spotler.
        last: what is in common if it was sent.
        unsent: what is in common if it was not; None if that does not change.
    """
    record, now = prepared.record, services.now()
    last = replace(last, noted=record.last.noted, leaving=False)
    unsent = replace(unsent, noted=record.last.noted) if unsent is not None else None
    if isinstance(answer, NotSent):
        return not_begun(record, answer.error, unsent)
    if isinstance(answer, ConnectorError):
        return failed(record, answer, now, services.wording, last=unsent)
    if answer.error is not None:
        return failed(record, answer.error, now, services.wording, noted=True, last=unsent)
    active = None if record.is_inactive else True
    return Sent(
        OK,
        with_warnings(SENT, prepared.warnings),
        remembered(
            record, OK, now, sent_hash=prepared.hash, last=last, active=active, gone=False, fields=prepared.sent_fields
        ),
        is_there=True,
        changed=True,
        over=record.info,
        warnings=prepared.warnings,
    )


def not_begun(record: Record, error: Exception, last: LastCommon | None) -> NotSent:
    """An error before anything was sent; `last` is what is in common now, if that changes."""
    info = None if last is None else info_of(record.ref, record.name, **{Info.LAST_COMMON: last.text})
    return NotSent(error, info, over=record.info)
