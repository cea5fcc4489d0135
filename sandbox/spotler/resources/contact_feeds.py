"""What changed since: contacts that were written, mails that bounced, people who opted out.

The frozen base answers bare arrays, the newest one an envelope with `paging`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sandbox.spotler.call import Call
from sandbox.spotler.properties import PERMISSIONS
from sandbox.spotler.resources.reports import bounce_type
from sandbox.spotler.resources.views import contact_view
from sandbox.spotler.routing import INTERVAL, PAGE, Route
from sandbox.spotler.store.contacts import Contact, Inactive
from sandbox.spotler.store.events import Event, EventKind
from sandbox.spotler.wire import Answer, json_answer

#: How the feed of bounces spells other reasons for which a contact is inactive.
_REASONS = {
    Inactive.OPT_OUT.value: "OPTOUT",
    Inactive.COMPLAINT.value: "FEEDBACKLOOP",
    Inactive.INACTIVATED.value: "MANUAL",
}


def updated_contacts(call: Call) -> Answer:
    """Every contact once, with its last change, whoever made it; oldest change first."""
    return _feed(
        call,
        "contacts",
        (contact for contact in call.world.contacts if not contact.anonymised),
        lambda contact: (contact.last_changed, contact.key),
        lambda contact: contact_view(call, contact),
    )


def bounced_contacts(call: Call) -> Answer:
    """Every bounce; with the extension, also what else made contacts inactive."""

    def view(event: Event) -> dict[str, object]:
        return {
            "date": call.contact_date(event.date),
            "type": _REASONS.get(event.reason) or event.spelling or bounce_type(event),
            "contact": _contact(call, event.contact),
            "encryptedActId": event.mailing,
        }

    events = [*call.world.log.of_kind(EventKind.BOUNCED)]
    if call.world.settings.extensions.inactive_causes:
        events += [event for event in call.world.log.of_kind(EventKind.OPTED_OUT) if not event.bits]
        events += call.world.log.of_kind(EventKind.INACTIVATED)
    return _feed(call, "bounces", events, _by_date, view)


def opted_out_contacts(call: Call) -> Answer:
    """Every unsubscribe, of some permissions or of everything."""
    options = call.world.schema.properties[PERMISSIONS].options

    def view(event: Event) -> dict[str, object]:
        view: dict[str, object] = {
            "date": call.contact_date(event.date),
            "scope": "PERMISSION" if event.bits else "GLOBAL",
            "permissions": [
                {"bit": option.bit, "description": option.description, "enabled": False}
                for option in options
                if option.bit in event.bits or not event.bits
            ],
            "contact": _contact(call, event.contact),
        }
        return view if event.mailing is None else {**view, "encryptedActId": event.mailing}

    events = call.world.log.of_kind(EventKind.OPTED_OUT)
    return _feed(call, "optOuts", events, _by_date, view)


def _by_date(event: Event) -> tuple[datetime, int]:
    return event.date, event.id


def _contact(call: Call, contact: Contact | None) -> dict[str, object]:
    return {} if contact is None else contact_view(call, contact)


def _feed[T](
    call: Call,
    name: str,
    records: Iterable[T],
    order: Callable[[T], tuple[datetime, int]],
    view: Callable[[T], dict[str, object]],
) -> Answer:
    """The records of an interval, its start included and its end not, one page of them."""
    start, end = call.required_date("fromDate"), call.required_date("toDate")
    page = call.page(size_required=call.dialect.envelope_for_contact_lists)
    inside: Sequence[T] = sorted((each for each in records if start <= order(each)[0] < end), key=order)
    views = [view(each) for each in page.of(inside)]
    if not call.dialect.envelope_for_contact_lists:
        return json_answer(views)
    return json_answer(call.envelope(name, views, len(inside), page))


_QUERY = (*INTERVAL, *PAGE)
ROUTES = (
    Route("GET", "/contact/updates/list", updated_contacts, query=_QUERY),
    Route("GET", "/contact/bounces/list", bounced_contacts, query=_QUERY),
    Route("GET", "/contact/optouts/list", opted_out_contacts, extension="optouts", query=_QUERY),
)
