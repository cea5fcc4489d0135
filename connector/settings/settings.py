"""All settings as one typed object, and how they are read."""

from functools import lru_cache

from pydantic import ValidationError

from connector.errors import Misconfigured
from connector.settings.bus import BusSettings
from connector.settings.feeds import FeedSettings
from connector.settings.jobs import JobSettings
from connector.settings.kinds import SettingsGroup
from connector.settings.leads import LeadsSettings
from connector.settings.lists import ListSettings
from connector.settings.reconcile import ReconcileSettings
from connector.settings.sync import ConsentSettings, NewSubscriberSettings, PlanSettings
from connector.settings.systems import DataverseSettings, SpotlerSettings, StateSettings
from connector.words import Sentence


class Settings(
    ReconcileSettings,
    PlanSettings,
    NewSubscriberSettings,
    ListSettings,
    ConsentSettings,
    LeadsSettings,
    FeedSettings,
    JobSettings,
    StateSettings,
    SpotlerSettings,
    DataverseSettings,
    BusSettings,
):
    """All settings."""


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        Misconfigured: naming every setting that is missing or wrong.
    """
    return load_settings(Settings)


@lru_cache(maxsize=1)
def get_bus_settings() -> BusSettings:
    """The settings of the bus alone, read once; raises as `get_settings` does."""
    return load_settings(BusSettings)


def load_settings[S: SettingsGroup](kind: type[S]) -> S:
    """Read settings from the environment.

    Raises:
        Misconfigured: naming every setting that is missing or wrong.
    """
    try:
        return kind()  # its arguments are the environment
    except ValidationError as error:
        problems = "; ".join(_problems(error))
    # Outside of the handler, because the text of pydantic's error holds the values and would stay in the context.
    raise Misconfigured(Sentence("Settings are missing or wrong: {problems}.", problems=problems))


def _problems(error: ValidationError) -> list[str]:
    """One text per problem; messages of pydantic are kept, values are not."""
    return [f"{_name(problem['loc'])}: {problem['msg']}" for problem in error.errors(include_input=False)]


def _name(location: tuple[int | str, ...]) -> str:
    """The name of a setting; pydantic gives the name of its field, or the alias that is the name already."""
    name = str(location[0])
    field = Settings.model_fields.get(name)
    return name if field is None else str(field.validation_alias or name.upper())
