"""How long an order of a person waits for a system that is busy."""

from collections.abc import Callable
from typing import Final

from connector.errors import Transient

#: Seconds before each repetition while a system is busy; Dataverse's own limits are over after five minutes.
PAUSES: Final = (5.0, 15.0, 60.0, 120.0, 300.0)


def patiently[T](work: Callable[[], T], pause: Callable[[float], object]) -> T:
    """Do work that only reads again while a system is busy: a long plan must not be lost by a short outage.

    Raises:
        ConnectorError: it is still busy after the last try, or it refused.
    """
    for seconds in PAUSES:
        try:
            return work()
        except Transient as error:
            pause(max(seconds, error.retry_after or 0))
    return work()
