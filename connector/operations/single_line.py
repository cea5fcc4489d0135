"""Which semicolons separate Automation Fields that are written on one line.

A semicolon can also belong to a value: `payUrl=https://shop.example/pay;jsessionid=1`, or `&amp;` in a link that was
copied from a page. A link that is cut would be mailed, and so would a value with the next field in it. So:

| after the semicolon | in a value that is a link, or after `&amp` and the like | in another value |
|---|---|---|
| `name=` of a field of the automation | separates; refused after `&amp` | separates |
| the same in another case, or without `=` | separates, and is refused | separates, and is refused |
| another `name=` | belongs to the value | separates, and is refused |
| anything else | belongs to the value | belongs to the value |

Where the fields are not known, every semicolon separates, except in a link or after `&amp`, where it is refused. A
blank ends a link, because a link has none.
"""

import re
from collections.abc import Collection
from html.entities import html5
from typing import Final

from connector.errors import Invalid
from connector.words import Sentence

_LINK: Final = re.compile(r"https?://\S*", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31})\Z")


def parts(text: str, known: Collection[str]) -> list[str]:
    """The fields of a line, `name=value` each, as they are written.

    Args:
        text: one line.
        known: the names of the fields that the automation has; empty when they are not known.

    Raises:
        Invalid: a semicolon can be read in two ways.
    """
    found: list[str] = []
    for piece in text.split(";"):
        if found and (not piece.strip() or _belongs(piece, found[-1], known, position=len(found) + 1)):
            found[-1] += f";{piece}"
        else:
            found.append(piece)
    return [_ended(part) for part in found]


def _belongs(piece: str, before: str, known: Collection[str], *, position: int) -> bool:
    """Whether a piece goes on with the value before it."""
    name, is_named, _ = piece.partition("=")
    in_entity = _is_entity(before)
    in_link = in_entity or (_LINK.fullmatch(_value(before)) is not None and re.search(r"\s", name) is None)
    if not known:
        if in_link:
            raise _ambiguous(position)
        return False
    if name.strip().casefold() in {each.casefold() for each in known}:
        if in_entity:
            raise _ambiguous(position)
        return False
    return in_link or not is_named


def _ended(part: str) -> str:
    """A part without the semicolons at its end, except that of a character reference."""
    ended = part.rstrip("; ")
    return f"{ended};" if ended != part and _is_entity(ended) else ended


def _value(part: str) -> str:
    """The value of a part, with the blank at its end, which ends a link."""
    return part.partition("=")[2].lstrip()


def _is_entity(before: str) -> bool:
    """Whether the semicolon ends a character reference of HTML, such as `&amp;`."""
    entity = _ENTITY.search(before)
    return entity is not None and (entity[1].startswith("#") or f"{entity[1]};" in html5)


def _ambiguous(position: int) -> Invalid:
    return Invalid(
        Sentence(
            "Part {position} of Automation Fields may be a field, or belong to the value before it; "
            "write each field on its own line.",
            position=position,
        )
    )
