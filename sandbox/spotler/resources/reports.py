"""What reports over a mailing have in common: how an open, a click or a bounce looks, and how they are paged."""

from collections.abc import Callable, Sequence

from sandbox.spotler.call import Call
from sandbox.spotler.store.events import Event
from sandbox.spotler.wire import Answer, json_answer

type View = Callable[[Event], dict[str, object]]


def bounce_type(event: Event) -> str:
    """The spelling that everything but the interaction feeds uses."""
    return "HARDBOUNCE" if event.hard else "SOFTBOUNCE"


def open_view(call: Call, event: Event) -> dict[str, object]:
    """When."""
    return {"openDate": call.iso(event.date)}


def click_view(call: Call, event: Event) -> dict[str, object]:
    """When and where to."""
    return {"clickDate": call.iso(event.date), "linkId": event.link}


def bounce_view(call: Call, event: Event) -> dict[str, object]:
    """When and of which kind."""
    return {"bounceDate": call.iso(event.date), "type": bounce_type(event)}


def events_page(call: Call, name: str, events: Sequence[Event], view: View) -> Answer:
    """The page that is asked for, oldest event first."""
    page = call.page()
    ordered = sorted(events, key=lambda event: (event.date, event.id))
    return json_answer(call.envelope(name, [view(e) for e in page.of(ordered)], len(ordered), page))
