"""FetchXML, read: from the text to what it asks for.

Covers what marketing lists and paging clients use: attributes, orders, nested filters, one level of link-entity, pages.
`fetch_grammar` has refused everything else before.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from sandbox.dataverse.errors import INVALID_ARGUMENT, ApiError, bad_query
from sandbox.dataverse.fetch_grammar import INVALID_XML, check_grammar
from sandbox.dataverse.preferences import LARGEST_PAGE

#: What `top` cannot be combined with.
_PAGING: Final = ("page", "count", "paging-cookie", "returntotalrecordcount")

_LAST = re.compile(r'<(\w+) last="\{?([0-9a-fA-F-]{36})\}?"')


@dataclass(frozen=True, slots=True)
class FetchCondition:
    """One condition: a column, an operator, and the values it takes."""

    attribute: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FetchFilter:
    """Conditions and filters that all (`and`) or at least one (`or`) must hold."""

    any_of: bool
    parts: "tuple[FetchCondition | FetchFilter, ...]"


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """One sort term."""

    attribute: str
    descending: bool


@dataclass(frozen=True, slots=True)
class FetchEntity:
    """A table with what is wanted of it.

    Attributes:
        name: the logical name.
        attributes: column and alias (empty for none); None for all columns.
        orders: sort terms.
        filters: all of them must hold.
    """

    name: str
    attributes: tuple[tuple[str, str], ...] | None
    orders: tuple[FetchOrder, ...]
    filters: tuple[FetchFilter, ...]


@dataclass(frozen=True, slots=True)
class FetchLink:
    """A link-entity: rows of another table whose `source` equals the `target` column of the first.

    Attributes:
        entity: the other table.
        source: its column (`from`).
        target: the column of the first table (`to`).
        alias: what its columns are called by.
        outer: whether rows without a partner stay.
    """

    entity: FetchEntity
    source: str
    target: str
    alias: str
    outer: bool


@dataclass(frozen=True, slots=True)
class Fetch:
    """A whole query.

    Attributes:
        entity: the table whose set is asked.
        links: its link-entities.
        page: from 1 on.
        count: the size of a page.
        top: give so many and no pages, or None.
        last_id: the row after which the page begins, from the paging cookie, or None.
        wants_total: whether to count the rows.
    """

    entity: FetchEntity
    links: tuple[FetchLink, ...]
    page: int
    count: int
    top: int | None
    last_id: str | None
    wants_total: bool


def parse_fetch(text: str) -> Fetch:
    """Read FetchXML.

    Raises:
        ApiError: 400 when it is no FetchXML, or has what this stand-in does not do.
    """
    if "<!DOCTYPE" in text:
        raise ApiError(400, INVALID_XML, "Invalid XML: FetchXML cannot have a document type.")
    try:
        root = ET.fromstring(text)  # noqa: S314 - tests talk to themselves
    except ET.ParseError as error:
        raise ApiError(400, INVALID_XML, f"Invalid XML: {error}") from None
    check_grammar(root)
    entity = root.find("entity")
    if entity is None:
        raise ApiError(400, INVALID_XML, "FetchXML needs a fetch element with an entity.")
    top = root.get("top")
    for name in _PAGING:
        if top is not None and root.get(name) is not None:
            message = f"The top attribute can't be specified with paging attribute {name}"
            raise ApiError(400, INVALID_ARGUMENT, message)
    links = tuple(_read_link(link, number) for number, link in enumerate(entity.findall("link-entity"), 1))
    if len({link.alias for link in links}) < len(links):
        raise bad_query("Two link-entity elements have the same alias.")
    return Fetch(
        _read_entity(entity),
        links,
        _number(root, "page", 1),
        min(_number(root, "count", LARGEST_PAGE), LARGEST_PAGE),
        None if top is None else min(_number(root, "top", 1), LARGEST_PAGE),
        _read_cookie(root.get("paging-cookie")),
        _flag(root, "returntotalrecordcount"),
    )


def _flag(element: ET.Element, name: str) -> bool:
    return element.get(name) in ("true", "1")


def _number(element: ET.Element, name: str, default: int) -> int:
    text = element.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise bad_query(f"'{text}' is not a valid value of '{name}'.")
    return int(text)


def _read_cookie(cookie: str | None) -> str | None:
    """The last row of the page before; a cookie that was not decoded as it must be is refused."""
    if not cookie:
        return None
    match = _LAST.search(cookie)
    if not cookie.startswith("<cookie") or match is None:
        hint = " Decode the paging cookie twice." if unquote(cookie) != cookie else ""
        raise ApiError(400, INVALID_XML, f"Malformed XML in the Paging Cookie.{hint}")
    return match[2].lower()


def _read_entity(element: ET.Element) -> FetchEntity:
    attributes: tuple[tuple[str, str], ...] | None = tuple(
        (_required(attribute, "name"), attribute.get("alias", "")) for attribute in element.findall("attribute")
    )
    if element.find("all-attributes") is not None or (not attributes and element.tag == "entity"):
        attributes = None
    orders = tuple(
        FetchOrder(_required(order, "attribute"), _flag(order, "descending")) for order in element.findall("order")
    )
    filters = tuple(_read_filter(each) for each in element.findall("filter"))
    return FetchEntity(_required(element, "name"), attributes, orders, filters)


def _read_link(element: ET.Element, number: int) -> FetchLink:
    entity = _read_entity(element)
    alias = element.get("alias") or f"{entity.name}{number}"
    is_outer = element.get("link-type") == "outer"
    return FetchLink(entity, _required(element, "from"), _required(element, "to"), alias, is_outer)


def _read_filter(element: ET.Element) -> FetchFilter:
    parts: list[FetchCondition | FetchFilter] = []
    for child in element:
        if child.tag == "condition":
            parts.append(_read_condition(child))
        else:
            parts.append(_read_filter(child))
    return FetchFilter(element.get("type") == "or", tuple(parts))


def _read_condition(element: ET.Element) -> FetchCondition:
    values = [value.text or "" for value in element.findall("value")]
    single = element.get("value")
    if single is not None:
        if values:
            raise bad_query("A condition takes the attribute value or value elements, not both.")
        values.append(single)
    return FetchCondition(_required(element, "attribute"), _required(element, "operator"), tuple(values))


def _required(element: ET.Element, name: str) -> str:
    value = element.get(name)
    if not value:
        raise ApiError(400, INVALID_XML, f"The element {element.tag} needs the attribute {name}.")
    return value
