"""How far a privilege reaches: whose rows are within its depth.

| depth  | stored | rows of                                            |
|--------|--------|----------------------------------------------------|
| Basic  | 1      | the user, and teams that the user is a member of   |
| Local  | 2      | everybody in the user's business unit              |
| Deep   | 4      | likewise, and in the units below it                |
| Global | 8      | everybody                                          |

A row without an owner belongs to the organisation, so only Global reaches it. Rows that somebody shared are not played.
"""

from collections.abc import Callable, Iterator
from typing import Final

from sandbox.dataverse.organization_tables import BUSINESS_UNIT, TEAM_MEMBERSHIP, USER
from sandbox.dataverse.store import Store

_BASIC: Final = 1
_LOCAL: Final = 2
_UNIT: Final = "_businessunitid_value"
_ABOVE: Final = "_parentbusinessunitid_value"


def reach_of(store: Store, user_id: str) -> Callable[[str, int], bool]:
    """Whether rows of an owner are within a depth of this user."""

    def covers(owner: str, depth: int) -> bool:
        if not owner:
            return False
        if owner == user_id or owner in _teams(store, user_id):
            return True
        if depth == _BASIC:
            return False
        own, unit = _unit_of(store, user_id), _unit_of(store, owner)
        return own is not None and (unit == own if depth == _LOCAL else own in _upwards(store, unit))

    return covers


def _teams(store: Store, user_id: str) -> set[str]:
    data = store.tables[TEAM_MEMBERSHIP]
    return {str(data.rows[each].values["_teamid_value"]) for each in data.having("_systemuserid_value", user_id)}


def _unit_of(store: Store, owner: str) -> str | None:
    """The business unit of a user; a team is in the root unit."""
    row = store.get(USER, owner)
    if row is not None and row.values.get(_UNIT) is not None:
        return str(row.values[_UNIT])
    units = store.tables[BUSINESS_UNIT].rows.values()
    return next((each.id for each in units if each.values.get(_ABOVE) is None), None)


def _upwards(store: Store, unit: str | None) -> Iterator[str]:
    """A unit, and those above it."""
    while unit is not None:
        yield unit
        row = store.get(BUSINESS_UNIT, unit)
        above = None if row is None else row.values.get(_ABOVE)
        unit = None if above is None else str(above)
