"""The time zone of the application user beside that of people.

Dynamic lists with words such as today begin the day in the time zone of whoever reads them. A new application user has
UTC, so for some hours of each day its lists would have other members than those that people see.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from connector.setup.calls import SetupCalls

#: The number of UTC, which a user has where nobody chose another one.
UTC_CODE: Final = 92
SETTINGS: Final = "usersettingscollection"
#: People who can sign in, and no applications.
_PEOPLE: Final = "isdisabled eq false and accessmode eq 0 and applicationid eq null"


@dataclass(frozen=True, slots=True)
class TimeZones:
    """Time zones by their number (`timezonecode`).

    Attributes:
        own: that of the application user; None where Dataverse does not show it.
        usual: that of most people; None where there are none.
        number: how many people have it.
        people: how many people there are.
    """

    own: int | None
    usual: int | None
    number: int
    people: int

    @property
    def differ(self) -> bool:
        """Whether the application user has another one than most people."""
        return self.own is not None and self.usual is not None and self.own != self.usual


def read_time_zones(calls: "SetupCalls", user_id: str) -> TimeZones:
    """Read the time zones of all users.

    Raises:
        DataverseRefused: they may not be read.
    """
    rows = calls.rows(f"systemusers?$select=systemuserid&$filter={quote(_PEOPLE)}")
    people = {str(row["systemuserid"]).lower() for row in rows}
    codes = {
        str(row["systemuserid"]).lower(): row["timezonecode"]
        for row in calls.rows(f"{SETTINGS}?$select=systemuserid,timezonecode")
        if isinstance(row.get("timezonecode"), int)
    }
    counts = Counter(codes[each] for each in people if each in codes)
    usual, number = counts.most_common(1)[0] if counts else (None, 0)
    own = codes.get(user_id.lower())
    return TimeZones(
        own if isinstance(own, int) else None, usual if isinstance(usual, int) else None, number, counts.total()
    )
