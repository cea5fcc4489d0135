"""Contacts and mailings as reads show them."""

from sandbox.spotler.call import Call
from sandbox.spotler.rules.writing import channels
from sandbox.spotler.store.contacts import Contact
from sandbox.spotler.store.mailings import Link, Mailing


def contact_view(call: Call, contact: Contact) -> dict[str, object]:
    """A whole contact; without an id in the caller's field it comes without `externalId`."""
    reachable = channels(call.world, contact.values, contact.inactive)
    view: dict[str, object] = {} if (own := call.external_id(contact)) is None else {"externalId": own}
    view |= {
        "created": call.contact_date(contact.created),
        "encryptedId": contact.encrypted_id,
        "testGroup": contact.test_group,
        "lastChanged": call.contact_date(contact.last_changed),
        "temporary": contact.temporary,
        "properties": _properties(call, contact),
        "channels": [
            {"name": "EMAIL", "value": reachable.email},
            {"name": "SMS", "value": reachable.sms},
        ],
    }
    return view


def _properties(call: Call, contact: Contact) -> dict[str, object]:
    schema = call.world.schema
    timestamps = call.world.settings.date_properties_as_timestamps
    shown = schema.rendered(contact.values, call.zone, dates_as_timestamps=timestamps)
    return {name: value for name, value in shown.items() if schema.visible(name) is not None}


def contact_identifier(call: Call, contact: Contact | None) -> dict[str, object]:
    """Both ids of a contact, as far as it has them."""
    if contact is None:
        return {"encryptedId": ""}
    own = call.external_id(contact)
    return {"encryptedId": contact.encrypted_id, **({} if own is None else {"externalId": own})}


def link_view(link: Link) -> dict[str, object]:
    """A link in a mailing."""
    view: dict[str, object] = {"id": link.id, "name": link.name, "url": link.url}
    return view if link.type is None else {**view, "type": link.type}


def message_view(mailing: Mailing) -> dict[str, object]:
    """The message that a mailing sends."""
    return {
        "name": mailing.name,
        "author": "Sandbox",
        "subject": mailing.subject,
        "fromName": "Sandbox",
        "fromEmail": "news@mail.example",
    }


def campaign_mailing_view(mailing: Mailing) -> dict[str, object]:
    """A mailing of a campaign."""
    return {"encryptedId": mailing.encrypted_id, "name": mailing.name, "type": mailing.type}
