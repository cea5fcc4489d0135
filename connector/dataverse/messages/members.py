"""Members of a JSON object, each with the type it must have.

One rule for all: a member that is absent or null is empty, because Dataverse has added members over the years; a member
of another type makes the message malformed.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from connector.dataverse.messages.decode import Json, JsonObject
from connector.dataverse.messages.reasons import Malformed

#: With both cases in its classes: twice as fast as a pattern that ignores case.
_GUID: Final = re.compile(
    r"\{?([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})\}?", re.ASCII
)
_ZERO: Final = "00000000-0000-0000-0000-000000000000"

#: No whole number of Dataverse has more than 64 bits.
_INT64: Final = range(-(2**63), 2**63)


def text(owner: JsonObject, member: str) -> str | None:
    """A text; None where there is none."""
    value = owner.get(member)
    if value is None or isinstance(value, str):
        return value
    raise Malformed.member(member, "a text")


def guid(owner: JsonObject, member: str) -> str | None:
    """A lower-case guid; None where there is none or only zeros."""
    value = owner.get(member)
    if value is None:
        return None
    if isinstance(value, str) and (match := _GUID.fullmatch(value)):
        return _unless_zero(match[1])
    raise Malformed.member(member, "a guid")


def as_guid(value: object) -> str | None:
    """The value as a lower-case guid; None if it is not one, or only zeros."""
    match = _GUID.fullmatch(value) if isinstance(value, str) else None
    return _unless_zero(match[1]) if match else None


def guids_in(value: Json) -> Iterator[str]:
    """The guids within a value, in lower case: it may be one text, a list, or objects around them."""
    match value:
        case str():
            yield from filter(None, (_unless_zero(found[1]) for found in _GUID.finditer(value)))
        case list():
            yield from (found for each in value for found in guids_in(each))
        case dict():
            yield from (found for each in value.values() for found in guids_in(each))


def as_whole(value: Json) -> int | None:
    """The value as a whole number of 64 bits; None if it is not one."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = int(value)
    return number if number == value and number in _INT64 else None


def items(owner: JsonObject, member: str) -> list[Json]:
    """A list; empty where there is none."""
    value = owner.get(member)
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise Malformed.member(member, "a list")


def pairs(owner: JsonObject, member: str) -> Iterator[tuple[str, Json]]:
    """The keys and values of a list of `{"key": …, "value": …}`; nothing where there is none."""
    for item in items(owner, member):
        if isinstance(item, dict) and isinstance(key := item.get("key"), str) and "value" in item:
            yield key, item["value"]
        else:
            raise Malformed.member(member, "a list of keys and values")


def _unless_zero(found: str) -> str | None:
    found = found.lower()
    return None if found == _ZERO else found
