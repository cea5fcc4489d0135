"""The elements and attributes of FetchXML that the stand-in understands; all others are refused, never ignored.

What Dataverse has and the stand-in does not is refused as well: nested links, `entityname`, `valueof`, `distinct`,
aggregates, hints.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

from sandbox.dataverse.errors import ApiError

#: "Invalid XML".
INVALID_XML: Final = "0x80040201"
#: "An invalid node".
INVALID_NODE: Final = "0x8004111C"

_ANY: Final = re.compile(".*", re.DOTALL)
_YES_NO: Final = re.compile("true|false|1|0")
_NO: Final = re.compile("false|0")
_ALIAS: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class _Element:
    """What an element may have: attributes with the pattern of their values, child elements, and text."""

    attributes: Mapping[str, "re.Pattern[str]"] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    has_text: bool = False


def _texts(*names: str) -> dict[str, "re.Pattern[str]"]:
    return dict.fromkeys(names, _ANY)


#: What designers write for themselves: it has no effect on the result.
_MEMORY: Final = _texts("uiname", "uitype")

_ELEMENTS: Final[Mapping[str, _Element]] = {
    "fetch": _Element(
        {
            **_texts("version", "output-format", "count", "page", "paging-cookie", "top"),
            "mapping": re.compile("logical"),
            "distinct": _NO,
            "aggregate": _NO,
            "returntotalrecordcount": _YES_NO,
            # These two change how the answer is found, not the answer.
            "no-lock": _YES_NO,
            "latematerialize": _YES_NO,
        },
        frozenset({"entity"}),
    ),
    "entity": _Element(_texts("name"), frozenset({"attribute", "all-attributes", "order", "filter", "link-entity"})),
    "link-entity": _Element(
        {
            **_texts("name", "from", "to"),
            "alias": _ALIAS,
            "link-type": re.compile("inner|outer"),
            # Designers write these two on links to intersect tables; they have no effect.
            "intersect": _YES_NO,
            "visible": _YES_NO,
        },
        frozenset({"attribute", "all-attributes", "order", "filter"}),
    ),
    "attribute": _Element({**_texts("name"), "alias": _ALIAS}),
    "all-attributes": _Element(),
    "order": _Element({**_texts("attribute"), "descending": _YES_NO}),
    "filter": _Element({"type": re.compile("and|or")}, frozenset({"condition", "filter"})),
    "condition": _Element({**_texts("attribute", "operator", "value", "uihidden"), **_MEMORY}, frozenset({"value"})),
    "value": _Element(_MEMORY, has_text=True),
}

#: The codes of values that are refused, where Dataverse has one of its own.
_CODES: Final = {
    ("fetch", "mapping"): "0x80041116",
    ("fetch", "distinct"): "0x80041115",
    ("fetch", "no-lock"): "0x80041118",
    ("link-entity", "link-type"): "0x80041117",
    ("order", "descending"): "0x80041119",
    ("filter", "type"): "0x80041122",
    ("attribute", "alias"): "0x80040265",
    ("link-entity", "alias"): "0x80040265",
}


def check_grammar(root: ET.Element) -> None:
    """Refuse what the stand-in does not understand.

    Raises:
        ApiError: 400 that names the element, attribute or value.
    """
    if root.tag != "fetch" or len(root.findall("entity")) != 1:
        raise ApiError(400, INVALID_XML, "FetchXML needs a fetch element with one entity.")
    _check(root)


def _check(element: ET.Element) -> None:
    allowed = _ELEMENTS[element.tag]
    for name, value in element.attrib.items():
        pattern = allowed.attributes.get(name)
        if pattern is None:
            raise ApiError(
                400, INVALID_NODE, f"The attribute '{name}' of the element '{element.tag}' is not supported."
            )
        if not pattern.fullmatch(value):
            code = _CODES.get((element.tag, name), INVALID_NODE)
            message = f"The value '{value}' of the attribute '{name}' of the element '{element.tag}' is not supported."
            raise ApiError(400, code, message)
    texts = [each.tail for each in element] + ([] if allowed.has_text else [element.text])
    if any(text and text.strip() for text in texts):
        raise ApiError(400, INVALID_NODE, f"The element '{element.tag}' cannot have text.")
    for child in element:
        if child.tag not in allowed.children:
            message = f"The element '{child.tag}' within the element '{element.tag}' is not supported."
            raise ApiError(400, INVALID_NODE, message)
        _check(child)
