"""The client of a set-up: one call at a time, with a time-out for publishing, and a choice of who signs in.

Whoever sets up is an administrator, and not the connector's user: what keeps them out is said accordingly.
"""

from typing import TYPE_CHECKING, Final

from connector.dataverse.api import Dataverse, Forbidden
from connector.dataverse.api.client import API
from connector.dataverse.api.errors import missing_privilege
from connector.dataverse.api.sign_in import is_refused_sign_in
from connector.dataverse.api.tokens import CachedTokens, Credential, entra_code, tokens_from
from connector.errors import ConnectorError, Misconfigured
from connector.http import Transport
from connector.setup.calls import SetupCalls
from connector.words import Sentence, marked

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
    tokens = CachedTokens(_signed_in, fault=_not_signed_in) if own_sign_in else tokens_from(settings)
    transport = Transport(settings.dataverse_url + API, timeout=TIMEOUT, parallel=1, system="Dataverse")
    dataverse = Dataverse(transport, tokens)
    return SetupCalls(dataverse), dataverse


def _signed_in() -> Credential:
    from azure.identity import AzureCliCredential, AzureDeveloperCliCredential, ChainedTokenCredential  # noqa: PLC0415

    return ChainedTokenCredential(AzureCliCredential(), AzureDeveloperCliCredential())


def _not_signed_in(error: Exception) -> ConnectorError:
    """Why az and azd gave no token; their messages have names and ids, and are not passed on."""
    advice = "Run az login or azd auth login, or leave out --own-sign-in."
    if code := entra_code(error):
        return Misconfigured(
            Sentence("No token for Dataverse: Microsoft Entra refused your sign-in ({code}).", code=code), advice=advice
        )
    return Misconfigured("No token for Dataverse: you are not signed in on this machine.", advice=advice)


def explained(error: Forbidden | Misconfigured, *, own_sign_in: bool) -> ConnectorError:
    """What keeps somebody from setting up, with what to do about it.

    Args:
        error: that Dataverse answered.
        own_sign_in: whether the operator signed in, and not the application.
    """
    if isinstance(error, Forbidden):
        name = missing_privilege(error.sentence) or Sentence("that it takes")
        if own_sign_in:
            sentence = Sentence("You lack the privilege {name}.", name=name)
            advice = marked("Setting up takes the role System Administrator in this environment.")
        else:
            sentence = Sentence("The application DATAVERSE_CLIENT_ID lacks the privilege {name}.", name=name)
            advice = marked("Set up as a System Administrator: with --own-sign-in, or with an application that is one.")
        return Forbidden(
            sentence,
            advice=advice,
            status=error.status,
            dataverse_code=error.dataverse_code,
            request_id=error.request_id,
        )
    if own_sign_in and is_refused_sign_in(error):
        return Misconfigured(
            "Dataverse does not accept your sign-in.",
            advice="Sign in to the tenant of DATAVERSE_URL, as a user of that environment.",
        )
    return error
