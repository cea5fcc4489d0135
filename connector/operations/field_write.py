"""What Set and Clear Contact Field write, and what that amounts to."""

from collections.abc import Collection, Mapping as Properties
from dataclasses import dataclass

from connector.operations.attempt import Attempt
from connector.spotler import CLEARED, Fields, PropertyType


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be written.

    Attributes:
        properties: the property, by its internal name.
        only_removes: whether it empties a field or switches an item off.
        opens_channel: whether it gives the contact a mobile number, and so something that Spotler would create one for.
        permission: the permission that is switched, empty for anything else.
        bit: its bit.
    """

    properties: Properties[str, object]
    only_removes: bool
    opens_channel: bool = False
    permission: str = ""
    bit: int | None = None

    @classmethod
    def of(cls, properties: Properties[str, object], fields: Fields, permission_fields: Collection[str]) -> "Write":
        """What a property, in the form in which it goes to Spotler, amounts to.

        Args:
            properties: the property, by its internal name.
            fields: the account's fields.
            permission_fields: the fields that hold permissions of such a record.
        """
        ((name, value),) = properties.items()
        field = fields.find(name)
        if not isinstance(value, list):
            clears = value == CLEARED
            return cls(properties, clears, opens_channel=field.type is PropertyType.MOBILE and not clears)
        (item,) = value
        option = field.option_of_bit(item["bit"])
        is_permission = field.name.casefold() in {each.casefold() for each in permission_fields}
        if option is None or not is_permission:
            return cls(properties, not item["enabled"])
        return cls(properties, not item["enabled"], permission=option.name, bit=option.bit)


def write_of(attempt: Attempt) -> Write:
    """What the check of the job has found to be written."""
    assert isinstance(attempt.plan, Write)  # noqa: S101 - made by the check
    return attempt.plan
