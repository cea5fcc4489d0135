"""FetchXML, read: from the text to what it asks for. `grammar` has refused everything else before."""

from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from sandbox.dataverse.errors import INVALID_ARGUMENT, bad_query
from sandbox.dataverse.fetchxml.grammar import check_grammar
from sandbox.dataverse.fetchxml.query import (
    Fetch,
    FetchAttribute,
    FetchCondition,
    FetchEntity,
    FetchFilter,
    FetchLink,
    FetchOrder,
    LinkType,
)
from sandbox.dataverse.fetchxml.refusals import (
    DISTINCT_WITHOUT_COLUMNS,
    HALF_A_LINK,
    INCORRECT_CONDITION,
    INVALID_LINK,
    INVALID_XML,
    MISSING_ATTRIBUTE,
    refuse,
)
from sandbox.dataverse.preferences import LARGEST_PAGE

#: What `top` cannot be combined with.
_PAGING: Final = ("page", "count", "paging-cookie", "returntotalrecordcount")
_IN_FILTERS: Final = frozenset({LinkType.ANY, LinkType.NOT_ANY, LinkType.ALL, LinkType.NOT_ALL})
#: Operators whose values are elements; an empty `value` beside them has no effect.
_WITH_ELEMENTS: Final = frozenset({"in", "not-in", "between", "not-between", "contain-values", "not-contain-values"})


def parse_fetch(text: str) -> Fetch:
    """Read FetchXML.

    Raises:
        ApiError: 400 when it is no FetchXML, or has what this stand-in does not do.
    """
    if "<!DOCTYPE" in text:
        raise refuse(INVALID_XML, "Invalid XML: FetchXML cannot have a document type.")
    try:
        root = ET.fromstring(text)  # noqa: S314 - tests talk to themselves
    except ET.ParseError as error:
        raise refuse(INVALID_XML, f"Invalid XML: {error}") from None
    check_grammar(root)
    top = root.get("top")
    for name in _PAGING:
        if top is not None and root.get(name) is not None:
            raise refuse(INVALID_ARGUMENT, f"The top attribute can't be specified with paging attribute {name}")
    limit = root.get("aggregatelimit")
    if _flag(root, "distinct") and root.find(".//no-attrs") is not None:
        raise refuse(DISTINCT_WITHOUT_COLUMNS, "A distinct query needs columns.")
    return Fetch(
        _Reader().entity(root[0]),
        _number(root, "page", 1),
        min(_number(root, "count", LARGEST_PAGE), LARGEST_PAGE),
        None if top is None else min(_number(root, "top", 1), LARGEST_PAGE),
        root.get("paging-cookie", ""),
        _flag(root, "distinct"),
        _flag(root, "aggregate"),
        None if limit is None else _number(root, "aggregatelimit", 1),
        _flag(root, "returntotalrecordcount"),
        _flag(root, "useraworderby"),
    )


class _Reader:
    """Reads elements; numbers the links that have no alias."""

    def __init__(self) -> None:
        self._links = 0
        self._aliases: set[str] = set()

    def entity(self, element: ET.Element) -> FetchEntity:
        attributes: tuple[FetchAttribute, ...] | None = tuple(map(_attribute, element.findall("attribute")))
        bare = not attributes and element.tag == "entity" and element.find("no-attrs") is None
        if bare or element.find("all-attributes") is not None:
            attributes = None
        orders = tuple(
            FetchOrder(
                order.get("attribute", ""), order.get("alias", ""), _flag(order, "descending"),
                order.get("entityname", ""),
            )
            for order in element.findall("order")
        )  # fmt: skip
        links = tuple(self.link(link, within=element.tag) for link in element.findall("link-entity"))
        filters = tuple(self.filter(each) for each in element.findall("filter"))
        return FetchEntity(_required(element, "name"), attributes, orders, filters, links)

    def link(self, element: ET.Element, *, within: str) -> FetchLink:
        self._links += 1
        name = _required(element, "name")
        alias = element.get("alias") or f"{name}{self._links}"
        if alias in self._aliases:
            raise bad_query(f"Two link-entity elements have the same alias '{alias}'.")
        self._aliases.add(alias)
        link_type = LinkType(element.get("link-type", "inner"))
        if (link_type in _IN_FILTERS) is not (within == "filter"):
            raise refuse(INVALID_LINK, f"A link of type '{link_type}' cannot be within the element '{within}'.")
        source, target = element.get("from"), element.get("to")
        if not source or not target:
            raise refuse(HALF_A_LINK, f"The link '{alias}' needs both from and to.")
        return FetchLink(self.entity(element), source, target, alias, link_type)

    def filter(self, element: ET.Element) -> FetchFilter:
        return FetchFilter(
            element.get("type") == "or", tuple(self._parts(element)), _flag(element, "isquickfindfields")
        )

    def _parts(self, element: ET.Element) -> Iterator[FetchCondition | FetchFilter | FetchLink]:
        for child in element:
            if child.tag == "condition":
                yield _condition(child)
            elif child.tag == "filter":
                yield self.filter(child)
            else:
                yield self.link(child, within="filter")


def _attribute(element: ET.Element) -> FetchAttribute:
    return FetchAttribute(
        _required(element, "name"),
        element.get("alias", ""),
        element.get("aggregate", ""),
        _flag(element, "groupby"),
        element.get("dategrouping", ""),
        element.get("usertimezone") not in ("false", "0"),
        _flag(element, "distinct"),
    )


def _condition(element: ET.Element) -> FetchCondition:
    operator = _required(element, "operator")
    values = [value.text or "" for value in element.findall("value")]
    single = element.get("value")
    if single is not None and values and not (single == "" and operator in _WITH_ELEMENTS):
        raise refuse(INCORRECT_CONDITION, "A condition takes the attribute value or value elements, not both.")
    if single is not None and not values:
        values.append(single)
    return FetchCondition(
        _required(element, "attribute"),
        operator,
        tuple(values),
        element.get("valueof", ""),
        element.get("entityname", ""),
        bool(values),
    )


def _flag(element: ET.Element, name: str) -> bool:
    return element.get(name) in ("true", "1")


def _number(element: ET.Element, name: str, default: int) -> int:
    text = element.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise bad_query(f"'{text}' is not a valid value of '{name}'.")
    return int(text)


def _required(element: ET.Element, name: str) -> str:
    value = element.get(name)
    if not value:
        raise refuse(MISSING_ATTRIBUTE, f"The element {element.tag} needs the attribute {name}.")
    return value
