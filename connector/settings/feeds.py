"""What is done on a schedule."""

from typing import Annotated

from pydantic import Field

from connector.settings.kinds import SettingsGroup


class FeedSettings(SettingsGroup):
    """Feeds."""

    #: How far back a feed is read at its first run, in days; by default it has no history.
    feed_first_days: Annotated[float, Field(ge=0)] = 0
    #: Whether changed contacts are read on their schedule.
    updates_enabled: bool = True
    #: Whether bounces are read on their schedule.
    bounces_enabled: bool = True
    #: Whether the Marketing Lists that were synced are refreshed on their schedule.
    lists_enabled: bool = True
