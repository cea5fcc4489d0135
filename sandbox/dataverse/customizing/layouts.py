"""`layoutxml` of views: it names the table by its object type code, which differs between environments."""

from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import NOT_SETTLED, invalid


def check_layout(parts: Parts, layout: str, table: str) -> None:
    """Refuse a layout of another table, or of none.

    Args:
        parts: of the environment.
        layout: the `layoutxml`.
        table: the logical name of the table of the view.

    Raises:
        ApiError: 400 `0x80040216`; 404 for an unknown table.
    """
    code = parts.finder.named(table).properties["ObjectTypeCode"]
    try:
        root = fromstring(layout)
    except (ParseError, DefusedXmlException):
        raise invalid("Invalid layout xml: it is not valid XML.", NOT_SETTLED) from None
    if root.tag != "grid" or root.get("object") != str(code):
        raise invalid(f"Invalid layout xml: 'object' must be {code}, the code of {table}.", NOT_SETTLED)
