"""The XML of views and forms, read without entities and DTDs."""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.values import as_guid

#: To confirm on a real environment: which code the refusal of a wrong form has.
WRONG_FORM: Final = "0x80040203"


def read_xml(text: object, what: str) -> Element:
    """The root of a document.

    Raises:
        ApiError: 400 when it is no XML.
    """
    try:
        root: Element = fromstring(str(text))
    except (ParseError, DefusedXmlException):
        raise invalid(f"{what} is not valid XML.", WRONG_FORM) from None
    return root


def guid_in(text: str | None) -> str | None:
    """A guid as documents have it: braces and capitals are usual; None for anything else."""
    return as_guid((text or "").strip().removeprefix("{").removesuffix("}"))


def texts_of(root: Element, tag: str) -> Iterator[str]:
    """The text of every element of a name."""
    for each in root.iter(tag):
        yield (each.text or "").strip()
