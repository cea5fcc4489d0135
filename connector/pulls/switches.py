"""Which feeds are read: one table of their switches.

A feed that is not named here is always read.

    updates, updates-again              UPDATES_ENABLED
    bounces, bounces-returned           BOUNCES_ENABLED
    interactions, interactions-KIND     INTERACTIONS_ENABLED, and KIND is one of INTERACTIONS
    visitors                            VISITORS_ENABLED, and Spotler Leads is configured
    lists                               LISTS_ENABLED

"""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from connector import telemetry
from connector.services import Services

log = logging.getLogger(__name__)

_KIND: Final = "interactions-"

_SWITCHES: Final[Mapping[str, Callable[[Services], bool]]] = {
    "updates": lambda services: services.settings.updates_enabled,
    "updates-again": lambda services: services.settings.updates_enabled,
    "bounces": lambda services: services.settings.bounces_enabled,
    "bounces-returned": lambda services: services.settings.bounces_enabled,
    "interactions": lambda services: services.settings.interactions_enabled,
    "visitors": lambda services: services.settings.visitors_enabled and services.leads is not None,
    "lists": lambda services: services.settings.lists_enabled,
}


def is_switched_on(services: Services, feed: str) -> bool:
    """Whether the settings let a feed be read.

    Args:
        services: their settings are looked at.
        feed: its name, as its checkpoint has it.
    """
    if feed.startswith(_KIND):
        settings = services.settings
        return settings.interactions_enabled and feed.removeprefix(_KIND) in settings.interaction_kinds
    switch = _SWITCHES.get(feed)
    return switch is None or switch(services)


def is_on(services: Services, feed: str) -> bool:
    """Whether a feed is switched on; that it is not is logged once per process."""
    if is_switched_on(services, feed):
        return True
    if feed not in _reported_off:
        _reported_off.add(feed)
        log.info("Feed %s is switched off by its setting.", feed, extra=telemetry.fields(operation=feed))
    return False


_reported_off: Final = set[str]()
