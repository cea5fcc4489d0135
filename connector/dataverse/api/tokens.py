"""Tokens for the Web API, from a client secret or from the app's managed identity.

A token is asked for once and used by all threads until five minutes before it ends. When Dataverse refuses a token, or
none can be had, the credential is discarded, because credentials of azure-identity keep what they were answered: an
answer that only looked like the discovery document of the tenant would be used for a day.
"""

import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

import requests
from requests.auth import AuthBase

from connector.errors import ConnectorError, Misconfigured, Transient
from connector.http import SYSTEM_CLOCK, Clock
from connector.http.session import distrust
from connector.http.single_flight import SingleFlight
from connector.words import Sentence, marked

if TYPE_CHECKING:
    from connector.settings.systems import DataverseSettings

#: Seconds before its end at which a token is replaced: longer than any call, shorter than any token's life.
MARGIN: Final = 300.0
#: Seconds before its end up to which a token still serves when no new one can be had.
LAST_RESORT: Final = 30.0

#: Attempts of azure-identity beside the first; those who wait for the token are patient themselves.
RETRIES: Final = 1

_MICROSOFT: Final = "https://login.microsoftonline.com"

#: What to check, by the code in the refusal ("Microsoft Entra authentication and authorization error codes").
_ADVICE: Final = {
    "AADSTS7000215": marked("DATAVERSE_CLIENT_SECRET is wrong: use the value of the secret, not its id."),
    "AADSTS7000222": marked("DATAVERSE_CLIENT_SECRET has expired: make a new one at the app registration."),
    "AADSTS700016": marked("DATAVERSE_CLIENT_ID is not an application of the tenant DATAVERSE_TENANT_ID."),
    "AADSTS90002": marked("DATAVERSE_TENANT_ID is not a tenant."),
    "AADSTS500011": marked("DATAVERSE_URL is not an environment of the tenant DATAVERSE_TENANT_ID."),
}
_ADVICE_OTHERWISE: Final = marked(
    "Check DATAVERSE_TENANT_ID, DATAVERSE_CLIENT_ID and DATAVERSE_CLIENT_SECRET; without a secret, that the app has a "
    "managed identity and that DATAVERSE_CLIENT_ID is empty or names it."
)


class TokenSource(Protocol):
    """Where tokens come from."""

    def get_token(self, scope: str) -> str:
        """A token that is good for a while.

        Raises:
            Misconfigured: the credentials are wrong.
            Transient: the identity service cannot be reached.
        """

    def discard(self, token: str) -> None:
        """Do not give out this token again: it was refused."""


class AccessToken(Protocol):
    """A token and the time at which it ends, in seconds since 1970."""

    @property
    def token(self) -> str:
        """The text after "Bearer"."""

    @property
    def expires_on(self) -> int:
        """Seconds since 1970."""


class Credential(Protocol):
    """What azure-identity offers."""

    def get_token(self, *scopes: str) -> AccessToken:
        """A token for the scopes."""


