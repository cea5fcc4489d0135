"""Orders of the eCommerce edition; contact and products must exist first."""

from sandbox.spotler.call import Call
from sandbox.spotler.dates import parse_iso
from sandbox.spotler.errors import ApiError, ErrorType, invalid, missing
from sandbox.spotler.resources.journey_fields import require_products
from sandbox.spotler.resources.products import cents
from sandbox.spotler.routing import WITH_SHOP, Route
from sandbox.spotler.store.shop import Order
from sandbox.spotler.wire import NO_CONTENT, Answer, Fields

_ORDER = ("externalId", "externalContactId", "date", "value", "externalProductIds")


def insert_order(call: Call) -> Answer:
    """Insert, or with `update` insert or change."""
    body = call.fields("update", "order")
    order = _order(call, body.required_object("order", *_ORDER))
    if order.external_id in call.world.shop.orders and not body.flag("update"):
        raise ApiError(ErrorType.ID_NOTUNIQUE, f"Order {order.external_id} exists already")
    return _save(call, order)


def update_order(call: Call, external_id: str) -> Answer:
    """Change one that exists."""
    _require(call, external_id)
    order = _order(call, call.fields("update", "order").required_object("order", *_ORDER))
    if order.external_id != external_id:
        raise invalid("externalId in the body differs from the path")
    return _save(call, order)


def delete_order(call: Call, external_id: str) -> Answer:
    """Delete one."""
    _require(call, external_id)
    del call.world.shop.orders[external_id]
    call.world.journal.record("order.deleted", None, order=external_id)
    return NO_CONTENT


def _order(call: Call, order: Fields) -> Order:
    external_id = order.required_text("externalId")
    contact_id = order.required_text("externalContactId")
    date = parse_iso(order.required_text("date"), call.zone)
    if date is None:
        raise invalid("date is not a valid date")
    value = cents(order.required_text("value"), "value")
    products = order.texts("externalProductIds")
    if not products:
        raise invalid("externalProductIds is missing or empty")
    contact = call.referenced_contact(contact_id)
    require_products(call.world, products)
    return Order(external_id=external_id, contact=contact.key, date=date, value=value, products=tuple(products))


def _save(call: Call, order: Order) -> Answer:
    call.world.shop.orders[order.external_id] = order
    call.world.journal.record("order.saved", None, order=order.external_id)
    return NO_CONTENT


def _require(call: Call, external_id: str) -> None:
    if external_id not in call.world.shop.orders:
        raise missing(ErrorType.ORDER_NOTFOUND, f"Order {external_id}")


ROUTES = (
    Route("POST", "/order", insert_order, editions=WITH_SHOP),
    Route("PUT", "/order/{externalOrderId}", update_order, editions=WITH_SHOP),
    Route("DELETE", "/order/{externalOrderId}", delete_order, editions=WITH_SHOP),
)
