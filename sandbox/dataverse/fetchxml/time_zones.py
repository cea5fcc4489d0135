"""The numbers by which Dataverse knows time zones (`usersettings.timezonecode`), as far as tests need them."""

from typing import Final
from zoneinfo import ZoneInfo

from sandbox.dataverse.errors import not_supported

UTC_CODE: Final = 92
AMSTERDAM_CODE: Final = 110

_ZONES: Final = {
    4: "America/Los_Angeles",
    20: "America/Chicago",
    35: "America/New_York",
    85: "Europe/London",
    UTC_CODE: "UTC",
    95: "Europe/Prague",
    105: "Europe/Paris",
    AMSTERDAM_CODE: "Europe/Amsterdam",
    130: "Europe/Athens",
    145: "Europe/Moscow",
    190: "Asia/Kolkata",
    235: "Asia/Tokyo",
    255: "Australia/Sydney",
}


def zone_of(code: int) -> ZoneInfo:
    """The time zone of a number.

    Raises:
        ApiError: 400 when the stand-in does not know it.
    """
    name = _ZONES.get(code)
    if name is None:
        raise not_supported(f"The time zone with the code {code} is not supported.")
    return ZoneInfo(name)