class CachedTokens:
    """Keeps the token of one credential; safe for threads, which share one request and its failure.

    Args:
        new_credential: makes the credential, at first use and again after a token was discarded.
        clock: gives the time.
        fault: makes an error of a failure of azure-identity.
    """

    def __init__(
        self,
        new_credential: Callable[[], Credential],
        *,
        clock: Clock = SYSTEM_CLOCK,
        fault: Callable[[Exception], ConnectorError] | None = None,
    ) -> None:
        self._new_credential = new_credential
        self._clock = clock
        self._fault = fault or token_fault
        self._lock = threading.Lock()
        self._credential: Credential | None = None
        self._tokens: dict[str, AccessToken] = {}
        self._requests: dict[str, SingleFlight[AccessToken]] = {}

    def get_token(self, scope: str) -> str:
        """A token that is good for more than the margin, or the old one for its last minutes."""
        if (token := self._good(scope)) is None:
            token = self._requests.setdefault(scope, SingleFlight()).call(lambda: self._renewed(scope))
        return token.token

    def discard(self, token: str) -> None:
        """Forget the token, unless another thread has replaced it already."""
        with self._lock:
            for scope, known in list(self._tokens.items()):
                if known.token == token:
                    del self._tokens[scope]
                    self._credential = None

    def _good(self, scope: str) -> AccessToken | None:
        token = self._tokens.get(scope)
        return token if token is not None and self._left(token) > MARGIN else None

    def _renewed(self, scope: str) -> AccessToken:
        if (good := self._good(scope)) is not None:  # another thread was faster
            return good
        old = self._tokens.get(scope)
        try:
            self._tokens[scope] = new = self._fetch(scope)
        except Transient:
            if old is None or self._left(old) < LAST_RESORT:
                raise
            return old
        return new

    def _left(self, token: AccessToken) -> float:
        return token.expires_on - self._clock.wall()

    def _fetch(self, scope: str) -> AccessToken:
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - slow to import, and not needed to start

        with self._lock:
            credential = self._credential = self._credential or self._new_credential()
        try:
            return credential.get_token(scope)
        except AzureError as error:
            with self._lock:
                self._credential = None
            raise self._fault(error) from None  # its text holds ids of the tenant


class Bearer(AuthBase):
    """Puts a token on every attempt, so that one that waited long still carries a good one."""

    def __init__(self, tokens: TokenSource, scope: str) -> None:
        self._tokens = tokens
        self._scope = scope

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._tokens.get_token(self._scope)}"
        return request

    def discard(self, request: requests.PreparedRequest) -> None:
        """Do not use again the token that this request carried."""
        self._tokens.discard(request.headers.get("Authorization", "").removeprefix("Bearer "))


def tokens_from(settings: "DataverseSettings", *, verify: bool | str = True) -> CachedTokens:
    """The token source that the settings describe: a client secret where there is one, else the managed identity.

    Args:
        settings: of the app.
        verify: False, or the file of a certificate authority, for an identity service that is not Microsoft's.
    """

    def credential() -> Credential:
        from azure.identity import ClientSecretCredential, ManagedIdentityCredential  # noqa: PLC0415 - slow to import

        seconds = settings.dataverse_timeout
        secret, client, tenant = (
            settings.dataverse_client_secret,
            settings.dataverse_client_id,
            settings.dataverse_tenant_id,
        )
        if secret is None or client is None or tenant is None:
            return ManagedIdentityCredential(
                client_id=client or None, connection_timeout=seconds, read_timeout=seconds
            )  # fmt: skip
        return ClientSecretCredential(
            tenant,
            client,
            secret.get_secret_value(),
            authority=settings.dataverse_authority,
            disable_instance_discovery=settings.dataverse_authority != _MICROSOFT,
            connection_verify=verify,
            retry_total=RETRIES,
            connection_timeout=seconds,
            read_timeout=seconds,
        )

    return CachedTokens(credential)


def token_fault(error: Exception) -> ConnectorError:
    """The family of a failure of azure-identity, which hides network faults inside authentication errors."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError  # noqa: PLC0415 - slow to import

    status = getattr(error, "status_code", None)
    cause = error.__cause__ or error
    if isinstance(cause, ServiceRequestError | ServiceResponseError):
        if fault := distrust(cause.inner_exception or cause, Sentence("the identity service")):
            return fault
        return Transient("The identity service could not be reached for a Dataverse token.")
    if isinstance(status, int) and (status == 429 or status >= 500):
        return Transient(
            Sentence("The identity service answered {status} when asked for a Dataverse token.", status=status)
        )
    code = entra_code(error) or type(error).__name__
    return Misconfigured(
        Sentence("No token for Dataverse: the identity service refused the credentials ({code}).", code=code),
        advice=_ADVICE.get(code, _ADVICE_OTHERWISE),
    )


def entra_code(error: Exception) -> str:
    """The code with which Microsoft Entra refused, as `AADSTS700016`; empty where there is none."""
    found = re.search(r"AADSTS\d+", str(error))
    return found[0] if found else ""
