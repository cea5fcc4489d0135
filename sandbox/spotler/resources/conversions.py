"""What a visitor did in the shop after following a link of a mailing."""

from sandbox.spotler.call import Call
from sandbox.spotler.dates import parse_iso
from sandbox.spotler.errors import ErrorType, invalid, unknown_reference
from sandbox.spotler.resources.journey_fields import require_products
from sandbox.spotler.resources.products import cents
from sandbox.spotler.routing import WITH_SHOP, Route
from sandbox.spotler.rules.lifecycle import happened
from sandbox.spotler.store.events import EventKind
from sandbox.spotler.wire import NO_CONTENT, Answer

_TYPES = ("CREATE_SHOPPINGCART", "CONVERT_SHOPPINGCART")


def create_conversion(call: Call) -> Answer:
    """`mailplusId` names mailing and contact; here it is their encrypted ids with a full stop between."""
    body = call.fields("mailplusId", "type", "value", "interactionDate", "products")
    mailing_id, stop, contact_id = body.required_text("mailplusId").partition(".")
    if not stop:
        raise invalid("mailplusId is malformed")
    # The published list has a stray blank before the second type.
    kind = body.required_text("type").strip()
    if kind not in _TYPES:
        raise invalid("type is unknown")
    value = body.text("value")
    amount = 0 if value is None else cents(value, "value")
    date = parse_iso(body.required_text("interactionDate"), call.zone)
    if date is None:
        raise invalid("interactionDate is not a valid date")
    if mailing_id not in call.world.mailings:
        raise unknown_reference(ErrorType.MAILING_NOTFOUND, f"Activity {mailing_id}")
    contact = call.world.contacts.by_encrypted_id(contact_id)
    if contact is None:
        raise unknown_reference(ErrorType.CONTACT_NOT_FOUND, f"Contact {contact_id}")
    require_products(call.world, body.texts("products") or [])
    happened(
        call.world,
        EventKind.CONVERSION,
        contact,
        date,
        mailing=mailing_id,
        conversion=kind,
        value=amount,
    )
    call.world.journal.record("conversion.recorded", call.external_id(contact), type=kind)
    return NO_CONTENT


ROUTES = (Route("POST", "/conversion", create_conversion, editions=WITH_SHOP),)
