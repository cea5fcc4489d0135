"""Ordinary mailings and their results."""

from collections.abc import Sequence

from sandbox.spotler.call import Call
from sandbox.spotler.errors import ApiError, ErrorType, missing
from sandbox.spotler.resources.reports import bounce_view, click_view, events_page, open_view
from sandbox.spotler.resources.views import contact_identifier, link_view, message_view
from sandbox.spotler.routing import INTERVAL, PAGE, Route
from sandbox.spotler.store.contacts import Contact, Inactive
from sandbox.spotler.store.events import Event, EventKind
from sandbox.spotler.store.mailings import Mailing
from sandbox.spotler.wire import Answer, json_answer


def mailing_view(call: Call, mailing: Mailing) -> dict[str, object]:
    """A mailing without its content."""
    return {
        "encryptedId": mailing.encrypted_id,
        "name": mailing.name,
        "scheduledStartDate": call.iso(mailing.scheduled_start),
        "type": mailing.type,
        "archiveLink": mailing.online_version,
        "sentCount": len(call.world.log.of_mailing(mailing.encrypted_id, EventKind.SENT)),
    }


def find_mailing(call: Call, encrypted_id: str, *, in_campaign: bool) -> Mailing:
    """The mailing of the path: 404 if unknown, 400 if of the other kind."""
    mailing = call.world.mailings.get(encrypted_id)
    if mailing is None:
        raise missing(ErrorType.MAILING_NOTFOUND, f"Mailing {encrypted_id}")
    if mailing.in_campaign is not in_campaign:
        raise ApiError(ErrorType.INVALID_MAILING, f"Mailing {encrypted_id} is of another kind")
    return mailing


def list_mailings(call: Call) -> Answer:
    """Those scheduled in an interval, as a bare array."""
    start, end = call.required_date("fromDate"), call.required_date("toDate")
    found = [
        mailing
        for mailing in call.world.mailings.values()
        if not mailing.in_campaign and start <= mailing.scheduled_start < end
    ]
    found.sort(key=lambda mailing: (mailing.scheduled_start, mailing.encrypted_id))
    return json_answer([mailing_view(call, mailing) for mailing in found])


def get_mailing(call: Call, encrypted_id: str) -> Answer:
    """One mailing with message and links."""
    mailing = find_mailing(call, encrypted_id, in_campaign=False)
    return json_answer(
        {
            **mailing_view(call, mailing),
            "sender": "Sandbox",
            "targetGroup": "Everybody",
            "message": message_view(mailing),
            "links": [link_view(link) for link in mailing.links],
        }
    )


def recipients(call: Call, encrypted_id: str) -> Answer:
    """Whom it was sent to."""
    events = _events(call, encrypted_id, EventKind.SENT)
    return events_page(call, "recipients", events, lambda event: _who(call, event))


def opens(call: Call, encrypted_id: str) -> Answer:
    """Who opened it and when."""
    events = _events(call, encrypted_id, EventKind.OPENED)
    return events_page(call, "opens", events, lambda e: _who(call, e) | open_view(call, e))


def clicks(call: Call, encrypted_id: str) -> Answer:
    """Who followed which link and when."""
    events = _events(call, encrypted_id, EventKind.CLICKED)
    return events_page(call, "clicks", events, lambda e: _who(call, e) | click_view(call, e))


def bounces(call: Call, encrypted_id: str) -> Answer:
    """At whom it bounced."""
    events = _events(call, encrypted_id, EventKind.BOUNCED)
    return events_page(call, "bounces", events, lambda e: _who(call, e) | bounce_view(call, e))


def contact_opens(call: Call, encrypted_id: str, external_id: str) -> Answer:
    """When one contact opened it."""
    events = _of_contact(call, _events(call, encrypted_id, EventKind.OPENED), external_id)
    return events_page(call, "opens", events, lambda e: open_view(call, e))


def contact_clicks(call: Call, encrypted_id: str, external_id: str) -> Answer:
    """When one contact followed which link."""
    events = _of_contact(call, _events(call, encrypted_id, EventKind.CLICKED), external_id)
    return events_page(call, "clicks", events, lambda e: click_view(call, e))


def statistics(call: Call, encrypted_id: str) -> Answer:
    """Counts; opens, clicks and conversions count a contact once."""
    events = {kind: _events(call, encrypted_id, kind) for kind in EventKind}
    opened = _contacts(events[EventKind.OPENED])
    clicked = _contacts(events[EventKind.CLICKED])
    bounced = events[EventKind.BOUNCED]
    hard = [event for event in bounced if event.hard]
    gone = {
        event.contact
        for event in bounced
        if event.contact is not None and event.contact.inactive is Inactive.SOFT_BOUNCES
    }
    conversions = events[EventKind.CONVERSION]
    converted = [event for event in conversions if event.conversion == "CONVERT_SHOPPINGCART"]
    return json_answer(
        {
            "sentCount": len(events[EventKind.SENT]),
            "acceptedCount": len(events[EventKind.SENT]) - len(bounced),
            "openCount": len(opened | clicked),
            "openRenderedCount": len(opened),
            "clickCount": len(clicked),
            "hardbounceCount": len(hard),
            "softbounceCount": len(bounced) - len(hard),
            "notRetainedAfterBounceCount": len(hard) + len(gone),
            "conversionClickCount": len(_contacts(conversions)),
            "unsubscribeCount": len(_contacts(events[EventKind.OPTED_OUT])),
            "toWebshopCount": len(_contacts(conversions)),
            "shoppingcartCreatedCount": len(conversions) - len(converted),
            "shoppingcartConvertedCount": len(converted),
            "conversionValue": sum(event.value for event in converted),
        }
    )


def _events(call: Call, encrypted_id: str, kind: EventKind) -> Sequence[Event]:
    mailing = find_mailing(call, encrypted_id, in_campaign=False)
    return call.world.log.of_mailing(mailing.encrypted_id, kind)


def _of_contact(call: Call, events: Sequence[Event], external_id: str) -> Sequence[Event]:
    """A contact that is unknown is a wrong parameter here, not a missing object."""
    contact = call.referenced_contact(external_id)
    return [event for event in events if event.contact is contact]


def _contacts(events: Sequence[Event]) -> set[Contact]:
    return {event.contact for event in events if event.contact is not None}


def _who(call: Call, event: Event) -> dict[str, object]:
    return {"contactIdentifier": contact_identifier(call, event.contact)}


_ONE = "/mailing/{encryptedMailingId}"
ROUTES = (
    Route("GET", "/mailing", list_mailings, query=INTERVAL),
    Route("GET", _ONE, get_mailing),
    Route("GET", f"{_ONE}/recipients", recipients, query=PAGE),
    Route("GET", f"{_ONE}/opens", opens, query=PAGE),
    Route("GET", f"{_ONE}/clicks", clicks, query=PAGE),
    Route("GET", f"{_ONE}/bounces", bounces, query=PAGE),
    Route("GET", f"{_ONE}/opens/{{externalId}}", contact_opens, query=PAGE),
    Route("GET", f"{_ONE}/clicks/{{externalId}}", contact_clicks, query=PAGE),
    Route("GET", f"{_ONE}/statistics", statistics),
)
