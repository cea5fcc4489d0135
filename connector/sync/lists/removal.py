"""Removing the audience of a Marketing List, and what is remembered of it.

The audience goes first: what is remembered of an audience that is not there does no harm, because the next sync makes a
new one and begins anew. In the other order an audience would be left of which nothing is known, and a person be asked.

A call about members that was never answered may reach the next audience of the list: who that is about is remembered.
"""

from connector.services import Services
from connector.spotler import NotLicensed
from connector.sync.brake.lists import ListBrake
from connector.sync.lists.stored import ListState


def remove_audience(services: Services, list_id: str) -> bool:
    """Delete the audience of a list; False if Spotler had none. Repeating it does no harm.

    An account without audiences, because of its edition, has none to remove.

    Raises:
        ConnectorError: Spotler or the state cannot be used, or Spotler refuses because the audience is in use.
    """
    list_id = list_id.lower()
    try:
        was_there = services.spotler.audiences.delete(list_id)
    except NotLicensed:
        was_there = False
    ListState(services.state, list_id).forget_audience(services.now())
    ListBrake(services, list_id).forget()
    return was_there
