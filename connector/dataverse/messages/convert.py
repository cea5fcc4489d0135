"""From JSON to values.

The serializer marks a value with `__type` (class, colon, namespace) where .NET declares no more than `object`: in
parameters, shared variables and attributes. Where a class is declared, as for images, there is no mark. So the mark
decides if there is one, else the position or the shape.

Plain texts carry no mark at all, so a text column that holds `2025-01-01T00:00:00Z` looks like an ISO date. Dataverse
itself never posts ISO dates: they are read as dates only in documents whose other dates show that a tool wrote them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final

from connector.dataverse.messages import members
from connector.dataverse.messages.dates import parse_date, parse_ticks
from connector.dataverse.messages.decode import Json, JsonObject
from connector.dataverse.messages.reasons import Malformed
from connector.dataverse.messages.values import (
    Choice,
    Choices,
    Entity,
    EntityCollection,
    EntityReference,
    Money,
    Other,
    Value,
)

#: A party list within an image is the deepest seen: four. Relations between rows allow more, but not without end.
MAX_DEPTH: Final = 24


@dataclass(frozen=True, slots=True)
class Converter:
    """Converts the values of one document.

    Attributes:
        iso_dates: whether texts that look like ISO dates are dates.
    """

    iso_dates: bool = False

    def value(self, json: Json, depth: int = 0) -> Value:
        """Any value.

        Raises:
            Malformed: when its shape contradicts its type, or it is nested too deeply.
        """
        if isinstance(json, str):
            return self._text(json)
        if isinstance(json, dict):
            return self._object(json, _deeper(depth))
        if isinstance(json, list):
            return self._list(json, _deeper(depth))
        return json

    def entity(self, json: JsonObject, depth: int = 0) -> Entity:
        """A row."""
        columns = {key: self.value(value, depth) for key, value in members.pairs(json, "Attributes")}
        return Entity(
            table=members.text(json, "LogicalName") or "",
            id=members.guid(json, "Id"),
            attributes=MappingProxyType(columns),  # the last value of a repeated column counts
        )

    def _text(self, text: str) -> str | datetime:
        """A date, if it is one that Python can hold; else the text as it is, so that nothing is lost."""
        if text.startswith("/Date("):
            return parse_ticks(text) or text
        return (parse_date(text) or text) if self.iso_dates else text

    def _list(self, json: list[Json], depth: int) -> Value:
        values = tuple(self.value(item, depth) for item in json)
        numbers = tuple(value.value for value in values if isinstance(value, Choice))
        return Choices(numbers) if numbers and len(numbers) == len(values) else values

    def _object(self, json: JsonObject, depth: int) -> Value:
        mark = json.get("__type")
        kind = mark.partition(":")[0] if isinstance(mark, str) else _kind_by_shape(json)
        if "__value" in json:
            return self._wrapped(json["__value"], kind, depth)
        read = _READERS.get(kind)
        return read(self, json, depth) if read else Other(kind)

    def _wrapped(self, json: Json, kind: str, depth: int) -> Value:
        """A plain value in a wrapper that names its type, as a serializer of a third party writes it."""
        if isinstance(json, str) and kind == "DateTime":
            return parse_date(json) or json
        if isinstance(json, str) and kind in _NUMBERS:
            return _number(json)
        return self.value(json, depth)

    def _entity_collection(self, json: JsonObject, depth: int) -> EntityCollection:
        entities = []
        for item in members.items(json, "Entities"):
            if not isinstance(item, dict):
                raise Malformed.member("Entities", "a list of rows")
            entities.append(self.entity(item, depth))
        return EntityCollection(members.text(json, "EntityName") or "", tuple(entities))

    def _aliased(self, json: JsonObject, depth: int) -> Value:
        """A column that a query took from a linked table: its value."""
        return self.value(json.get("Value"), depth)


def _entity_reference(json: JsonObject) -> EntityReference:
    """A lookup."""
    return EntityReference(table=members.text(json, "LogicalName") or "", id=members.guid(json, "Id"))


def _choice(json: JsonObject) -> Choice:
    number = members.as_whole(json.get("Value"))
    if number is None:
        raise Malformed.member("Value", "a whole number")
    return Choice(number)


def _money(json: JsonObject) -> Money:
    amount = json.get("Value")
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        raise Malformed.member("Value", "a number")
    return Money(Decimal(amount))


def _kind_by_shape(json: JsonObject) -> str:
    if "Attributes" in json:
        return "Entity"
    if "Entities" in json:
        return "EntityCollection"
    if "LogicalName" in json and "Id" in json:
        return "EntityReference"
    return ""


def _number(text: str) -> Decimal | str:
    """The number, if it is a finite one; else the text as it is."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _deeper(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise Malformed("The message is nested too deeply.")
    return depth + 1


type _Reader = Callable[[Converter, JsonObject, int], Value]

_READERS: Final[Mapping[str, _Reader]] = {
    "Entity": Converter.entity,
    "EntityCollection": Converter._entity_collection,  # noqa: SLF001 - the table of this module's own methods
    "AliasedValue": Converter._aliased,  # noqa: SLF001 - as above
    "EntityReference": lambda _converter, json, _depth: _entity_reference(json),
    "OptionSetValue": lambda _converter, json, _depth: _choice(json),
    "Money": lambda _converter, json, _depth: _money(json),
}

#: Names of .NET's numbers, as the third party's wrapper gives them.
_NUMBERS: Final = frozenset({"Int16", "Int32", "Int64", "Double", "Single", "Decimal"})
