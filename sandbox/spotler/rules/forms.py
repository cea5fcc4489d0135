"""What filling in a form does to the base of contacts."""

from collections.abc import Mapping
from datetime import datetime

from sandbox.spotler.properties import EMAIL, PERMISSIONS
from sandbox.spotler.rules.lifecycle import happened, profile_edited, record, subscribed, unsubscribed
from sandbox.spotler.store.contacts import Contact
from sandbox.spotler.store.events import Event, EventKind
from sandbox.spotler.store.forms import Form
from sandbox.spotler.store.world import World


def submit(
    world: World,
    form: Form,
    answers: Mapping[int, tuple[str, ...]],
    *,
    contact: Contact | None = None,
    permissions: tuple[int, ...] = (),
    completed: bool = True,
    date: datetime | None = None,
) -> Event:
    """Write down a result; a completed one changes the contact. A stranger who leaves an address becomes one.

    `permissions` are the bits that the person ticked. Raises `ContactRefused` for a wrong answer.
    """
    properties: dict[str, object] = {
        each.property: ", ".join(answers[each.id])
        for each in form.fields
        if each.property is not None and each.id in answers
    }
    if permissions:
        properties[PERMISSIONS] = [{"bit": bit, "enabled": True} for bit in permissions]
    with world.journal.by_contact():
        if completed:
            contact = _changed_contact(world, form, contact, properties)
        event = happened(
            world,
            EventKind.FORM,
            contact,
            date,
            form=form.id,
            answers=tuple(answers.items()),
            completed=completed,
        )
        if contact is not None:
            record(world, "form.submitted", contact, form=form.id, completed=completed)
    return event


def _changed_contact(
    world: World, form: Form, contact: Contact | None, properties: dict[str, object]
) -> Contact | None:
    if form.sub_type == "unSubscribe" and contact is not None:
        unsubscribed(world, contact)
    elif contact is not None:
        profile_edited(world, contact, properties)
    elif EMAIL in properties:
        return subscribed(world, properties)
    return contact
