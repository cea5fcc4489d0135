"""The client of a set-up: one call at a time, with a time-out for publishing, and a choice of who signs in."""

from typing import TYPE_CHECKING, Final

from connector.dataverse.api import Dataverse
from connector.dataverse.api.client import API
from connector.dataverse.api.tokens import CachedTokens, Credential, tokens_from
from connector.http import Transport
from connector.setup.calls import SetupCalls

if TYPE_CHECKING:
    from connector.settings.systems import DataverseSettings

#: Seconds for one call: publishing takes four minutes and more.
TIMEOUT: Final = 900.0


def connect_setup(settings: "DataverseSettings", *, own_sign_in: bool) -> tuple[SetupCalls, Dataverse]:
    """The calls, and the client to close.

    Args:
        settings: of Dataverse.
        own_sign_in: whether the operator's sign-in of az or azd is used, and not the credentials of the app.
    """
    tokens = CachedTokens(_signed_in) if own_sign_in else tokens_from(settings)
    transport = Transport(settings.dataverse_url + API, timeout=TIMEOUT, parallel=1, system="Dataverse")
    dataverse = Dataverse(transport, tokens)
    return SetupCalls(dataverse), dataverse


def _signed_in() -> Credential:
    from azure.identity import AzureCliCredential, AzureDeveloperCliCredential, ChainedTokenCredential  # noqa: PLC0415

    return ChainedTokenCredential(AzureCliCredential(), AzureDeveloperCliCredential())
