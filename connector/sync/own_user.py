"""The connector's own user in Dataverse."""

from functools import lru_cache

from connector.dataverse.api import Dataverse
from connector.services import Services


def own_user(services: Services) -> str:
    """The id of the connector's user, in lower case: from the settings, or asked for once in a process.

    Raises:
        Transient, Misconfigured: Dataverse cannot be asked now.
    """
    return (services.settings.dataverse_user_id or _asked(services.dataverse)).lower()


@lru_cache(maxsize=8)
def _asked(dataverse: Dataverse) -> str:
    return str(dataverse.who_am_i()["UserId"])
