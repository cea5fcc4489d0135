"""What the rows of Spotler Permission of a record are about, and whether they are as they were."""

from collections.abc import Collection, Iterable

from connector.consent import PermissionRow
from connector.consent.permissions import key_of
from connector.dataverse.names import Permission
from connector.dataverse.records import RecordRef
from connector.sync.last_common import fingerprint


def fingerprint_of(ref: RecordRef, rows: Iterable[PermissionRow]) -> str:
    """The fingerprint of whether each row of a record is on, and since when."""
    return fingerprint(ref.id, Permission.TABLE, sorted(_state(row) for row in rows))


def is_about(row: PermissionRow, permission: str, bit: int | None, former: Collection[str]) -> bool:
    """Whether a row is about a permission: by its name or its bit, or by a former name where it has no bit."""
    key = key_of(row.name)
    if key == key_of(permission) or (bit is not None and row.bit == bit):
        return True
    return row.bit is None and key in {key_of(name) for name in former}


def _state(row: PermissionRow) -> str:
    """Off has its time too: a row that was switched on and off again since then is another one."""
    state = "off" if row.refuses else "on"
    since = "" if row.at is None else f" since {int(row.at.timestamp())}"
    return f"{key_of(row.name) if row.bit is None else row.bit} {state}{since}"
