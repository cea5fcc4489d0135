"""The connection to Service Bus: the SDK's client from the settings, and its errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from connector.errors import Misconfigured, Transient
from connector.servicebus.credential import bus_credential
from connector.words import Sentence

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusClient

    from connector.settings import BusSettings

#: The application setting that holds the connection; `ServiceBus__fullyQualifiedNamespace` for an identity.
CONNECTION_SETTING: Final = "ServiceBus"

#: Seconds for one attempt of the SDK, which makes several in one call.
ATTEMPT_SECONDS: Final = 10.0


def client_from(settings: BusSettings) -> ServiceBusClient:
    """The SDK's client: by connection string, else by the identity of the app. It connects when it is first used.

    Raises:
        Misconfigured: the connection string is not valid.
    """
    from azure.servicebus import ServiceBusClient  # noqa: PLC0415 - heavy, loaded when used

    if settings.service_bus is not None:
        connection_string = settings.service_bus.get_secret_value()
        try:
            return ServiceBusClient.from_connection_string(connection_string, try_timeout=ATTEMPT_SECONDS)
        except ValueError:
            raise Misconfigured(
                "The setting ServiceBus is not a connection string.",
                advice="Set it to the connection string of a policy of the namespace: Endpoint=sb://…;SharedAccessKey=….",
            ) from None
    assert settings.service_bus_namespace is not None  # noqa: S101 - checked by Settings
    return ServiceBusClient(settings.service_bus_namespace, bus_credential(settings), try_timeout=ATTEMPT_SECONDS)


@contextmanager
def translate_errors(action: Sentence) -> Iterator[None]:
    """Turn the SDK's errors into ours; `action` completes "Service Bus did not …".

    Raises:
        Transient: when the bus cannot be reached.
        Misconfigured: when it refuses our credentials or does not know the entity.
    """
    from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415 - heavy, loaded when used
    from azure.servicebus.exceptions import (  # noqa: PLC0415
        MessagingEntityNotFoundError,
        ServiceBusAuthenticationError,
        ServiceBusAuthorizationError,
        ServiceBusError,
    )

    try:
        yield
    except (
        ServiceBusAuthenticationError,
        ServiceBusAuthorizationError,
        MessagingEntityNotFoundError,
        ClientAuthenticationError,
    ) as error:
        raise Misconfigured(
            Sentence("Service Bus refused to {action} ({kind}).", action=action, kind=type(error).__name__),
            advice="Check the connection setting ServiceBus, its rights and the entities of the namespace.",
        ) from error
    except (ServiceBusError, OSError) as error:
        raise Transient(Sentence("Service Bus did not {action}.", action=action)) from error
