"""Whether the environment has Marketing Lists. They come with a licence of Dynamics 365 Sales.

An environment without that table cannot have lookups to it either, so Spotler Job has no column for a list there.
"""

from time import monotonic
from typing import Final
from weakref import WeakKeyDictionary

from connector.dataverse.api import Dataverse, Forbidden, UnknownName
from connector.dataverse.names import MarketingList

#: How long it counts that there are none, because the licence may be bought later. Seconds.
MAX_AGE: Final = 300.0

#: When an environment last said that it has none.
_missing: WeakKeyDictionary[Dataverse, float] = WeakKeyDictionary()


def has_lists(dataverse: Dataverse) -> bool:
    """Ask the environment whether it has the table of Marketing Lists.

    Raises:
        ConnectorError: Dataverse cannot be asked.
    """
    try:
        dataverse.query(MarketingList.SET, select=(MarketingList.ID,), top=1)
    except UnknownName:
        _missing[dataverse] = monotonic()
        return False
    except Forbidden:
        pass  # it has the table
    _missing.pop(dataverse, None)
    return True


def had_no_lists(dataverse: Dataverse) -> bool:
    """Whether the environment said a few minutes ago that it has none. This takes no call."""
    since = _missing.get(dataverse)
    return since is not None and monotonic() - since < MAX_AGE
