"""What of a column decides which values fit: compared here, and never made narrower than what somebody widened."""

from typing import Final

from connector.dataverse.schema import Column, Kind
from connector.setup.column_bodies import BEHAVIOURS, date_format, range_of, required_level
from connector.setup.component import Found, PropertyDifference
from connector.setup.labels import value_of

LEVEL: Final = "RequiredLevel"


def level_differences(column: Column, found: Found) -> list[PropertyDifference]:
    """Whether forms ask for a value where they should not, or the other way round."""
    expected, shown = required_level(column), str(value_of(found.get(LEVEL)) or "")
    return [] if shown == expected else [PropertyDifference(LEVEL, expected, shown)]


def limit_differences(column: Column, found: Found) -> list[PropertyDifference]:
    """Limits that are narrower than those of the manifest, and a date that is shown otherwise."""
    if column.kind in (Kind.TEXT, Kind.MEMO):
        return _at_least("MaxLength", column.length, found)
    if column.kind in (Kind.INTEGER, Kind.DECIMAL):
        low, high = range_of(column)
        decimals = _at_least("Precision", column.precision or 2, found) if column.kind is Kind.DECIMAL else []
        return [*_at_most("MinValue", low, found), *_at_least("MaxValue", high, found), *decimals]
    if column.kind in BEHAVIOURS and found.get("Format") != date_format(column):
        return [PropertyDifference("Format", date_format(column), str(found.get("Format") or ""))]
    return []


def _at_least(name: str, expected: float, found: Found) -> list[PropertyDifference]:
    value = found.get(name)
    return [] if isinstance(value, int | float) and value >= expected else [_other(name, expected, value)]


def _at_most(name: str, expected: float, found: Found) -> list[PropertyDifference]:
    value = found.get(name)
    return [] if isinstance(value, int | float) and value <= expected else [_other(name, expected, value)]


def _other(name: str, expected: float, value: object) -> PropertyDifference:
    return PropertyDifference(name, str(expected), "" if value is None else str(value))
