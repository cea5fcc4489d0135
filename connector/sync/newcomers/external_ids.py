"""Giving a contact of Spotler the id of its row (its External Id), without ever touching another contact.

Spotler finds the contact by its address, which works only if the account's rule for duplicates has the address in it. A
wrong guess would make a second contact or take somebody else's, so:

    who has the address? ─┬─ this contact alone ──► write ──► read again ─┬─ this contact ──────► TIED
                          ├─ others too ──────────► SEVERAL               ├─ one made just now ─► removed; RULE
                          └─ nobody, or another ──► MOVED                 └─ another one ───────► WRONG

Writing may be repeated: a contact that has the id already is TIED.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from connector import telemetry
from connector.errors import ConnectorError, Misconfigured, Transient
from connector.services import Services
from connector.spotler import ContactData, SpotlerContact
from connector.words import marked

log = logging.getLogger(__name__)

OPERATION: Final = "new subscribers"
#: How far the clocks of Spotler and of this machine may be apart.
_CLOCKS_DIFFER: Final = timedelta(minutes=2)


class Tie(StrEnum):
    """What became of the External Id of a contact; the value is how it is counted in the log."""

    TIED = "with their External Id"
    SEVERAL = marked("without External Id: several contacts have the address")
    DOUBLE = "without External Id: the record has another contact already"
    MOVED = "without External Id: not found by their address"
    RULE = "without External Id: Spotler does not find contacts by their address"
    WRONG = "without External Id: Spotler wrote another contact"
    REFUSED = "without External Id: refused by Spotler"


class NotFoundByAddress(Misconfigured):
    """Spotler does not find contacts by their e-mail address, so it cannot be told the ids of new records."""

    code = "SPOTLER_DUPLICATE_RULE"
    advice = "Add the e-mail address to the rule for duplicates of the Spotler account."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A contact that is to get an id.

    Attributes:
        contact: as Spotler showed it.
        row_id: the id.
        holders: all contacts that have its address.
        is_new: whether the row was made just now, so that no contact can have its id.
        properties: what else Spotler is told.
    """

    contact: SpotlerContact
    row_id: str
    holders: Sequence[SpotlerContact]
    is_new: bool = False
    properties: Mapping[str, object] = field(default_factory=dict)


def look_up(services: Services, contacts: Sequence[SpotlerContact]) -> list[list[SpotlerContact] | ConnectorError]:
    """All contacts that have the address of each of these, as Spotler has them now.

    Spotler has just shown them, so where it finds nobody it is asked a second time: a subscriber whose contact is not
    found gets no External Id until the contact changes again.
    """

    def holders(contact: SpotlerContact) -> list[SpotlerContact]:
        address = contact.email or ""
        return services.spotler.search_by_email(address) or services.spotler.search_by_email(address)

    return _each(services, contacts, holders)


def is_same(contact: SpotlerContact, other: SpotlerContact) -> bool:
    """Whether these are one contact of Spotler, by Spotler's own id."""
    if contact.encrypted_id is None or other.encrypted_id is None:
        return contact.created is not None and contact.created == other.created and contact.email == other.email
    return contact.encrypted_id == other.encrypted_id


def tie(services: Services, wanted: Sequence[Wanted]) -> list[Tie | ConnectorError]:
    """Give contacts their ids; the results in the order of the contacts."""
    checked = _each(services, wanted, partial(_obstacle, services))
    results = {index: result for index, result in enumerate(checked) if result is not None}
    ready = [index for index, result in enumerate(checked) if result is None]
    # The first one alone: it shows whether Spotler finds contacts by their address.
    for part in (ready[:1], ready[1:]):
        began = services.now()
        written = _write(services, [wanted[index] for index in part])
        refused = {index: result for index, result in zip(part, written, strict=True) if result is not None}
        sent = [index for index in part if index not in refused]
        read = _each(services, [wanted[index] for index in sent], partial(_after, services, began))
        results |= refused | dict(zip(sent, read, strict=True))
        if any(result is Tie.RULE for result in read):
            telemetry.log_problem(log, NotFoundByAddress(), operation=OPERATION)
            break
    return [results.get(index, Tie.RULE) for index in range(len(wanted))]


def _obstacle(services: Services, each: Wanted) -> Tie | None:
    """Why the id may not be written; None if it may."""
    mine = [other for other in each.holders if is_same(each.contact, other)]
    if not mine:
        return Tie.MOVED
    if len(each.holders) > 1:
        return Tie.SEVERAL
    holder = None if each.is_new else services.spotler.get_contact(each.row_id)
    if holder is None:
        return None
    return Tie.TIED if is_same(each.contact, holder) else Tie.DOUBLE


def _write(services: Services, wanted: Sequence[Wanted]) -> list[Tie | ConnectorError | None]:
    """Write the ids; None for each contact that was written."""
    if not wanted:
        return []
    data = [ContactData(each.row_id, {"email": each.contact.email, **each.properties}) for each in wanted]
    try:
        results = services.spotler.upsert_contacts(data)
    except ConnectorError as error:
        return [error for _ in wanted]
    return [_refusal(result.error) for result in results]


def _refusal(error: ConnectorError | None) -> Tie | ConnectorError | None:
    if error is None or isinstance(error, Transient | Misconfigured):
        return error
    telemetry.log_problem(log, error, operation=OPERATION)
    return Tie.REFUSED


def _after(services: Services, began: datetime, each: Wanted) -> Tie:
    """Which contact has the id now.

    Raises:
        Transient: none has it yet.
    """
    found = services.spotler.get_contact(each.row_id)
    if found is None:
        raise Transient("Spotler does not show the contact under its new External Id yet.")
    if is_same(each.contact, found):
        return Tie.TIED
    if found.made_on is None or found.made_on < began - _CLOCKS_DIFFER:
        return Tie.WRONG
    # Nobody had the id before the call, and this contact was made by it: a double of the subscriber.
    services.spotler.anonymize(each.row_id)
    return Tie.RULE


def _each[T, R](services: Services, items: Sequence[T], call: Callable[[T], R]) -> list[R | ConnectorError]:
    """The results of a call for each item, several at the same time; an error for those that failed."""
    calls = [services.pool.submit(call, item) for item in items]
    results: list[R | ConnectorError] = []
    for each in calls:
        error = each.exception()
        if error is not None and not isinstance(error, ConnectorError):
            raise error
        results.append(each.result() if error is None else error)
    return results
