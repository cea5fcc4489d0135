"""Who can sign in and be acted for: the users of the environment, found by what a request says of them."""

from typing import Final

from sandbox.dataverse.access.rights import Rights
from sandbox.dataverse.guids import guid_for
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.users import User

_USER: Final = "systemuser"


class Directory:
    """Finds users.

    Args:
        store: the rows.
        rights: what each may do.
    """

    def __init__(self, store: Store, rights: Rights) -> None:
        self._store = store
        self._rights = rights

    def of_client(self, client_id: str) -> User | None:
        """The application user of a client; None where nobody made one, or it is disabled."""
        return self._one("applicationid", client_id)

    def of_object(self, object_id: str) -> User | None:
        """The user of an object in Entra."""
        return self._one("azureactivedirectoryobjectid", object_id)

    def of_id(self, user_id: str) -> User | None:
        """The user of a `systemuserid`."""
        row = self._store.get(_USER, user_id)
        return None if row is None else self._user(row)

    def _one(self, column: str, value: str) -> User | None:
        data = self._store.tables[_USER]
        for row_id in data.having(column, value.lower()):
            return self._user(data.rows[row_id])
        return None

    def _user(self, row: Row) -> User | None:
        if row.values.get("isdisabled") is True:
            return None
        values = row.values
        return User(
            row.id,
            str(values.get("fullname") or ""),
            self._rights.of(row.id),
            str(values.get("applicationid") or ""),
            str(values.get("azureactivedirectoryobjectid") or ""),
        )


def object_of(client_id: str) -> str:
    """The id in Entra of the service principal of a client."""
    return guid_for(f"principal/{client_id}")
