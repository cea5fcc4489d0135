"""The client that the settings of the app describe."""

from collections.abc import Callable

from connector.dataverse.api.client import API, Dataverse
from connector.dataverse.api.protection import Protection
from connector.dataverse.api.tokens import tokens_from
from connector.http import CallRecord, Transport
from connector.http.pace import Pace
from connector.settings import Settings


def connect(
    settings: Settings, *, verify: bool | str = True, on_call: Callable[[CallRecord], None] | None = None
) -> Dataverse:
    """The client that the settings describe. Nothing is sent yet.

    Args:
        settings: of the app.
        verify: False, or the file of a certificate authority, for an environment that is not Microsoft's.
        on_call: receives every attempt.
    """
    transport = Transport(
        settings.dataverse_url + API,
        timeout=settings.dataverse_timeout,
        parallel=settings.dataverse_parallel,
        system="Dataverse",
        verify=verify,
        on_call=on_call,
        pace=Pace(settings.dataverse_window),
        left=Protection().left,
    )
    return Dataverse(transport, tokens_from(settings, verify=verify))
