"""The mailings that campaigns send, and their results on each passage of a contact."""

from collections.abc import Sequence

from sandbox.spotler.call import Call
from sandbox.spotler.errors import invalid
from sandbox.spotler.resources.mailings import find_mailing
from sandbox.spotler.resources.reports import bounce_view, click_view, events_page, open_view
from sandbox.spotler.resources.views import (
    campaign_mailing_view,
    contact_identifier,
    link_view,
    message_view,
)
from sandbox.spotler.routing import INTERVAL, PAGE, Route
from sandbox.spotler.store.events import Event, EventKind
from sandbox.spotler.wire import Answer, json_answer


def get_campaign_mailing(call: Call, encrypted_id: str) -> Answer:
    """One mailing with message and links."""
    mailing = find_mailing(call, encrypted_id, in_campaign=True)
    return json_answer(
        {
            **campaign_mailing_view(mailing),
            "message": message_view(mailing),
            "links": [link_view(link) for link in mailing.links],
        }
    )


def recipients(call: Call, encrypted_id: str) -> Answer:
    """Whom it was sent to."""
    events = _events(call, encrypted_id, EventKind.SENT)
    return events_page(call, "recipients", events, lambda e: {**_who(call, e), "sendDate": call.iso(e.date)})


def opens(call: Call, encrypted_id: str) -> Answer:
    """Opens with images loaded; the total is these plus the contacts that clicked."""
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


def passage_opens(call: Call, encrypted_id: str, passage: str) -> Answer:
    """When it was opened on one passage."""
    events = _of_passage(_events(call, encrypted_id, EventKind.OPENED), passage)
    return events_page(call, "opens", events, lambda e: open_view(call, e))


def passage_clicks(call: Call, encrypted_id: str, passage: str) -> Answer:
    """When which link was followed on one passage."""
    events = _of_passage(_events(call, encrypted_id, EventKind.CLICKED), passage)
    return events_page(call, "clicks", events, lambda e: click_view(call, e))


def _events(call: Call, encrypted_id: str, kind: EventKind) -> Sequence[Event]:
    mailing = find_mailing(call, encrypted_id, in_campaign=True)
    start, end = call.date("fromDate"), call.date("toDate")
    return [
        event
        for event in call.world.log.of_mailing(mailing.encrypted_id, kind)
        if (start is None or start <= event.date) and (end is None or event.date < end)
    ]


def _passage(event: Event) -> int:
    """An event that was emitted without a passage is one of its own."""
    return event.passage or event.id


def _of_passage(events: Sequence[Event], passage: str) -> Sequence[Event]:
    if not (passage.isascii() and passage.isdigit()):
        raise invalid("campaignSubscriptionId must be a whole number")
    return [event for event in events if _passage(event) == int(passage)]


def _who(call: Call, event: Event) -> dict[str, object]:
    return {
        "contactIdentifier": contact_identifier(call, event.contact),
        "campaignSubscriptionId": _passage(event),
    }


_QUERY = (*INTERVAL, *PAGE)
_ONE = "/campaign-mailing/{encryptedMailingId}"
ROUTES = (
    Route("GET", _ONE, get_campaign_mailing),
    Route("GET", f"{_ONE}/recipients", recipients, query=_QUERY),
    Route("GET", f"{_ONE}/opens", opens, query=_QUERY),
    Route("GET", f"{_ONE}/clicks", clicks, query=_QUERY),
    Route("GET", f"{_ONE}/bounces", bounces, query=_QUERY),
    Route("GET", f"{_ONE}/opens/{{campaignSubscriptionId}}", passage_opens, query=_QUERY),
    Route("GET", f"{_ONE}/clicks/{{campaignSubscriptionId}}", passage_clicks, query=_QUERY),
)
