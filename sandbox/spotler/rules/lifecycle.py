"""The life of a contact: what people do, and how contacts leave the base.

```
active ── hard bounce, four soft bounces in a row ──► inactive ── another address ──► active
   ├──── inactivated by a caller ───────────────────► inactive
   ├──── opt-out of everything, spam complaint ─────► opted out (writes are refused)
   └──── anonymised ────────────────────────────────► gone; only statistics stay
```
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict, Unpack

from sandbox.spotler.properties import EMAIL, PERMISSIONS
from sandbox.spotler.rules.writing import write_values
from sandbox.spotler.store.contacts import Contact, Inactive
from sandbox.spotler.store.events import Event, EventKind
from sandbox.spotler.store.world import World

#: From here on a contact is no longer kept for mailing.
SOFT_BOUNCES_IN_ROW = 4


class EventDetails(TypedDict, total=False):
    """The parts of an event that only some kinds have; see `Event`."""

    mailing: str | None
    passage: int | None
    link: int | None
    hard: bool
    spelling: str
    reason: str
    bits: tuple[int, ...]
    form: int | None
    answers: tuple[tuple[int, tuple[str, ...]], ...]
    completed: bool
    conversion: str
    value: int


def happened(
    world: World,
    kind: EventKind,
    contact: Contact | None,
    date: datetime | None = None,
    **details: Unpack[EventDetails],
) -> Event:
    """Write an event into the log; without a date it happens now."""
    now = world.clock.now()
    event = Event(id=world.log.next_id(), kind=kind, contact=contact, date=date or now, changed=now, **details)
    world.log.add(event)
    return event


def opened_or_clicked(
    world: World,
    contact: Contact,
    mailing: str,
    *,
    link: int | None = None,
    passage: int | None = None,
    date: datetime | None = None,
) -> Event:
    """The contact opened a mailing or followed a link in it, so its address works."""
    contact.soft_bounces_in_row = 0
    kind = EventKind.OPENED if link is None else EventKind.CLICKED
    return happened(world, kind, contact, date, mailing=mailing, link=link, passage=passage)


def bounced(
    world: World,
    contact: Contact,
    mailing: str,
    *,
    hard: bool,
    spelling: str = "",
    passage: int | None = None,
    date: datetime | None = None,
) -> Event:
    """A mailing came back."""
    event = happened(
        world, EventKind.BOUNCED, contact, date, mailing=mailing, hard=hard, spelling=spelling, passage=passage
    )
    contact.soft_bounces_in_row = 0 if hard else contact.soft_bounces_in_row + 1
    if hard:
        _deactivate(world, contact, Inactive.HARD_BOUNCE)
    elif contact.soft_bounces_in_row >= SOFT_BOUNCES_IN_ROW:
        _deactivate(world, contact, Inactive.SOFT_BOUNCES)
    return event


def unsubscribed(
    world: World,
    contact: Contact,
    bits: tuple[int, ...] = (),
    *,
    mailing: str | None = None,
    date: datetime | None = None,
    reason: Inactive = Inactive.OPT_OUT,
) -> Event:
    """The contact left some permissions or, without bits, everything."""
    event = happened(world, EventKind.OPTED_OUT, contact, date, mailing=mailing, bits=bits, reason=reason.value)
    everything = not bits
    off = world.schema.permission_bits() if everything else frozenset(bits)
    now = contact.values.get(PERMISSIONS)
    left = (now if isinstance(now, frozenset) else frozenset[int]()) - off
    write_values(world, contact, {**contact.values, PERMISSIONS: left})
    if everything:
        contact.inactive = reason
    record(world, "contact.unsubscribed", contact, bits=list(bits), everything=everything)
    return event


def profile_edited(world: World, contact: Contact, properties: Mapping[str, object]) -> None:
    """The contact changed its own data on a profile page. Raises `ContactRefused` for a wrong value."""
    values = world.schema.changed(contact.values, properties, purge=False)
    if values.get(EMAIL) != contact.email:
        contact.soft_bounces_in_row = 0
        if contact.inactive is not None and contact.inactive.ends_with_new_address:
            contact.inactive = None
    write_values(world, contact, values)
    record(world, "contact.updated", contact, changed=sorted(properties))


def subscribed(world: World, properties: Mapping[str, object]) -> Contact:
    """Somebody filled in a subscription form: found by address, or new and without an external id."""
    email = properties.get(EMAIL)
    found = next(iter(world.contacts.by_email(email)), None) if isinstance(email, str) else None
    if found is not None:
        profile_edited(world, found, properties)
        return found
    values = world.schema.changed({}, properties, purge=True)
    contact = world.contacts.create(world.clock.now())
    world.contacts.set_values(contact, values)
    record(world, "contact.created", contact, properties=sorted(values))
    return contact


def inactivate(world: World, contact: Contact, date: datetime | None = None) -> None:
    """Nothing is mailed to the contact any more; its data stays as it is."""
    happened(world, EventKind.INACTIVATED, contact, date, reason=Inactive.INACTIVATED.value)
    _deactivate(world, contact, Inactive.INACTIVATED)


def anonymise(world: World, contact: Contact) -> None:
    """Take away everything personal; ids and address become free, runs and memberships end."""
    record(world, "contact.anonymized", contact)
    now = world.clock.now()
    for field in tuple(contact.external_ids):
        world.contacts.set_external_id(contact, field, None)
    write_values(world, contact, {})
    contact.anonymised = True
    world.tags.take_all(contact.key)
    world.automation_runs.end_all(contact.key, now)
    world.campaign_runs.end_all(contact.key, now)
    for audience in world.audiences.values():
        audience.members.discard(contact.key)
    for templist in world.templists:
        templist.members.discard(contact.key)


def record(world: World, effect: str, contact: Contact, **detail: object) -> None:
    """Journal an effect on a contact under its id, whichever field that stands in."""
    external_id = next(iter(contact.external_ids.values()), None)
    world.journal.record(effect, external_id, **detail)


def _deactivate(world: World, contact: Contact, reason: Inactive) -> None:
    if contact.inactive is None:
        contact.inactive = reason
        contact.last_changed = world.clock.now()
        record(world, "contact.inactivated", contact, reason=reason.value)
