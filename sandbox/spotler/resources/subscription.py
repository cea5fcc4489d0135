"""Subscribing somebody whose external id need not be known."""

from sandbox.spotler.call import Call
from sandbox.spotler.resources.contacts import CONTACT, draft_of
from sandbox.spotler.routing import Route
from sandbox.spotler.rules.writing import change, insert, recognised
from sandbox.spotler.wire import NO_CONTENT, Answer


def subscribe(call: Call) -> Answer:
    """The body is the contact itself; it is created or updated by the de-duplication rule of the account."""
    draft, field = draft_of(call, call.fields(*CONTACT)), call.credential.field
    known = recognised(call.world, field, draft)
    if known is None:
        insert(call.world, field, draft)
    else:
        change(call.world, field, known, draft, purge=False)
    return NO_CONTENT


ROUTES = (Route("POST", "/subscription/subscribe", subscribe),)
