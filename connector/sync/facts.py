"""What decides about the consent of a record, from its rows in Dataverse."""

from collections.abc import Iterable

from connector.consent import Facts, PermissionRow, Presence, SpotlerReport, State
from connector.dataverse.api import Row
from connector.dataverse.names import Flags, Info
from connector.mapping import OutwardPlan


def facts_of(
    row: Row, info: Row, permissions: Iterable[PermissionRow], outward: OutwardPlan, *, stays: bool
) -> Facts:  # fmt: skip
    """What decides about the consent of a record.

    Args:
        row: with the columns that decide (`OutwardPlan.deciding`), or more.
        info: its Spotler Info; empty for none.
        permissions: its rows of Spotler Permission.
        outward: what the mapping makes of records of its table.
        stays: whether a deactivated record stays in Spotler.
    """
    state = State.MERGED if row.get(Flags.MERGED) is True else State.DEACTIVATED
    presence = Presence.KNOWN if info.get(Info.SENT_HASH) else Presence.UNKNOWN
    return Facts(
        state=State.ACTIVE if row.get(Flags.STATE) == 0 else state,
        stays_when_deactivated=stays,
        has_address=outward.has_address(row),
        do_not_email=row.get(Flags.DO_NOT_EMAIL) is True,
        do_not_bulk_email=row.get(Flags.DO_NOT_BULK_EMAIL) is True,
        keep_out=info.get(Info.KEEP_OUT) is True,
        is_excluded=not outward.admits(row),
        rows=tuple(permissions),
        spotler=SpotlerReport(Presence.GONE if info.get(Info.GONE) is True else presence),
    )
