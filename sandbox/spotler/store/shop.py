"""Products and orders of the eCommerce edition, kept as they were sent."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True, kw_only=True)
class Product:
    """A product; `members` are those of the JSON object, without the dates and `deleted`."""

    external_id: str
    members: dict[str, object]
    created: datetime
    changed: datetime
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class Order:
    """An order; `value` in cents."""

    external_id: str
    contact: int
    date: datetime
    value: int
    products: tuple[str, ...]


@dataclass(slots=True)
class Shop:
    """Everything that was put for sale or sold."""

    products: dict[str, Product] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
