"""How marketing lists are synced."""

from typing import Annotated

from pydantic import Field

from connector.settings.kinds import SettingsGroup


class ListSettings(SettingsGroup):
    """Marketing lists."""

    #: Members that are read from Dataverse in one call; 5,000 is its maximum.
    list_page: Annotated[int, Field(ge=1, le=5000)] = 5000
    #: Members that are added to an audience, or removed from it, in one call; 2,500 is the maximum of Spotler.
    list_block: Annotated[int, Field(ge=1, le=2500)] = 2500
    #: Pages or blocks of one step, after which the progress is on the job.
    list_step: Annotated[int, Field(ge=1, le=100)] = 10
