"""The identity by which the connector sends to Service Bus: the one by which the triggers receive.

The extension of Functions reads the settings of the connection in this way, and so do we:

    ServiceBus__credential=managedidentity      a managed identity and nothing else: the one that `__clientId` names,
                                                else the one that the system assigned to the app
    ServiceBus__managedIdentityResourceId=ID    that managed identity and nothing else
    neither                                     the default chain of Azure (environment, managed identity, Azure CLI),
                                                with the managed identity that `__clientId` names, if it does
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    from connector.settings import BusSettings


def bus_credential(settings: "BusSettings") -> "ManagedIdentityCredential | DefaultAzureCredential":
    """The credential of the settings; no token is fetched yet."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415 - loaded when used

    from connector.settings import MANAGED_IDENTITY  # noqa: PLC0415 - heavy, loaded when used

    resource = settings.service_bus_resource_id
    if settings.service_bus_credential == MANAGED_IDENTITY or resource:
        by_resource = {"resource_id": resource} if resource else None
        return ManagedIdentityCredential(client_id=settings.service_bus_client_id, identity_config=by_resource)
    if settings.service_bus_client_id:
        return DefaultAzureCredential(managed_identity_client_id=settings.service_bus_client_id)
    return DefaultAzureCredential()  # which reads AZURE_CLIENT_ID
