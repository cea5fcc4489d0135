"""What a set-up has to know beside the manifest: the mapping, the bus, the application, and the key of the endpoint."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from connector.dataverse.names import Contact, Lead
from connector.dataverse.permission_tables import PermissionTable, periodiek
from connector.dataverse.records import RECORD_TABLES
from connector.dataverse.schema.model import Step
from connector.dataverse.schema.roles import RoleNeeds
from connector.dataverse.schema.steps import steps
from connector.errors import Misconfigured
from connector.mapping import Direction, Mapping as RecordMapping, plan
from connector.mapping.columns import Path
from connector.mapping.permission_lists import permission_list_tables
from connector.servicebus.entities import QUEUE_DATAVERSE
from connector.words import Sentence

if TYPE_CHECKING:
    from connector.settings import BusSettings

_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?", re.IGNORECASE)
#: The policy of the queue that may only send; `infra` makes it.
KEY_NAME: Final = "dataverse-send"


@dataclass(frozen=True, slots=True)
class EndpointInputs:
    """Where Dataverse posts to.

    Attributes:
        address: of the namespace, `sb://…/`.
        queue: its queue.
        key_name: the SAS policy that may send to it.
        key: its key; None where the one that is set already stays.
        replaces_key: whether the key is written although one is set.
    """

    address: str
    queue: str = QUEUE_DATAVERSE
    key_name: str = KEY_NAME
    key: SecretStr | None = field(default=None, repr=False)
    replaces_key: bool = False


@dataclass(frozen=True, slots=True)
class SetupInputs:
    """What a set-up has to know; the default is an installation without bus and application.

    Attributes:
        needs: what the role of the connector must allow.
        steps: that post messages.
        endpoint: through which; None where no bus is named.
        application: the client id of the connector; empty where none is named.
        values: first values of environment variables, by schema name.
        mapping: whose columns must be there; None for one of the connector itself.
        permissions: the table of Periodieken; None where permissions are not kept in it.
    """

    needs: RoleNeeds = field(default_factory=RoleNeeds)
    steps: tuple[Step, ...] = field(default_factory=lambda: steps({}))
    endpoint: EndpointInputs | None = None
    application: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    mapping: RecordMapping | None = None
    permissions: PermissionTable | None = None


def needs_of(mapping: RecordMapping, permissions: PermissionTable | None = None) -> RoleNeeds:
    """What the role must allow for a mapping.

    Args:
        mapping: the mapping.
        permissions: the table of Periodieken, where permissions are kept in it.
    """
    inward = frozenset(
        table
        for table in RECORD_TABLES
        if any(Direction(row.direction).inward and table in row.columns for row in mapping.rows)
    )
    referred = {each.table for row in mapping.rows for each in row.columns.values() if isinstance(each, Path)}
    return RoleNeeds(
        inward=inward,
        newcomers=frozenset((Contact.TABLE, Lead.TABLE)),
        referred=frozenset(referred),
        entity=mapping.entity_table,
        periodiek=permissions.table if permissions else "",
        members=bool(permission_list_tables(mapping)),
    )


def steps_of(mapping: RecordMapping, permissions: PermissionTable | None = None) -> tuple[Step, ...]:
    """The steps for a mapping: what it sends is what is posted when it changes."""
    triggers = {table: plan(mapping, table).triggers for table in RECORD_TABLES}
    return steps(triggers, with_members=bool(permission_list_tables(mapping)), periodiek=permissions)


def inputs_from(
    mapping: RecordMapping,
    bus: "BusSettings",
    *,
    application: str = "",
    key: SecretStr | None = None,
    replaces_key: bool = False,
    values: Mapping[str, str] | None = None,
) -> SetupInputs:
    """The inputs of a mapping and of the settings of the bus."""
    permissions = periodiek(bus.periodiek) if bus.periodiek else None
    endpoint = EndpointInputs(address_of(bus), key=key, replaces_key=replaces_key)
    needs, watched = needs_of(mapping, permissions), steps_of(mapping, permissions)
    return SetupInputs(needs, watched, endpoint, application, values or {}, mapping, permissions)


def address_of(bus: "BusSettings") -> str:
    """The address of the namespace, `sb://…/`.

    Raises:
        Misconfigured: the setting names no host, so Dataverse would post nowhere.
    """
    if bus.service_bus is not None:
        parts = bus.service_bus.get_secret_value().split(";")
        named = next((part.partition("=")[2] for part in parts if part.startswith("Endpoint=")), "")
        setting, host = "ServiceBus", urlsplit(named).netloc
    else:
        setting, host = "ServiceBus__fullyQualifiedNamespace", str(bus.service_bus_namespace)
    if _HOST.fullmatch(host) is None:
        raise Misconfigured(
            Sentence("{name} does not name the host of the Service Bus namespace.", name=setting),
            advice="Write it like contoso.servicebus.windows.net; in a connection string, after Endpoint=sb://.",
        )
    return f"sb://{host}/"
