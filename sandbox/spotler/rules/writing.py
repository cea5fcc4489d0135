"""Writing a contact: found or new, whole or in part, and the reasons for which it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.spotler.errors import (
    ApiError,
    BatchCode,
    ContactRefused,
    ErrorType,
    invalid,
    unknown_contact,
)
from sandbox.spotler.properties import EMAIL, MAX_TEXT, Value
from sandbox.spotler.settings import Dedupe
from sandbox.spotler.store.contacts import Contact, Inactive
from sandbox.spotler.store.world import World

_OPTED_OUT = {Inactive.OPT_OUT, Inactive.COMPLAINT}


@dataclass(frozen=True, slots=True)
class Draft:
    """A contact as a caller wants it; None is "not given"."""

    external_id: str | None
    properties: Mapping[str, object]
    test_group: bool | None = None


@dataclass(frozen=True, slots=True)
class Channels:
    """The ways in which a contact can be reached."""

    email: bool
    sms: bool


def channels(world: World, values: Mapping[str, Value], inactive: Inactive | None) -> Channels:
    """A bounce closes the e-mail channel, every other reason closes both."""
    sms_open = inactive is None or inactive.ends_with_new_address
    return Channels(
        email=EMAIL in values and inactive is None,
        sms=world.schema.mobile_property() in values and sms_open,
    )


def save(world: World, field: str, draft: Draft, *, update: bool, purge: bool) -> Contact:
    """Insert or, with `update`, change the contact that the account recognises in the draft.

    Raises `ContactRefused`; nothing is written then.
    """
    found = recognised(world, field, draft)
    if found is None:
        if update and not world.settings.post_update_true_creates:
            raise ContactRefused(
                ErrorType.CONTACT_NOT_FOUND,
                str(unknown_contact(draft.external_id or "")),
                BatchCode.CONTACT_UNKNOWN,
            )
        return insert(world, field, draft)
    if not update:
        raise ContactRefused(
            ErrorType.CONTACT_ALREADY_EXISTS,
            "A contact with this id or address already exists",
            BatchCode.CONTACT_ALREADY_EXISTS,
        )
    change(world, field, found, draft, purge=purge)
    return found


def change(world: World, field: str, contact: Contact, draft: Draft, *, purge: bool) -> None:
    """Write the draft over a contact. Raises `ContactRefused` or `ApiError`; nothing is written then."""
    if contact.inactive in _OPTED_OUT:
        raise ContactRefused(ErrorType.CONTACT_OPTOUT, "The contact has opted out", BatchCode.CONTACT_OPTOUT)
    check_external_id(draft.external_id)
    old_id = contact.external_ids.get(field)
    new_id = draft.external_id or old_id
    if new_id is not None and new_id != old_id and world.contacts.by_external_id(field, new_id) is not None:
        raise ApiError(ErrorType.ID_NOTUNIQUE, f"External id {new_id} belongs to another contact")
    values = world.schema.changed(contact.values, draft.properties, purge=purge)
    new_address = values.get(EMAIL) != contact.email
    inactive = contact.inactive
    if inactive is not None and inactive.ends_with_new_address and new_address:
        inactive = None
    _require_channel(world, values, inactive)

    changed = sorted(_differing(contact.values, values))
    if new_id != old_id:
        world.contacts.set_external_id(contact, field, new_id)
        changed.append("externalId")
    if draft.test_group is not None and draft.test_group != contact.test_group:
        contact.test_group = draft.test_group
        changed.append("testGroup")
    if new_address:
        contact.inactive, contact.soft_bounces_in_row = inactive, 0
    if changed:
        write_values(world, contact, values)
        world.journal.record("contact.updated", contact.external_ids.get(field), changed=changed)


def write_values(world: World, contact: Contact, values: dict[str, Value]) -> None:
    """Replace the values of a contact, which makes it a changed one."""
    world.contacts.set_values(contact, values)
    contact.last_changed = world.clock.now()


def check_external_id(external_id: str | None) -> None:
    """Raise for an id that no field can hold."""
    if external_id is not None and not 0 < len(external_id) <= MAX_TEXT:
        raise invalid(f"externalId must have 1 to {MAX_TEXT} characters")


def recognised(world: World, field: str, draft: Draft) -> Contact | None:
    """The contact that the de-duplication rule of the account takes the draft for."""
    rule = world.settings.dedupe
    if rule is not Dedupe.EMAIL and draft.external_id is not None:
        found = world.contacts.by_external_id(field, draft.external_id)
        if found is not None:
            return found
    email = draft.properties.get(EMAIL)
    if rule is not Dedupe.EXTERNAL_ID and isinstance(email, str):
        return next(iter(world.contacts.by_email(email)), None)
    return None


def insert(world: World, field: str, draft: Draft) -> Contact:
    """Create a contact. Raises `ContactRefused` or `ApiError`; nothing is written then."""
    check_external_id(draft.external_id)
    if draft.external_id is not None and world.contacts.by_external_id(field, draft.external_id):
        raise ApiError(ErrorType.ID_NOTUNIQUE, f"External id {draft.external_id} belongs to another contact")
    values = world.schema.changed({}, draft.properties, purge=True)
    _require_channel(world, values, None)
    contact = world.contacts.create(world.clock.now())
    contact.test_group = bool(draft.test_group)
    if draft.external_id is not None:
        world.contacts.set_external_id(contact, field, draft.external_id)
    world.contacts.set_values(contact, values)
    world.journal.record("contact.created", draft.external_id, properties=sorted(values))
    return contact


def _require_channel(world: World, values: Mapping[str, Value], inactive: Inactive | None) -> None:
    reachable = channels(world, values, inactive)
    if not (reachable.email or reachable.sms):
        raise ContactRefused(ErrorType.INVALID_STATE, "The contact has no active channel", BatchCode.NO_ACTIVE_CHANNEL)


def _differing(old: Mapping[str, Value], new: Mapping[str, Value]) -> set[str]:
    """Names of what really changed; a set nobody ever touched equals one with all bits off, and 0 is a value."""
    none_on: Value = frozenset()
    return {name for name in old.keys() | new.keys() if old.get(name, none_on) != new.get(name, none_on)}
