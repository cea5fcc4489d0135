"""The audience of a list is deleted, and everything that is stored about the list."""

from connector.services import Services
from connector.sync.brake.lists import ListBrake
from connector.sync.lists.stored import ListState


def remove_audience(services: Services, list_id: str) -> bool:
    """Delete it; whether there was one. The audience goes first: what is stored of one that is not there does no harm.

    Raises:
        Refused: Spotler uses the audience, or the account has no audiences.
    """
    was_there = services.spotler.audiences.delete(list_id)
    ListState(services.state, list_id).delete()
    ListBrake(services, list_id).forget()
    return was_there
