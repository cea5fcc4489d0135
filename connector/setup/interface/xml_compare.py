"""Comparing the XML of ours with what Dataverse keeps: what customers added is no difference.

Dataverse rewrites XML: attributes change their order, ids their capitals and braces, and defaults are added.
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

_GUID: Final = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")

type _Shape = tuple[str, tuple[tuple[str, str], ...], str, tuple["_Shape", ...]]


def read_xml(text: object) -> ET.Element | None:
    """The root of a document; None where it cannot be read."""
    return deepcopy(_parsed(str(text)))


@lru_cache(maxsize=256)
def _parsed(text: str) -> ET.Element | None:
    """The document, which nobody changes: both layers of a row and every plan have the same text."""
    try:
        root: ET.Element = fromstring(text)
    except (ET.ParseError, DefusedXmlException):
        return None
    return root


@lru_cache(maxsize=4096)
def plain(value: str | None) -> str:
    """A value without blanks around it; a guid without braces, in small letters."""
    text = (value or "").strip()
    match = _GUID.fullmatch(text)
    return match[1].lower() if match else text


def holds(found: ET.Element, ours: ET.Element, ignored: Iterable[str] = ()) -> bool:
    """Whether an element has everything of ours: attributes, text, and children in the same order.

    Args:
        found: as Dataverse has it; it may have more.
        ours: as the manifest has it.
        ignored: attributes that are not compared.
    """
    if found.tag != ours.tag or plain(found.text) != plain(ours.text):
        return False
    if any(plain(found.get(name)) != plain(value) for name, value in ours.items() if name not in ignored):
        return False
    children = iter(found)
    return all(any(holds(other, child, ignored) for other in children) for child in ours)


def shape(element: ET.Element | None) -> _Shape | None:
    """An element as a value that is the same whatever the order of its attributes and children."""
    if element is None:
        return None
    children = tuple(sorted(found for child in element if (found := shape(child)) is not None))
    return (
        element.tag,
        tuple(sorted((name, plain(value)) for name, value in element.items())),
        plain(element.text),
        children,
    )


def text_of(element: ET.Element) -> str:
    """An element as a document."""
    return ET.tostring(element, encoding="unicode")


def child(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    """Add an element."""
    made = ET.SubElement(parent, tag, attributes)
    made.text = text or None
    return made
