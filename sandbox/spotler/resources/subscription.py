"""Subscribing somebody whose external id need not be known."""

from sandbox.spotler.call import Call
from sandbox.spotler.resources.contacts import draft_of
from sandbox.spotler.routing import Route
from sandbox.spotler.rules.writing import change, save
from sandbox.spotler.settings import Dedupe
from sandbox.spotler.wire import NO_CONTENT, Answer


def subscribe(call: Call) -> Answer:
    """The body is the contact itself; it is created or updated by the de-duplication rule of the account."""
    draft = draft_of(call.fields())
    known = call.find_contact(draft.external_id) if draft.external_id else None
    if known is not None and call.world.settings.dedupe is not Dedupe.EMAIL:
        change(call.world, call.credential.field, known, draft, purge=False)
    else:
        save(call.world, call.credential.field, draft, update=True, purge=False)
    return NO_CONTENT


ROUTES = (Route("POST", "/subscription/subscribe", subscribe),)
