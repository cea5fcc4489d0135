"""What an environment has from the start: users, privileges, roles, and the endpoint and the steps of ours."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from connector.dataverse.schema import Step
from sandbox.dataverse.access.rights import ADMINISTRATOR_ID
from sandbox.dataverse.access.seeding import installed_role
from sandbox.dataverse.guids import guid_for
from sandbox.dataverse.message_filters import add_filters
from sandbox.dataverse.organization_tables import organization_rows
from sandbox.dataverse.steps import ENDPOINT_ID
from sandbox.dataverse.store import TableData

if TYPE_CHECKING:
    from sandbox.dataverse.environment import Environment

ORGANIZATION_ID: Final = guid_for("sandbox/organization")


class FirstRows:
    """Hundreds of rows, which are placed once and then only put back.

    Args:
        environment: where the rows belong.
        steps: the asynchronous steps that are registered.
    """

    def __init__(self, environment: "Environment", steps: Sequence[Step]) -> None:
        self._environment = environment
        self._settings = environment.settings
        self._registered = steps
        self._bus = dict(part.split("=", 1) for part in (self._settings.bus or "").split(";") if "=" in part)
        self._placed: dict[str, TableData] = {}

    def place(self) -> None:
        """Put them in place, in an environment that was just made."""
        environment, settings = self._environment, self._settings
        tables = environment.customizing.parts.definitions.tables
        users = [(settings.admin_user_id, settings.admin_client_id, "Sandbox", "Administrator")]
        if not settings.empty:
            users.append((settings.user_id, settings.client_id, "#", "Spotler Connector"))
        seeds = environment.access.seeds
        seeds.begin()
        for user in users:
            seeds.user(*user)
        seeds.privileges(tables.values())
        seeds.give(settings.admin_user_id, ADMINISTRATOR_ID)
        environment.load(organization_rows(ORGANIZATION_ID, tuple(each[0] for each in users)))
        environment.customizing.seed()
        environment.installing.begin()
        if settings.empty:
            add_filters(environment.store, environment.clock, environment.store.catalog.by_name)
            environment.installing.seed()
        else:
            seeds.install(installed_role(), tables, settings.user_id)
            self._place_steps()
        self._placed = environment.store.copied()
        self._keep_endpoint()

    def put_back(self) -> None:
        """Have them and no other rows."""
        self._environment.store.restore(self._placed)
        self._keep_endpoint()

    def _place_steps(self) -> None:
        address = f"sb://{urlsplit(self._bus.get('Endpoint', '')).netloc}/"
        key_name, has_key = self._bus.get("SharedAccessKeyName", ""), bool(self._key)
        self._environment.steps.seed(self._registered, address, self._settings.queue, key_name, has_key=has_key)

    def _keep_endpoint(self) -> None:
        if not self._settings.empty:
            self._environment.endpoints.keep(ENDPOINT_ID, self._key)

    @property
    def _key(self) -> str:
        return self._bus.get("SharedAccessKey", "")
