"""What the mapping needs to know of Spotler: its fields, and how a value of a type is written on the wire.

Protocols, so that the mapping stands on its own; `connector.spotler` satisfies them by shape.
"""

from collections import abc
from typing import Protocol


class OptionInfo(Protocol):
    """One item of a list field."""

    @property
    def name(self) -> str:
        """What people see."""
        ...

    @property
    def bit(self) -> int:
        """The flag that travels."""
        ...


class FieldInfo(Protocol):
    """One field of a Spotler contact."""

    @property
    def name(self) -> str:
        """The internal name, in Spotler's spelling."""
        ...

    @property
    def type(self) -> str | None:
        """One of `birthdate date dateTime email gender int mobNr money postcode set string`; None if unknown."""
        ...

    @property
    def options(self) -> abc.Sequence[OptionInfo]:
        """The items of a list field; none for other types."""
        ...


class FieldCatalogue(Protocol):
    """The fields of the account that the connector can see."""

    def get(self, name: str) -> FieldInfo | None:
        """The field of that internal name, ignoring case; None if it does not exist or is invisible."""
        ...


#: Writes a value of a Spotler type as JSON: `to_wire(type, value)`.
#:
#: The value is a `str` (string, email, mobNr, postcode, and gender as `M` or `F`), `int` (int), `Decimal` in whole
#: currency units (money), `date` (date, birthdate), `datetime` in UTC (dateTime) or `dict[int, bool]` by bit (set).
#: One that the type cannot hold raises ValueError or `connector.errors.Invalid`. Clearing is not asked for.
type ToWire = abc.Callable[[str, object], object]
