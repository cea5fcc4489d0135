"""The account's contact fields, as a lookup.

Which fields exist, what they are called and which items a set has is decided by each account, so nothing here knows a
name beforehand (except `permissions`, the reserved set of subscriptions). Names compare without regard to case.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from connector.errors import Invalid
from connector.spotler.texts import name_key
from connector.words import Sentence

#: The reserved set whose items are the subscriptions ("mailing types") of a contact.
PERMISSIONS = "permissions"


class PropertyType(StrEnum):
    """The types that Spotler declares."""

    BIRTHDATE = "birthdate"
    DATE = "date"
    DATE_TIME = "dateTime"
    EMAIL = "email"
    GENDER = "gender"
    INT = "int"
    MOBILE = "mobNr"
    MONEY = "money"
    POSTCODE = "postcode"
    SET = "set"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Option:
    """An item of a set: the flag that travels and the name that people see."""

    bit: int
    name: str
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """A contact field.

    Attributes:
        name: the internal name, unique in the account.
        display_name: what people see in Spotler; may occur more than once.
        type: None for a type that this connector does not know; such a field can be read but not written.
        options: the items, only of a set.
    """

    name: str
    display_name: str
    type: PropertyType | None
    options: tuple[Option, ...] = ()

    @property
    def label(self) -> str:
        """What people see in Spotler, or the internal name where that is empty."""
        return self.display_name or self.name

    @property
    def is_set(self) -> bool:
        """Whether the field is a list of items that are on or off."""
        return self.type is PropertyType.SET

    def option(self, name: str) -> Option | None:
        """The item with this name, ignoring case and surrounding blanks; the first in rank if there are several."""
        wanted = name_key(name)
        return next((option for option in self.options if name_key(option.name) == wanted), None)

    def option_of_bit(self, bit: int) -> Option | None:
        """The item with this flag."""
        return next((option for option in self.options if option.bit == bit), None)


class Fields:
    """All fields of the account, in the order in which Spotler lists them."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields = tuple(fields)
        self._by_name = {name_key(each.name): each for each in self._fields}
        self._as_written = {each.name: self._by_name[name_key(each.name)] for each in self._fields}
        by_display_name: defaultdict[str, list[Field]] = defaultdict(list)
        for each in self._fields:
            by_display_name[name_key(each.display_name)].append(each)
        self._by_display_name = {key: tuple(found) for key, found in by_display_name.items()}

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name_key(name) in self._by_name

    def get(self, name: str) -> Field | None:
        """The field with this internal name."""
        return self._as_written.get(name) or self._by_name.get(name_key(name))

    def with_display_name(self, name: str) -> tuple[Field, ...]:
        """Every field that people see under this name."""
        return self._by_display_name.get(name_key(name), ())

    def find(self, name: str) -> Field:
        """The field that a person means: by internal name, else by display name.

        Raises:
            Invalid: there is none, or the display name fits several.
        """
        if field := self.get(name):
            return field
        found = self.with_display_name(name)
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(sorted(field.name for field in found))
            raise Invalid(
                Sentence(
                    "Several Spotler fields have this display name; use the internal name: one of {names}.", names=names
                )
            )
        raise Invalid("Spotler has no field with this name.")

    @property
    def permissions(self) -> Field | None:
        """The set of subscriptions, if the account shows it."""
        return self.get(PERMISSIONS)
