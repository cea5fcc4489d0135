"""A value of a row, and how it becomes text."""

import re
from typing import Final, NamedTuple

from connector.errors import Invalid
from connector.spotler.texts import clean_text, is_blank

#: A multi-choice: the Web API shows the values of its choices.
_CHOICES: Final = re.compile(r"-?[0-9]+(?:,-?[0-9]+)*")
#: A whole number as Dataverse shows it to people: a sign or brackets, and groups of digits by the user's language.
_SHOWN_NUMBER: Final = re.compile(
    r"[-\u2212(]?(?:\d+|\d{1,3}(?P<group>[.,'\u2019\s])(?:\d{2,3}(?P=group))*\d{3})[-\u2212)]?"
)


class Cell(NamedTuple):
    """A value of a row, as the Web API shows it, or a text that somebody typed.

    Attributes:
        value: the JSON value.
        label: its formatted value: a choice's label, the labels of a multi-choice, the name of a lookup's row.
        wall_clock: whether a date-time has no time zone (behaviour TimeZoneIndependent), although it is written in UTC.
        day: whether a moment is shown to people as a day, so that it is somebody's midnight.
    """

    value: object
    label: str | None = None
    wall_clock: bool = False
    day: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it; blanks are nothing."""
        return self.value is None or (isinstance(self.value, str) and is_blank(self.value))

    @property
    def is_choices(self) -> bool:
        """Whether it is a multi-choice: a text column has no formatted value."""
        return bool(self.label) and isinstance(self.value, str) and _CHOICES.fullmatch(self.value) is not None


def to_text(cell: Cell) -> str:
    """Text, the label of a choice, `true` or `false`, or the digits of a whole number.

    Raises:
        Invalid: it is nothing that can be shown as text.
    """
    value = cell.value
    if isinstance(value, str) and not cell.is_choices:
        return clean_text(value)
    label = clean_text(cell.label or "")
    match value:
        case str():
            return label
        case bool():
            return "true" if value else "false"
        case int() if label:
            return str(value) if _shows_number(label, value) else label
        case _:
            raise Invalid("The field takes text.")


def _shows_number(label: str, value: int) -> bool:
    """Whether a formatted value is the number itself, such as `12,345`, and not the label of a choice."""
    digits = re.sub(r"\D", "", label)
    return bool(digits) and int(digits) == abs(value) and _SHOWN_NUMBER.fullmatch(label) is not None
