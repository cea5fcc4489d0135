"""What is done on a schedule."""

from typing import Annotated, Final

from pydantic import Field, field_validator

from connector.settings.kinds import SettingsGroup

#: The feeds of interactions of Spotler.
INTERACTION_KINDS: Final = frozenset({"sent", "opened", "clicked", "bounced"})


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
    #: Whether what people did with mailings is read on its schedule, and which of it: sent, opened, clicked, bounced.
    interactions_enabled: bool = True
    interactions: str = "opened,clicked,bounced"
    #: Days after which an interaction is deleted; 0 keeps it.
    keep_interactions_days: Annotated[int, Field(ge=0, le=36_500)] = 365

    @field_validator("interactions")
    @classmethod
    def _known_kinds(cls, kinds: str) -> str:
        if not _named(kinds) <= INTERACTION_KINDS:
            raise ValueError("must be some of sent, opened, clicked, bounced, with commas between them")
        return kinds

    @property
    def interaction_kinds(self) -> frozenset[str]:
        """The feeds of interactions that are read."""
        return _named(self.interactions)


def _named(kinds: str) -> frozenset[str]:
    return frozenset(filter(None, (kind.strip().lower() for kind in kinds.split(","))))
