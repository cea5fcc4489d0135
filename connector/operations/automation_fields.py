"""Automation Fields: the personal data that a job passes to an automation, as users write it.

    invoiceEmail=someone@example.org
    payUrl=https://shop.example/pay/1
    basket=p-1,p-2

Fields are separated by line breaks; on a single line, by semicolons (`single_line` knows which). A field that is left
out, blank, or still has its type hint (`invoiceEmail=STRING`) passes nothing; people who write the hints by hand write
`String` or `Text` as well. Names are case-sensitive, as in Spotler.

The fields of an automation are in its row (`parse_template`), where Spotler returns them or people wrote them. If
the row has none, any name is accepted, as text.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from connector.errors import Invalid
from connector.operations import single_line
from connector.spotler import clean_text
from connector.words import Sentence, listed

#: The types of a field, which are also the hints of the template.
TYPES: Final = ("STRING", "URL", "PRODUCTLIST")
#: What a name looks like that may be quoted in a message; anything else could be a value in the wrong place.
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: An address up to its host, which has no blank in it; `urlsplit` passes over some.
_HOST: Final = re.compile(r"https?://[^\s/?#]+(?:[/?#]|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AutomationField:
    """One field with its value: `value` for text and addresses, `values` for product ids."""

    name: str
    type: str
    value: str = ""
    values: tuple[str, ...] = ()


def parse_template(template: str) -> dict[str, str]:
    """The fields of an automation, name and type, from its row. A type that is not known counts as text."""
    return {name: kind if (kind := hint.upper()) in TYPES else "STRING" for name, hint in _hints(template).items()}


def parse_fields(text: str, template: str) -> tuple[AutomationField, ...]:
    """The fields of a job.

    Args:
        text: the column Automation Fields of the job.
        template: the fields that the automation has, `name=TYPE`; blank when they are not known.

    Raises:
        Invalid: for a part without `=`, an unknown name, a name given twice, a semicolon that may separate fields or
            belong to a value, or an address that is not absolute.
    """
    known, hints = parse_template(template), _hints(template)
    fields: dict[str, AutomationField | None] = {}
    for position, part in enumerate(_parts(text, known), start=1):
        name, separator, value = (clean_text(piece) for piece in part.partition("="))
        if not separator:
            raise Invalid(
                Sentence(
                    "Part {position} of Automation Fields has no '='; write name=value, each on its own line.",
                    position=position,
                )
            )
        _check_name(name, position, known)
        if name in fields:
            raise Invalid(Sentence("Automation Fields gives {field} twice.", field=_called(name, position)))
        blank = {known[name], hints[name].upper()} if known else TYPES
        is_blank = value.rstrip("; ").upper() in blank
        fields[name] = None if is_blank else _field(name, known.get(name, "STRING"), value)
    return tuple(field for field in fields.values() if field)


def _hints(template: str) -> dict[str, str]:
    """The fields of an automation with their hints as they are written; none has a semicolon."""
    parts = [part.partition("=") for part in re.split(r"[\r\n;]", template) if part.strip()]
    return {name.strip(): hint.strip() for name, _, hint in parts}


def _check_name(name: str, position: int, known: Mapping[str, str]) -> None:
    if known and name not in known:
        raise Invalid(
            Sentence(
                "The automation does not have {field} of Automation Fields; its fields are: {names}.",
                field=_called(name, position),
                names=listed(sorted(known)),
            )
        )
    if not name or re.search(r"\s", name):
        raise Invalid(
            Sentence("Part {position} of Automation Fields has no name, or one with a blank in it.", position=position)
        )


def _called(name: str, position: int) -> Sentence:
    if _NAME.fullmatch(name):
        return Sentence("the field {name}", name=name)
    return Sentence("the field in part {position}", position=position)


def _parts(text: str, known: Collection[str]) -> list[str]:
    text = clean_text(text)
    parts = re.split(r"[\r\n]+", text) if re.search(r"[\r\n]", text) else single_line.parts(text, known)
    return [part for part in map(clean_text, parts) if part]


def _field(name: str, kind: str, value: str) -> AutomationField | None:
    """The field, or None where there is nothing to pass."""
    if kind == "PRODUCTLIST":
        products = tuple(part.strip() for part in value.split(",") if part.strip())
        return AutomationField(name, kind, values=products) if products else None
    if not value:
        return None
    if kind == "URL":
        _check_address(name, value)
    return AutomationField(name, kind, value=value)


def _check_address(name: str, value: str) -> None:
    try:
        host = urlsplit(value).hostname or ""
    except ValueError:
        host = ""
    if not _HOST.match(value) or not any(letter.isalnum() for letter in host):
        raise Invalid(
            Sentence(
                "The automation field {name} must be an absolute address that begins with https:// or http://.",
                name=name,
            )
        )
