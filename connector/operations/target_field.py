"""The Spotler field that a job names, and whether a job may write it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from connector.errors import Invalid
from connector.mapping import Mapping
from connector.spotler import Field, Fields, PropertyType, name_key
from connector.words import Sentence, listed

#: The address decides where mail is sent, so only the sync of the record may write it.
PROTECTED: Final = frozenset({"email", "externalid"})


@dataclass(frozen=True, slots=True)
class TargetField:
    """A field, or one item of a list field.

    Attributes:
        name: the internal name.
        type: the type of the value; yes or no for an item.
        bit: the flag of the item, None for a whole field.
    """

    name: str
    type: PropertyType | None
    bit: int | None = None


def is_lasting(text: str, fields: Fields) -> bool:
    """Whether a job names a field by its internal name, which never changes; display names and items may be renamed."""
    return ":" not in text and text in fields


def find_target(text: str, table: str, fields: Fields, mapping: Mapping) -> TargetField:
    """The field that a job names: `field`, or `field:item` for an item of a list field.

    Args:
        text: the column Field Name: the internal name, else the display name.
        table: the logical name of the table of the record; what is mapped for other tables does not count.

    Raises:
        Invalid: naming what is wrong and what to do.
    """
    name, colon, item = (part.strip() for part in text.partition(":"))
    field = fields.find(name)
    if field.name.casefold() in PROTECTED:
        raise Invalid(
            Sentence("The field {name} belongs to the sync of the record and cannot be set by a job.", name=field.name)
        )
    if not mapping.may_be_set(table, field.name, item):
        raise Invalid(
            Sentence(
                "The mapping sends the field {name} to Spotler, so the next sync would overwrite it; "
                "change the column in Dataverse instead.",
                name=field.name,
            )
        )
    if not field.is_set:
        if colon:
            raise Invalid(
                Sentence("The field {name} is not a list field; give its name without an item.", name=field.name)
            )
        return TargetField(field.name, field.type)
    return TargetField(field.name, field.type, _bit(field, item, mapping.items_of(table, field.name)))


def _bit(field: Field, item: str, allowed: Collection[str] | None) -> int:
    if not item:
        raise Invalid(
            Sentence("The field {name} is a list field; name one item of it as {name}:item.", name=field.name)
        )
    option = field.option(item)
    if allowed is not None and name_key(item) not in {name_key(each) for each in allowed}:
        raise Invalid(_no_item(field, allowed))
    if option is None:
        raise Invalid(_no_item(field, allowed or [each.name for each in field.options]))
    return option.bit


def _no_item(field: Field, items: Collection[str]) -> Sentence:
    return Sentence(
        "The list field {name} has no such item; choose one of: {items}.", name=field.name, items=listed(items)
    )
