"""The connector's own user in Dataverse."""

from functools import lru_cache

from connector.dataverse.api import Dataverse


@lru_cache(maxsize=8)
def own_user(dataverse: Dataverse) -> str:
    """The id of the connector's user, in lower case; it is asked for once in a process.

    Raises:
        Transient, Misconfigured: Dataverse cannot be asked now.
    """
    return str(dataverse.who_am_i()["UserId"]).lower()
