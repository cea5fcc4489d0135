"""What people do, entered through the side door: mails arrive, are opened, bounce; people leave and sign up."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from sandbox.spotler.rules import lifecycle
from sandbox.spotler.rules.forms import submit
from sandbox.spotler.rules.lifecycle import happened
from sandbox.spotler.seed import FORM_ID, LINK_ID, MAILING_ID
from sandbox.spotler.side_door.shapes import Strict
from sandbox.spotler.store.contacts import Contact, Inactive
from sandbox.spotler.store.events import EventKind
from sandbox.spotler.store.world import World


class Emitted(Strict):
    """One event. The contact is named by `externalId` or `encryptedId`; a form may come from a stranger.

    `permissions`: the bits that are left (`unsubscribe`; none: everything) or ticked (`form`). `spelling`: of the type
    of a bounce in the feed of bounces, in the place of the usual one. `answers`: by form field id. `date`: when it
    happened, now if left out; the account learns of it now in any case.
    """

    type: Literal["sent", "open", "click", "bounce", "unsubscribe", "complaint", "inactivate", "form", "profile"]
    external_id: str | None = None
    encrypted_id: str | None = None
    date: datetime | None = None
    mailing: str | None = None
    passage: int | None = None
    link: int = LINK_ID
    hard: bool = True
    spelling: str = ""
    permissions: list[int] = Field(default_factory=list)
    form: int = FORM_ID
    answers: dict[int, str] = Field(default_factory=dict)
    completed: bool = True
    properties: dict[str, object] = Field(default_factory=dict)


class Events(Strict):
    """Events in the order in which they happen."""

    events: list[Emitted]


def emit(world: World, body: bytes) -> dict[str, object]:
    """Let the `Events` in the body happen. Raises `ValueError` or `ApiError` at the first that cannot."""
    wanted = Events.model_validate_json(body)
    with world.journal.by_contact():
        for event in wanted.events:
            _emit(world, event)
    return {"emitted": len(wanted.events)}


def _emit(world: World, event: Emitted) -> None:
    date = None if event.date is None else event.date.astimezone(UTC)
    if event.type == "form":
        form = world.forms.get(event.form)
        if form is None:
            raise ValueError(f"form {event.form} is unknown")
        stranger = event.external_id is None and event.encrypted_id is None
        submit(
            world,
            form,
            {field: (answer,) for field, answer in event.answers.items()},
            contact=None if stranger else _contact(world, event),
            permissions=tuple(event.permissions),
            completed=event.completed,
            date=date,
        )
        return
    contact = _contact(world, event)
    match event.type:
        case "sent":
            happened(
                world,
                EventKind.SENT,
                contact,
                date,
                mailing=_mailing(world, event),
                passage=event.passage,
            )
        case "open" | "click":
            lifecycle.opened_or_clicked(
                world,
                contact,
                _mailing(world, event),
                link=event.link if event.type == "click" else None,
                passage=event.passage,
                date=date,
            )
        case "bounce":
            mailing = _mailing(world, event)
            lifecycle.bounced(
                world,
                contact,
                mailing,
                hard=event.hard,
                spelling=event.spelling,
                passage=event.passage,
                date=date,
            )
        case "unsubscribe" | "complaint":
            lifecycle.unsubscribed(
                world,
                contact,
                tuple(event.permissions) if event.type == "unsubscribe" else (),
                mailing=event.mailing and _mailing(world, event),
                date=date,
                reason=Inactive.OPT_OUT if event.type == "unsubscribe" else Inactive.COMPLAINT,
            )
        case "inactivate":
            lifecycle.inactivate(world, contact, date)
        case "profile":
            lifecycle.profile_edited(world, contact, event.properties)


def _contact(world: World, event: Emitted) -> Contact:
    if event.external_id is None:
        found = world.contacts.by_encrypted_id(event.encrypted_id or "")
    else:
        fields = dict.fromkeys(credential.field for credential in world.settings.credentials)
        hits = (world.contacts.by_external_id(field, event.external_id) for field in fields)
        found = next((hit for hit in hits if hit is not None), None)
    if found is None:
        raise ValueError(f"contact {event.external_id or event.encrypted_id} is unknown")
    return found


def _mailing(world: World, event: Emitted) -> str:
    mailing = event.mailing or MAILING_ID
    if mailing not in world.mailings:
        raise ValueError(f"mailing {mailing} is unknown")
    return mailing
