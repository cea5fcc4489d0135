"""Which table the permissions of a record are kept in, as the mapping says."""

from connector.dataverse.permission_tables import SPOTLER_PERMISSION, PermissionTable, periodiek
from connector.mapping.columns import Collection, Mapped
from connector.services import Services


def storage_of(services: Services, table: str) -> PermissionTable:
    """The table that the permissions of records of a table are kept in.

    Raises:
        Misconfigured: these are Periodieken, and the setting PERIODIEK does not say what they are called.
    """
    wanted = Mapped(Collection.PERIODIEK)
    if any(row.columns.get(table) == wanted for row in services.mapping.rows):
        return periodiek(services.settings.periodiek)
    return SPOTLER_PERMISSION
