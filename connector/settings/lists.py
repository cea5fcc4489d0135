"""Marketing Lists."""

from connector.settings.kinds import SettingsGroup


class ListSettings(SettingsGroup):
    """Marketing Lists."""

    #: Whether the lists that are synced are refreshed on their schedule.
    lists_enabled: bool = True
