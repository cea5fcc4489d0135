"""The services of the settings, for one command: Dataverse, Spotler, the state, and the mapping of the settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.services import Services


@contextmanager
def services_of_settings() -> "Iterator[Services]":
    """Services that are closed when the command ends.

    Raises:
        Misconfigured: a setting or the mapping is missing or wrong.
    """
    from connector.mapping import load_mapping  # noqa: PLC0415 - loaded when used
    from connector.services import services_with  # noqa: PLC0415
    from connector.settings import get_settings  # noqa: PLC0415

    settings = get_settings()
    services = services_with(settings, load_mapping(settings.mapping_file))
    try:
        yield services
    finally:
        services.close()
