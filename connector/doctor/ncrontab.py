"""Whether a text is a schedule that Azure takes: NCRONTAB, six fields from seconds to the day of the week."""

import re
from typing import Final

_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
#: The lowest and highest value of each field, and the names that it may have instead, counted from the lowest.
_FIELDS: Final[tuple[tuple[int, int, list[str]], ...]] = (
    (0, 59, []),
    (0, 59, []),
    (0, 23, []),
    (1, 31, []),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_PART: Final = re.compile(r"(?:\*|(?P<low>\w+)(?:-(?P<high>\w+))?)(?:/(?P<step>[1-9]\d*))?")


def is_schedule(text: str) -> bool:
    """Whether each of the six fields is a list of values, ranges and steps within its bounds."""
    fields = text.split()
    return len(fields) == len(_FIELDS) and all(
        all(_fits(part, *bounds) for part in field.split(",")) for field, bounds in zip(fields, _FIELDS, strict=True)
    )


def _fits(part: str, low: int, high: int, names: list[str]) -> bool:
    match = _PART.fullmatch(part)
    if match is None:
        return False
    values = [_value(match[group], low, names) for group in ("low", "high") if match[group]]
    return all(low <= value <= high for value in values) and values == sorted(values)


def _value(text: str, low: int, names: list[str]) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + low
    return int(text) if text.isascii() and text.isdigit() else -1
