"""What one contact got and did: mailings, mailings of campaigns, forms."""

from sandbox.spotler.call import Call
from sandbox.spotler.paging import requested_history_page
from sandbox.spotler.resources.mailings import mailing_view
from sandbox.spotler.resources.reports import bounce_type
from sandbox.spotler.resources.views import campaign_mailing_view
from sandbox.spotler.routing import PAGE, Route
from sandbox.spotler.store.contacts import Contact
from sandbox.spotler.store.events import Event, EventKind
from sandbox.spotler.wire import Answer, json_answer


def mailing_history(call: Call, external_id: str) -> Answer:
    """The ordinary mailings that a contact was sent."""
    return _history(call, external_id, in_campaign=False)


def campaign_mailing_history(call: Call, external_id: str) -> Answer:
    """The mailings that campaigns sent to a contact."""
    return _history(call, external_id, in_campaign=True)


def form_history(call: Call, external_id: str) -> Answer:
    """The forms that a contact filled in."""
    contact = call.contact(external_id)
    page = call.page()
    events = call.world.log.of_contact(contact, EventKind.FORM)
    views = [
        {
            "form": {"id": form.id, "name": form.name, "formSubType": form.sub_type, "formState": form.state},
            "formResultId": event.id,
            "submitDate": call.iso(event.date),
            "completed": event.completed,
        }
        for event in page.of(events)
        if (form := call.world.forms.get(event.form or 0)) is not None
    ]
    return json_answer(call.envelope("formHistories", views, len(events), page))


def _history(call: Call, external_id: str, *, in_campaign: bool) -> Answer:
    contact = call.contact(external_id)
    page = requested_history_page(call.query)
    sent = [
        event
        for event in call.world.log.of_contact(contact, EventKind.SENT)
        if call.world.mailings[event.mailing or ""].in_campaign is in_campaign
    ]
    name = "campaignMailingHistories" if in_campaign else "mailingHistories"
    views = [_sent_view(call, contact, event) for event in page.of(sent)]
    return json_answer(call.envelope(name, views, len(sent), page))


def _sent_view(call: Call, contact: Contact, sent: Event) -> dict[str, object]:
    mailing = call.world.mailings[sent.mailing or ""]
    bounces = _same(call, contact, sent, EventKind.BOUNCED)
    view: dict[str, object] = {
        "sentDate": call.iso(sent.date),
        "opened": bool(_same(call, contact, sent, EventKind.OPENED)),
        "clicked": bool(_same(call, contact, sent, EventKind.CLICKED)),
    }
    if bounces:
        view["bounce"] = bounce_type(bounces[-1])
    if mailing.in_campaign:
        passage = {"campaignSubscriptionId": sent.passage or sent.id}
        return {"campaignMailing": campaign_mailing_view(mailing), **passage, **view}
    return {"mailing": mailing_view(call, mailing), **view}


def _same(call: Call, contact: Contact, sent: Event, kind: EventKind) -> list[Event]:
    """What else happened to this mailing at this contact, on the same passage."""
    events = call.world.log.of_contact(contact, kind)
    return [each for each in events if each.mailing == sent.mailing and each.passage == sent.passage]


ROUTES = (
    Route("GET", "/contact/{externalId}/mailings", mailing_history, query=("after",)),
    Route("GET", "/contact/{externalId}/campaign-mailings", campaign_mailing_history, query=("after",)),
    Route("GET", "/contact/{externalId}/forms", form_history, query=PAGE),
)
