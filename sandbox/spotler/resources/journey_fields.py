"""The fields that a caller sends along to an automation or campaign, for its messages."""

from sandbox.spotler.errors import ErrorType, invalid, unknown_reference
from sandbox.spotler.store.world import World
from sandbox.spotler.wire import Fields

TYPES = ("STRING", "PRODUCTLIST", "URL")


def sent_fields(body: Fields, name: str, world: World | None = None) -> dict[str, object]:
    """Name and content of every field. With a world, products must exist in it.

    Names are unique, without blanks and case-sensitive. Raises `ApiError` 400.
    """
    found: dict[str, object] = {}
    for entry in body.objects(name, "name", "type", "value", "values"):
        field = entry.required_text("name")
        kind = (entry.text("type") or "STRING").upper()
        if any(character.isspace() for character in field) or field in found:
            raise invalid(f"Field {field} holds a blank or comes twice")
        if kind not in TYPES:
            raise invalid(f"Field {field} has an unknown type")
        unused = "value" if kind == "PRODUCTLIST" else "values"
        if entry.members.get(unused) is not None:
            raise invalid(f"Field {field} of the type {kind} has no {unused}")
        if kind == "PRODUCTLIST":
            products = entry.texts("values") or []
            if world is not None:
                require_products(world, products)
            found[field] = products
        else:
            value = entry.text("value") or ""
            if kind == "URL" and not value.startswith(("http://", "https://")):
                raise invalid(f"Field {field} is not a URL")
            found[field] = value
    return found


def require_products(world: World, external_ids: list[str]) -> None:
    """Raise 400 for a product that does not exist."""
    for external_id in external_ids:
        if external_id not in world.shop.products:
            raise unknown_reference(ErrorType.PRODUCT_NOTFOUND, f"Product {external_id}")
