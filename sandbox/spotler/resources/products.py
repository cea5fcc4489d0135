"""Products of the eCommerce edition. Deleting one marks it; it stays readable."""

from sandbox.spotler.call import Call
from sandbox.spotler.errors import ApiError, ErrorType, invalid, missing
from sandbox.spotler.properties import MAX_TEXT
from sandbox.spotler.routing import PAGE, WITH_SHOP, Route
from sandbox.spotler.store.shop import Product
from sandbox.spotler.wire import NO_CONTENT, Answer, Fields, json_answer, number_as_text

_REQUIRED_TEXTS = ("externalId", "name", "link", "imageUrl", "imageLargeUrl")
_OPTIONAL_TEXTS = (
    *("description", "category", "gtin", "sku", "brand", "ratingImageUrl", "reviewLink"),
    *("addToCartLink", "ratingValue", "language"),
)
#: What a product is written with; the last three can only be read, and are ignored.
_PRODUCT = (
    *_REQUIRED_TEXTS,
    *_OPTIONAL_TEXTS,
    *("price", "oldPrice", "stock", "visible", "customProperties", "specifications"),
    *("deleted", "creationDate", "changeDate"),
)
_STOCK = ("LIMITED", "GOOD", "UNKNOWN")
_VISIBLE = {"true": True, "false": False}


def insert_product(call: Call) -> Answer:
    """Insert, or with `update` insert or change."""
    body = call.fields("update", "product")
    members = _members(body.required_object("product", *_PRODUCT))
    external_id = str(members["externalId"])
    products, now = call.world.shop.products, call.world.clock.now()
    if external_id in products and not body.flag("update"):
        raise ApiError(ErrorType.ID_NOTUNIQUE, f"Product {external_id} exists already")
    created = products[external_id].created if external_id in products else now
    products[external_id] = Product(external_id=external_id, members=members, created=created, changed=now)
    call.world.journal.record("product.saved", None, product=external_id)
    return NO_CONTENT


def update_product(call: Call, external_id: str) -> Answer:
    """Change one that exists."""
    product = _product(call, external_id)
    members = _members(call.fields("update", "product").required_object("product", *_PRODUCT))
    if members["externalId"] != external_id:
        raise invalid("externalId in the body differs from the path")
    product.members, product.changed, product.deleted = members, call.world.clock.now(), False
    call.world.journal.record("product.saved", None, product=external_id)
    return NO_CONTENT


def get_product(call: Call, external_id: str) -> Answer:
    """One product, deleted or not."""
    return json_answer(_view(call, _product(call, external_id)))


def delete_product(call: Call, external_id: str) -> Answer:
    """Mark it as deleted."""
    product = _product(call, external_id)
    product.deleted, product.changed = True, call.world.clock.now()
    call.world.journal.record("product.deleted", None, product=external_id)
    return NO_CONTENT


def search_products(call: Call) -> Answer:
    """`MPSearchQuery` is `member=value`; a bare array."""
    page, query = call.page(), call.query.get("MPSearchQuery")
    if not query:
        raise invalid("MPSearchQuery is missing")
    name, equals, value = query.partition("=")
    if not equals or name not in _PRODUCT:
        raise invalid("MPSearchQuery must be member=value with a member of a product")
    found = [each for each in call.world.shop.products.values() if str(each.members.get(name)) == value]
    return json_answer([_view(call, product) for product in page.of(found)])


def list_custom_properties(call: Call) -> Answer:
    """The names that products have used."""
    names: dict[str, None] = {}
    for product in call.world.shop.products.values():
        custom = product.members.get("customProperties")
        names |= dict.fromkeys(custom) if isinstance(custom, dict) else {}
    return json_answer([{"name": name} for name in names])


def cents(text: str | None, name: str) -> int:
    """An amount, which travels as a text of whole cents. Raises 400."""
    if text is None or not (text.isascii() and text.isdigit()):
        raise invalid(f"{name} must be a whole number of cents")
    return int(text)


def _members(product: Fields) -> dict[str, object]:
    members: dict[str, object] = {name: product.required_text(name) for name in _REQUIRED_TEXTS}
    cents(product.text("price"), "price")
    members["price"] = product.text("price")
    if (old_price := product.text("oldPrice")) is not None:
        cents(old_price, "oldPrice")
        members["oldPrice"] = old_price
    members |= {name: text for name in _OPTIONAL_TEXTS if (text := product.text(name)) is not None}
    stock = product.text("stock") or "UNKNOWN"
    if stock not in _STOCK:
        raise invalid("stock must be LIMITED, GOOD or UNKNOWN")
    visible = product.members.get("visible")
    known = _VISIBLE.get(visible) if isinstance(visible, str) else product.flag("visible", default=True)
    if known is None:
        raise invalid("visible must be true or false")
    return members | {
        "stock": stock,
        "visible": known,
        "customProperties": _custom_properties(product),
        "specifications": [
            _specification(each) for each in product.objects("specifications", "description", "value", "rank")
        ],
    }


def _custom_properties(product: Fields) -> dict[str, object]:
    custom: dict[str, object] = {}
    for name, value in product.mapping("customProperties").items():
        text = number_as_text(value)
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise invalid(f"Custom property {name} must have a text of at most {MAX_TEXT} characters")
        custom[name] = text
    return custom


def _specification(entry: Fields) -> dict[str, object]:
    rank = entry.text("rank")
    shown: dict[str, object] = {
        "description": entry.required_text("description"),
        "value": entry.required_text("value"),
    }
    return shown if rank is None else {**shown, "rank": rank}


def _product(call: Call, external_id: str) -> Product:
    product = call.world.shop.products.get(external_id)
    if product is None:
        raise missing(ErrorType.PRODUCT_NOTFOUND, f"Product {external_id}")
    return product


def _view(call: Call, product: Product) -> dict[str, object]:
    dates = call.iso_members(creationDate=product.created, changeDate=product.changed)
    return {**product.members, "deleted": product.deleted, **dates}


ROUTES = (
    Route("POST", "/product", insert_product, editions=WITH_SHOP),
    Route("PUT", "/product/{externalProductId}", update_product, editions=WITH_SHOP),
    Route("GET", "/product/{externalProductId}", get_product, editions=WITH_SHOP),
    Route("DELETE", "/product/{externalProductId}", delete_product, editions=WITH_SHOP),
    Route("GET", "/product/search", search_products, editions=WITH_SHOP, query=("MPSearchQuery", *PAGE)),
    Route("GET", "/product/custom-properties/list", list_custom_properties, editions=WITH_SHOP),
)
