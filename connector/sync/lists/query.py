"""How the members of a list are read: FetchXML that gives each member once, in pages that can be trusted.

| List | Query |
|---|---|
| static | the rows of `listmember` in the order of their ids, each with its contact, lead or account |
| dynamic | the query of the list, with our columns and our order instead of its own |
| dynamic with `top` | the same with its own order, because that decides who is a member; one page |

A page is only complete where the cookie of the page before holds its position: that is so for an order on the own id,
and for nothing else. Where a related table has several rows for one member, `distinct` gives the member once; without
it, members at the edge of a page would be lost.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connector.dataverse.names import ListMember
from connector.dataverse.records import RECORD_TABLES
from connector.sync.lists.errors import ListQueryNotSupported, ListQueryNotValid
from connector.words import Sentence

#: Characters of a query: Dataverse takes 64 KB in a batch, after encoding.
LONGEST: Final = 60_000
#: The alias under which a static list shows its members.
ALIAS: Final = "m"
#: The most rows that `top` gives.
LARGEST_TOP: Final = 5_000
#: Attributes of `fetch` that are left out: how the result is cut into pages, or computed.
_DROPPED: Final = frozenset(
    {"count", "page", "paging-cookie", "returntotalrecordcount", "options", "latematerialize", "min-active-row-version"}
)
_KEPT: Final = frozenset({"version", "output-format", "mapping", "no-lock", "distinct", "top", "useraworderby"})
#: What may stand in each element.
_CHILDREN: Final = {
    "entity": {"attribute", "all-attributes", "no-attrs", "order", "filter", "link-entity"},
    "link-entity": {"attribute", "all-attributes", "no-attrs", "order", "filter", "link-entity"},
    "filter": {"condition", "filter", "link-entity"},
    "condition": {"value"},
}
#: Operators that mean whoever runs the query: people mean the user who looks at the list, and the connector is another.
_ABOUT_THE_CALLER: Final = frozenset(
    {
        *("eq-userid", "ne-userid", "eq-businessid", "ne-businessid", "eq-userteams", "eq-useroruserteams"),
        *("eq-useroruserhierarchy", "eq-useroruserhierarchyandteams", "eq-userlanguage"),
    }
)
_COLUMNS: Final = frozenset({"attribute", "all-attributes", "no-attrs"})
#: Kinds of link that give a row of the first table once at most, however many partners it has.
_ONCE: Final = frozenset({"exists", "in", "any", "not any", "all", "not all", "matchfirstrowusingcrossapply"})
#: The table with the participants of activities.
_PARTICIPANTS: Final = "activityparty"


@dataclass(frozen=True, slots=True)
class MemberQuery:
    """How the members of one list are read.

    Attributes:
        set_name: what is asked.
        key: the property of a row with the id of the member.
        id_column: the column of the first table with it.
        prefix: what stands before the names of the members' columns.
        is_whole: whether the first page is all there is.
        columns: all that the query names, for the sentence of a refusal.
        root: the query without a page.
    """

    set_name: str
    key: str
    id_column: str
    prefix: str
    is_whole: bool
    columns: tuple[str, ...]
    root: ET.Element

    def page(self, number: int, size: int, cookie: str | None = None) -> str:
        """The query for one page; `cookie` is that of the page before."""
        if self.is_whole:
            return _text(self.root)
        root = deepcopy(self.root)
        root.set("page", str(number))
        root.set("count", str(size))
        if cookie:
            root.set("paging-cookie", cookie)
        return _text(root)

    def only(self, members: Sequence[str]) -> str:
        """The query for those of these that are members."""
        root = deepcopy(self.root)
        entity = root.find("entity")
        assert entity is not None  # noqa: S101 - both makers have one
        condition = ET.SubElement(ET.SubElement(entity, "filter", type="and"), "condition")
        condition.attrib |= {"attribute": self.id_column, "operator": "in"}
        for member in members:
            ET.SubElement(condition, "value").text = member
        root.attrib |= {"page": "1", "count": str(max(len(members), 1))}
        return _text(root)


def static_query(list_id: str, table: str, columns: Sequence[str]) -> MemberQuery:
    """The members that people have put on a list.

    Args:
        list_id: of the list.
        table: of its members.
        columns: what is read of each, by logical name.
    """
    root = ET.Element("fetch", {"distinct": "false"})
    entity = ET.SubElement(root, "entity", {"name": ListMember.TABLE})
    ET.SubElement(entity, "attribute", {"name": ListMember.MEMBER})
    condition = ET.SubElement(ET.SubElement(entity, "filter"), "condition")
    condition.attrib |= {"attribute": ListMember.LIST, "operator": "eq", "value": list_id}
    ET.SubElement(entity, "order", {"attribute": ListMember.ID})
    link = ET.SubElement(entity, "link-entity", {"name": table, "from": RECORD_TABLES[table].id_column})
    link.attrib |= {"to": ListMember.MEMBER, "link-type": "inner", "alias": ALIAS}
    for column in columns:
        ET.SubElement(link, "attribute", {"name": column})
    return MemberQuery(
        ListMember.SET, f"_{ListMember.MEMBER}_value", ListMember.MEMBER, f"{ALIAS}.", False, tuple(columns), root
    )


def dynamic_query(text: str, table: str, columns: Sequence[str]) -> MemberQuery:
    """The members that a stored query finds.

    Args:
        text: FetchXML, as the list has it.
        table: of its members.
        columns: what is read of each, by logical name.

    Raises:
        ListQueryNotValid: it is no FetchXML for this table.
        ListQueryNotSupported: it has what cannot be read in full.
    """
    root, entity = _parsed(text, table)
    top = _checked_top(root)
    for name in (*_DROPPED, "aggregate"):
        root.attrib.pop(name, None)
    names = tuple(dict.fromkeys(each.get("attribute", "") for each in entity.iter("condition")))
    ordered = [str(each.get("attribute")) for each in entity.findall("order") if not each.get("entityname")]
    for element in [entity, *entity.iter("link-entity")]:
        for child in list(element):
            if child.tag in _COLUMNS or (child.tag == "order" and not top):
                element.remove(child)
    id_column = RECORD_TABLES[table].id_column
    wanted = dict.fromkeys([id_column, *columns, *(ordered if top else ())])
    for place, column in enumerate(wanted):
        entity.insert(place, ET.Element("attribute", {"name": column}))
    if not top:
        entity.insert(len(wanted), ET.Element("order", {"attribute": id_column}))
        root.set("distinct", "true" if _multiplies(entity) else "false")
    return MemberQuery(RECORD_TABLES[table].set_name, id_column, id_column, "", top, names, root)


def _parsed(text: str, table: str) -> tuple[ET.Element, ET.Element]:
    if not text.lstrip().startswith("<fetch"):
        raise ListQueryNotValid("The query of the marketing list is empty or no FetchXML.")
    if len(text) > LONGEST:
        raise ListQueryNotSupported(
            Sentence("The query of the marketing list is longer than {most} characters.", most=LONGEST)
        )
    try:
        root: ET.Element = fromstring(text, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError):
        raise ListQueryNotValid("The query of the marketing list is no well-formed XML.") from None
    entities = root.findall("entity")
    if root.tag != "fetch" or len(entities) != 1 or len(root) != 1:
        raise ListQueryNotValid("The query of the marketing list has not exactly one entity.")
    if entities[0].get("name") != table:
        raise ListQueryNotValid(
            Sentence("The query of the marketing list is not about its members, the table {table}.", table=table)
        )
    _refuse_unknown(root, entities[0])
    return root, entities[0]


def _refuse_unknown(root: ET.Element, entity: ET.Element) -> None:
    """What is not known here, or means somebody else here, may change the result, so it is refused by its name."""
    if root.get("aggregate", "false").lower() in ("true", "1") or any(
        each.get("aggregate") or each.get("groupby") for each in entity.iter("attribute")
    ):
        raise ListQueryNotSupported("The query of the marketing list is an aggregate, which has no members.")
    unknown = [name for name in root.attrib if name not in _DROPPED | _KEPT | {"aggregate"}]
    unknown += [f"<{child.tag}>" for each in entity.iter() for child in each if not _may_hold(each, child)]
    if unknown:
        raise ListQueryNotSupported(
            Sentence("The query of the marketing list uses {element}, which cannot be synced.", element=unknown[0])
        )
    operators = [each.get("operator", "").strip().lower() for each in entity.iter("condition")]
    if about_the_caller := [each for each in operators if each in _ABOUT_THE_CALLER]:
        raise ListQueryNotSupported(
            Sentence(
                "The query of the marketing list uses {operator}, which means whoever looks at the list, "
                "not the connector.",
                operator=about_the_caller[0],
            )
        )


def _may_hold(element: ET.Element, child: ET.Element) -> bool:
    return child.tag in _CHILDREN.get(element.tag, ())


def _checked_top(root: ET.Element) -> bool:
    """Whether the query gives the first rows only."""
    top = root.get("top")
    if top is None:
        return False
    if not top.isascii() or not top.isdigit() or not 1 <= int(top) <= LARGEST_TOP:
        raise ListQueryNotValid(
            Sentence(
                "The query of the marketing list has a top that is not between 1 and {most}.",
                most=LARGEST_TOP,
            )
        )
    return True


def _multiplies(entity: ET.Element) -> bool:
    """Whether a member may come more than once."""
    return any(_is_to_many(link) for link in _joined(entity))


def _joined(element: ET.Element) -> Iterator[ET.Element]:
    """The links whose rows are joined; those inside of filters only test."""
    for link in element.findall("link-entity"):
        if link.get("link-type", "inner") not in _ONCE:
            yield link
            yield from _joined(link)


def _is_to_many(link: ET.Element) -> bool:
    """Whether a row may have several partners: not where the partner is found by its own id.

    An activity has `activityid` as its id, whatever its kind; but its participants have it too, and are several.
    """
    name = link.get("name")
    return link.get("from") not in (f"{name}id", "activityid") or name == _PARTICIPANTS


def _text(root: ET.Element) -> str:
    return ET.tostring(root, encoding="unicode")
