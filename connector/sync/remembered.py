"""What Spotler Info remembers after something happened to the contact of a record, as values."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.names import Info
from connector.errors import ConnectorError, Refused
from connector.sync.brake.sent_fields import SentFields
from connector.sync.info import InfoValues, info_of
from connector.sync.interactions.events import DATES
from connector.sync.last_common import LastCommon
from connector.sync.records import Record
from connector.sync.results import NotSent
from connector.words import Wording

#: Spotler's code for a contact that opted out of everything, and so is inactive.
OPTED_OUT: Final = "CONTACT_OPTOUT"


def remembered(
    record: Record,
    status: str,
    now: datetime,
    *,
    sent_hash: str | None = None,
    last: LastCommon | None = None,
    active: bool | None = None,
    gone: bool | None = None,
    error: str | None = None,
    fields: SentFields | None = None,
) -> InfoValues:
    """The row of Spotler Info that says this; what is None stays as it is, but for the error."""
    columns: dict[str, object | None] = {
        Info.SENT_HASH: sent_hash,
        Info.LAST_SYNC_ON: filters.literal(now.replace(microsecond=0))
        if sent_hash is not None and error is None
        else None,
        Info.LAST_COMMON: last.text if last is not None else None,
        Info.SENT_FIELDS: fields.text if fields is not None else None,
        Info.ACTIVE: active,
        Info.GONE: gone,
    }
    known = {name: value for name, value in columns.items() if value is not None}
    return info_of(record.ref, record.name, **{Info.LAST_STATUS: status, Info.LAST_ERROR: error, **known})


def forgotten(record: Record, status: str, now: datetime) -> InfoValues | None:
    """After the contact has left Spotler: nothing is kept of what it had; nothing of a record that was deleted."""
    if not record.exists:
        return None
    left = remembered(
        record, status, now, sent_hash="", last=LastCommon(), active=False, gone=True, fields=SentFields()
    )
    return {**left, **dict.fromkeys(DATES.values())}


def failed(
    record: Record,
    error: ConnectorError,
    now: datetime,
    wording: Wording,
    *,
    noted: bool = False,
    last: LastCommon | None = None,
) -> NotSent:
    """An error of Spotler. After one that may have had an effect, it is unknown what Spotler holds.

    Args:
        record: whose it is.
        error: what Spotler said.
        now: the present.
        wording: the language of what people see.
        noted: whether it is an answer about this contact, which people should see on Spotler Info.
        last: what is in common now, if that changes.
    """
    uncertain = record.sent_hash and not isinstance(error, Refused)
    if noted:
        active = False if error.result_code == OPTED_OUT else None
        sent_hash = "" if uncertain else None
        said = wording.text(error.on_row)
        info = remembered(
            record, error.result_code, now, error=said, sent_hash=sent_hash, active=active, last=last
        )  # fmt: skip
        return NotSent(error, info, over=record.info)
    columns = {Info.SENT_HASH: ""} if uncertain else {}
    columns |= {Info.LAST_COMMON: last.text} if last is not None else {}
    return NotSent(error, info_of(record.ref, record.name, **columns) if columns else None, over=record.info)


def released(last: LastCommon, token: Callable[[], str]) -> LastCommon:
    """What is in common, without the note that this worker is sending."""
    return replace(last, holder=None) if last.holder is not None and last.holder.token == token() else last
