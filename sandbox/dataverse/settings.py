"""What one run of the stand-in is like."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from sandbox.dataverse.limits import LimitSettings
from sandbox.dataverse.poster import RetryPolicy

#: Entra's usual lifetime of a token, in seconds.
TOKEN_LIFETIME: Final = 3599


def _guid() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run is like; ids and secrets are made anew for each.

    Attributes:
        port: of https; 0 takes a free one.
        http_port: of plain http besides; 0 takes a free one, None leaves it off.
        ca_file: where the certificate authority of the run is written; None takes a temporary file.
        tenant_id: the Entra tenant.
        client_id: the app registration of the connector.
        client_secret: its secret.
        admin_client_id: the app registration of an administrator, who plays users and flows in tests.
        admin_client_secret: its secret.
        user_id: the `systemuserid` of the connector's application user.
        admin_user_id: that of the administrator.
        token_seconds: how long a token is good for.
        bus: connection string of the Service Bus; None leaves the steps off.
        steps_of: the tables whose steps run; empty for all.
        queue: the queue that the service endpoint points to.
        garble_text: whether messages are encoded twice, as some environments do.
        empty: whether nothing of the connector is installed: the tables that every environment has, and no steps.
        light: whether the environment has no marketing lists and leads, as without a licence of Dynamics 365 Sales.
        latency_ms: how long every HTTP request takes at least.
        limits: the service protection limits.
        retry: when failed posts are tried again.
    """

    port: int = 0
    http_port: int | None = None
    ca_file: Path | None = None
    tenant_id: str = field(default_factory=_guid)
    client_id: str = field(default_factory=_guid)
    client_secret: str = field(default_factory=secrets.token_urlsafe)
    admin_client_id: str = field(default_factory=_guid)
    admin_client_secret: str = field(default_factory=secrets.token_urlsafe)
    user_id: str = field(default_factory=_guid)
    admin_user_id: str = field(default_factory=_guid)
    token_seconds: int = TOKEN_LIFETIME
    bus: str | None = None
    steps_of: tuple[str, ...] = ()
    queue: str = "dataverse"
    garble_text: bool = False
    empty: bool = False
    light: bool = False
    latency_ms: float = 0.0
    limits: LimitSettings = field(default_factory=LimitSettings)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
