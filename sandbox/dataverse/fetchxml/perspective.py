"""Who asks, and when: what decides which rows are "of today" and "mine"."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from sandbox.dataverse.fetchxml.calendars import FiscalCalendar
from sandbox.dataverse.fetchxml.time_zones import UTC_CODE, zone_of
from sandbox.dataverse.organization_tables import (
    ORGANIZATION,
    TEAM_MEMBERSHIP,
    USER,
    USER_SETTINGS,
)
from sandbox.dataverse.store import Store
from sandbox.dataverse.values import Scalar

#: The language of the labels of this environment.
ENGLISH: Final = 1033
#: How deep the hierarchy of users is followed where the organisation does not say.
HIERARCHY_DEPTH: Final = 3
_SUNDAY: Final = 0
_QUARTERS: Final = 2002


@dataclass(frozen=True)
class Perspective:
    """The caller of a query.

    Attributes:
        store: the rows about the caller.
        user_id: the calling user.
        now: the present moment.
    """

    store: Store
    user_id: str
    now: datetime

    @cached_property
    def zone(self) -> ZoneInfo:
        """The caller's time zone; UTC where the user has no settings."""
        return zone_of(int(str(self._of_user("timezonecode") or UTC_CODE)))

    @cached_property
    def language(self) -> int:
        """The caller's language."""
        return int(str(self._of_user("uilanguageid") or ENGLISH))

    @cached_property
    def first_week_day(self) -> int:
        """The day on which weeks start; 0 is Sunday."""
        return int(str(self._of_organization("weekstartdaycode") or _SUNDAY))

    @cached_property
    def fiscal(self) -> FiscalCalendar:
        """The fiscal calendar of the organisation."""
        start = datetime.fromisoformat(str(self._of_organization("fiscalcalendarstart") or "2000-01-01T00:00:00Z"))
        return FiscalCalendar(start.month, start.day, int(str(self._of_organization("fiscalperiodtype") or _QUARTERS)))

    @cached_property
    def today(self) -> date:
        """The present day of the caller."""
        return self.now.astimezone(self.zone).date()

    @cached_property
    def business_unit(self) -> str | None:
        """The business unit of the caller."""
        row = self.store.get(USER, self.user_id)
        value = row.values.get("_businessunitid_value") if row else None
        return None if value is None else str(value)

    @cached_property
    def teams(self) -> frozenset[str]:
        """The teams of the caller."""
        return self.teams_of((self.user_id,))

    def teams_of(self, users: "tuple[str, ...] | frozenset[str]") -> frozenset[str]:
        """The teams that these users belong to."""
        data = self.store.tables[TEAM_MEMBERSHIP]
        return frozenset(
            str(data.rows[each].values["_teamid_value"]) for each in data.where("_systemuserid_value", users)
        )

    @cached_property
    def hierarchy(self) -> frozenset[str]:
        """The caller and who reports to the caller, as deep as the organisation allows."""
        data = self.store.tables[USER]
        depth = int(str(self._of_organization("maxdepthforhierarchicalsecuritymodel") or HIERARCHY_DEPTH))
        found = newest = frozenset((self.user_id,))
        for _ in range(depth):
            newest = frozenset(data.where("_parentsystemuserid_value", newest)) - found
            found |= newest
        return found

    def midnight(self, day: date) -> datetime:
        """The moment at which a day of the caller begins."""
        return datetime.combine(day, time.min, self.zone)

    def full(self, **smaller: int) -> datetime:
        """The present moment with the smaller parts of the caller's clock cut off, in UTC."""
        local = self.now.astimezone(self.zone).replace(microsecond=0, **smaller)  # type: ignore[arg-type]
        return local.astimezone(UTC)

    def _of_user(self, name: str) -> Scalar:
        row = self.store.get(USER_SETTINGS, self.user_id)
        return row.values.get(name) if row else None

    def _of_organization(self, name: str) -> Scalar:
        rows = self.store.tables[ORGANIZATION].rows.values()
        return next((row.values.get(name) for row in rows), None)
