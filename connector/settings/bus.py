"""The settings of Service Bus and of the router."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from connector.settings.kinds import SettingsGroup

#: The only kind of identity that the triggers and the sender both take by a setting.
MANAGED_IDENTITY = "managedidentity"


class BusSettings(SettingsGroup):
    """What routes and sends messages: enough for the router, and to put work back while any other setting is wrong."""

    # Service Bus: a connection string (setting ServiceBus), or the namespace for a managed identity.
    service_bus: Annotated[SecretStr | None, Field(validation_alias="ServiceBus")] = None
    service_bus_namespace: Annotated[
        str | None, Field(validation_alias="ServiceBus__fullyQualifiedNamespace", validate_default=True)
    ] = None
    # The managed identity of the sender, by the names that the triggers read too.
    service_bus_credential: Annotated[str | None, Field(validation_alias="ServiceBus__credential")] = None
    service_bus_client_id: Annotated[str | None, Field(validation_alias="ServiceBus__clientId")] = None
    service_bus_resource_id: Annotated[str | None, Field(validation_alias="ServiceBus__managedIdentityResourceId")] = (
        None
    )
    #: The systemuserid of the connector's application user: messages it caused are its own echo.
    dataverse_user_id: str | None = None
    #: The mapping: the router reads in it which columns start a sync.
    mapping_file: Path = Path("mappings/default.json")
    #: What the Periodieken of Engage 365 are called, as JSON; see connector/dataverse/permission_tables.py.
    periodiek: str | None = None

    # Validators of fields, not of the whole: those run only when every field is right, and would hide their problem.

    @field_validator("service_bus_namespace")
    @classmethod
    def _one_bus(cls, namespace: str | None, others: ValidationInfo) -> str | None:
        if namespace is None and others.data.get("service_bus") is None:
            raise ValueError("set it, or set ServiceBus to a connection string")
        return namespace

    @field_validator("service_bus_credential")
    @classmethod
    def _known_credential(cls, kind: str | None) -> str | None:
        if kind is not None and kind.lower() != MANAGED_IDENTITY:
            raise ValueError(f"must be {MANAGED_IDENTITY} or empty")
        return kind and kind.lower()

    @field_validator("service_bus_resource_id")
    @classmethod
    def _one_identity(cls, resource: str | None, others: ValidationInfo) -> str | None:
        if resource and others.data.get("service_bus_client_id"):
            raise ValueError("set this or ServiceBus__clientId, not both")
        return resource
