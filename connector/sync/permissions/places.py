"""Which place the permissions of records are kept in, as the mapping says, and what is known of them."""

from collections.abc import Collection as Records

from connector.consent.history import Latest
from connector.dataverse.permission_tables import SPOTLER_PERMISSION, PermissionTable, periodiek
from connector.dataverse.records import RecordRef
from connector.mapping.columns import Collection, Mapped
from connector.services import Services
from connector.sync.permissions.history import latest
from connector.sync.permissions.list_storage import ListStorage
from connector.sync.permissions.row_storage import RowStorage
from connector.sync.permissions.storage import PermissionStorage


def row_tables(services: Services) -> list[PermissionTable]:
    """The tables with rows of permissions: Spotler Permission, and that of Periodieken if the mapping has them.

    Raises:
        Misconfigured: the setting PERIODIEK does not say what they are called.
    """
    expressions = [each for row in services.mapping.rows for each in row.columns.values()]
    has_periodieken = Mapped(Collection.PERIODIEK) in expressions
    return [SPOTLER_PERMISSION, *([periodiek(services.settings.periodiek)] if has_periodieken else [])]


def storage_of(services: Services, table: str) -> PermissionStorage:
    """The place of the permissions of records of a table.

    Raises:
        Misconfigured: these are Periodieken, and the setting PERIODIEK does not say what they are called; or the
            Marketing Lists cannot be used.
        ConnectorError: the lists cannot be read.
    """
    expressions = [row.columns.get(table) for row in services.mapping.rows]
    if Mapped(Collection.LIST) in expressions:
        return ListStorage.of(services, table)
    if Mapped(Collection.PERIODIEK) in expressions:
        return RowStorage(services, periodiek(services.settings.periodiek), table)
    return RowStorage(services, SPOTLER_PERMISSION, table)


def newest_entries(services: Services, records: Records[RecordRef]) -> dict[RecordRef, dict[str, Latest]]:
    """The newest entry of the history about each permission of these records, whatever it was called then.

    Raises:
        ConnectorError: as `storage_of`, or the history cannot be read.
    """
    tables = {record.table for record in records}
    former = {name: now for table in tables for name, now in storage_of(services, table).former_names.items()}
    return latest(services.dataverse, records, former)
