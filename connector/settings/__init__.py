"""Settings, as one typed object, read from the environment (application settings in Azure).

    Settings = BusSettings + DataverseSettings + SpotlerSettings + StateSettings + JobSettings + ...

Every problem is named at once, by the name of its setting, without its value. Settings are read when the first message
arrives, never at import: `function_app.py` must index with an empty environment.
"""

from connector.settings.bus import MANAGED_IDENTITY, BusSettings
from connector.settings.settings import Settings, get_bus_settings, get_settings, load_settings
from connector.settings.systems import StateSettings

__all__ = [
    "MANAGED_IDENTITY",
    "BusSettings",
    "Settings",
    "StateSettings",
    "get_bus_settings",
    "get_settings",
    "load_settings",
]
