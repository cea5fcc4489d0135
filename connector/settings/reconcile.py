"""The comparison of both sides."""

from connector.settings.kinds import SettingsGroup


class ReconcileSettings(SettingsGroup):
    """The comparison of both sides."""

    #: Whether both sides are compared on their schedule.
    reconcile_enabled: bool = True
    #: Whether records that Spotler never had are sent, also those that nobody has changed since the last comparison.
    reconcile_adds: bool = False
