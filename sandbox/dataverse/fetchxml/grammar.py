"""The elements and attributes of FetchXML; those that the stand-in does not know are refused, never ignored."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

from sandbox.dataverse.fetchxml.query import LinkType
from sandbox.dataverse.fetchxml.refusals import INVALID_NODE, INVALID_XML, refuse

_ANY: Final = re.compile(".*", re.DOTALL)
_YES_NO: Final = re.compile("true|false|1|0")
_ALIAS: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*")
#: Links may have a dot in their alias, seen on real environments.
_LINK_ALIAS: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True, slots=True)
class _Element:
    """What an element may have: attributes with the pattern of their values, child elements, and text."""

    attributes: Mapping[str, "re.Pattern[str]"] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    has_text: bool = False


def _texts(*names: str) -> dict[str, "re.Pattern[str]"]:
    return dict.fromkeys(names, _ANY)


def _flags(*names: str) -> dict[str, "re.Pattern[str]"]:
    return dict.fromkeys(names, _YES_NO)


def _one_of(*words: str) -> "re.Pattern[str]":
    return re.compile("|".join(map(re.escape, words)))


#: What designers write for themselves: it has no effect on the result.
_MEMORY: Final = _texts("uiname", "uitype")
#: What an entity and a link have in common.
_OF_TABLES: Final = frozenset({"attribute", "all-attributes", "no-attrs", "order", "filter", "link-entity"})

_ELEMENTS: Final[Mapping[str, _Element]] = {
    "fetch": _Element(
        {
            **_texts("version", "output-format", "count", "page", "paging-cookie", "top", "aggregatelimit"),
            **_flags("distinct", "aggregate", "returntotalrecordcount", "useraworderby"),
            "mapping": re.compile("logical"),
            # These three change how the answer is found, not the answer.
            **_flags("no-lock", "latematerialize"),
            **_texts("options"),
        },
        frozenset({"entity"}),
    ),
    "entity": _Element(_texts("name"), _OF_TABLES),
    "link-entity": _Element(
        {
            **_texts("name", "from", "to"),
            "alias": _LINK_ALIAS,
            "link-type": _one_of(*LinkType),
            # Designers write these two on links to intersect tables; they have no effect.
            **_flags("intersect", "visible"),
        },
        _OF_TABLES,
    ),
    "attribute": _Element(
        {
            **_texts("name", "build", "addedby"),
            **_flags("groupby", "usertimezone", "distinct"),
            "alias": _ALIAS,
            "aggregate": _one_of("count", "countcolumn", "sum", "avg", "min", "max"),
            "dategrouping": _one_of("day", "week", "month", "quarter", "year", "fiscal-period", "fiscal-year"),
        }
    ),
    "all-attributes": _Element(),
    "no-attrs": _Element(),
    "order": _Element({**_texts("attribute", "entityname"), "alias": _ALIAS, **_flags("descending")}),
    "filter": _Element(
        {
            "type": _one_of("and", "or"),
            # The hint changes how the answer is found, not the answer.
            "hint": re.compile("union"),
            **_flags(
                "isquickfindfields",
                "overridequickfindrecordlimitenabled",
                "overridequickfindrecordlimitdisabled",
            ),
        },
        frozenset({"condition", "filter", "link-entity"}),
    ),
    "condition": _Element(
        {**_texts("attribute", "operator", "value", "valueof", "entityname", "uihidden"), **_MEMORY},
        frozenset({"value"}),
    ),
    "value": _Element(_MEMORY, has_text=True),
}

#: The codes of values that are refused, where Dataverse has one of its own.
_CODES: Final = {
    ("fetch", "mapping"): "0x80041116",
    ("fetch", "distinct"): "0x80041115",
    ("fetch", "no-lock"): "0x80041118",
    ("fetch", "useraworderby"): "0x800410FD",
    ("link-entity", "link-type"): "0x80041117",
    ("order", "descending"): "0x80041119",
    ("filter", "type"): "0x80041122",
    ("attribute", "alias"): "0x80040265",
    ("attribute", "dategrouping"): "0x80041135",
    ("attribute", "aggregate"): "0x8004112F",
    ("order", "alias"): "0x80040265",
    ("link-entity", "alias"): "0x80040265",
}
#: The codes of attributes that Dataverse refuses or the stand-in does not do.
_REFUSED: Final = {("fetch", "utc-offset"): "0x8004111D"}
_WORDS: Final = {
    "link-type": (
        "The only valid values for link-type attribute are 'natural', 'inner','in','exists',"
        "'matchfirstrowusingcrossapply' and 'outer'."
    ),
    "alias": (
        "Invalid character specified for alias: {value}. Only characters within the ranges [A-Z], [a-z] or [0-9] or _ "
        "are allowed.  The first character may only be in the ranges [A-Z], [a-z] or _."
    ),
}


def check_grammar(root: ET.Element) -> None:
    """Refuse what the stand-in does not understand.

    Raises:
        ApiError: 400 that names the element, attribute or value.
    """
    if root.tag != "fetch" or len(root.findall("entity")) != 1:
        raise refuse(INVALID_XML, "FetchXML needs a fetch element with one entity.")
    _check(root)


def _check(element: ET.Element) -> None:
    allowed = _ELEMENTS[element.tag]
    for name, value in element.attrib.items():
        pattern = allowed.attributes.get(name)
        if pattern is None:
            code = _REFUSED.get((element.tag, name), INVALID_NODE)
            raise refuse(code, f"The attribute '{name}' of the element '{element.tag}' is not supported.")
        if not pattern.fullmatch(value):
            code = _CODES.get((element.tag, name), INVALID_NODE)
            words = _WORDS.get(name, "The value '{value}' of the attribute '{name}' of '{tag}' is not supported.")
            raise refuse(code, words.format(value=value, name=name, tag=element.tag))
    texts = [each.tail for each in element] + ([] if allowed.has_text else [element.text])
    if any(text and text.strip() for text in texts):
        raise refuse(INVALID_NODE, f"The element '{element.tag}' cannot have text.")
    for child in element:
        if child.tag not in allowed.children:
            message = f"The element '{child.tag}' within the element '{element.tag}' is not supported."
            raise refuse(INVALID_NODE, message)
        _check(child)
