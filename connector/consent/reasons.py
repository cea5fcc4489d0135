"""Why a decision about consent is as it is."""

from enum import StrEnum


class Reason(StrEnum):
    """The reason of a decision about a person, or about one permission."""

    # A person is removed from Spotler, or loses all permissions.
    DELETED = "deleted"
    MERGED = "merged"
    DEACTIVATED = "deactivated"
    KEEP_OUT = "keep out"
    DO_NOT_EMAIL = "do not email"
    NO_ADDRESS = "no address"
    EXCLUDED = "excluded by the mapping"
    DO_NOT_BULK_EMAIL = "do not bulk email"

    # A permission is off.
    NOT_SUBSCRIBED = "the row is not subscribed"
    ROW_DEACTIVATED = "the row is deactivated"
    OTHER_ROW_REFUSES = "another row of the permission is not subscribed"
    NO_SOURCE = "the row does not say who agreed, or when"
    OPTED_OUT_IN_SPOTLER = "opted out in Spotler"
    MISSING_IN_SPOTLER = "the contact was missing in Spotler"

    # A permission is on.
    ROW_SUBSCRIBED = "the row is subscribed"
    ON_IN_SPOTLER = "switched on in Spotler"
