"""Consent that is withdrawn: rows of Spotler Permission are switched off, so that no later sync brings one back."""

from collections.abc import Collection, Mapping
from datetime import UTC

from connector.dataverse.api import Keyed, NotFound
from connector.dataverse.choices import ChangedBy
from connector.dataverse.names import Permission
from connector.dataverse.records import RecordRef
from connector.errors import ConnectorError
from connector.services import Services


def withdraw(services: Services, rows: Mapping[RecordRef, Collection[str]]) -> dict[RecordRef, ConnectorError]:
    """Switch rows off, all in one write. Call it before Spotler is called, so that a crash leaves nobody subscribed.

    Args:
        services: Dataverse and the clock.
        rows: the ids of the rows, by record.

    Returns:
        the records of which a row could not be switched off, and why. A row that is gone is the same end state.
    """
    off = {
        Permission.SUBSCRIBED: False,
        Permission.CHANGED_ON: services.now().astimezone(UTC).isoformat(timespec="seconds"),
        Permission.CHANGED_BY: ChangedBy.DYNAMICS.value,
    }
    owners = [(ref, row) for ref, ids in rows.items() for row in ids]
    if not owners:
        return {}
    try:
        results = services.dataverse.update_multiple(Permission, [Keyed(row, off) for _, row in owners])
    except ConnectorError as error:
        return {ref: error for ref, _ in owners}
    return {
        ref: result.error
        for (ref, _), result in zip(owners, results, strict=True)
        if result.error is not None and not isinstance(result.error, NotFound)
    }
