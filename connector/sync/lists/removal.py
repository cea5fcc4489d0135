"""Removing the audience of a Marketing List, and what is remembered of it.

What is remembered goes first: if the process stops in between, a later sync knows nothing of the audience and fills it
anew. In the other order it would take people for members who are none any more.
"""

from typing import Final

from connector.services import Services
from connector.spotler import NotLicensed

#: Below this, and the id of the list, stands whatever is remembered of one list.
STATE: Final = "lists"


def remove_audience(services: Services, list_id: str) -> bool:
    """Delete the audience of a list; False if Spotler had none. Repeating it does no harm.

    An account without audiences, because of its edition, has none to remove.

    Raises:
        ConnectorError: Spotler or the state cannot be used, or Spotler refuses because the audience is in use.
    """
    for name in services.state.names(f"{STATE}/{list_id.lower()}/"):
        services.state.delete(name)
    try:
        return services.spotler.audiences.delete(list_id.lower())
    except NotLicensed:
        return False
