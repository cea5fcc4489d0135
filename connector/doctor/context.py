"""What the checks look at: the environment, the files of the app, the systems, and Azure; opened when first used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.errors import Misconfigured

if TYPE_CHECKING:
    from connector.dataverse.api import Dataverse
    from connector.doctor.arm import AzureManagement
    from connector.servicebus.browse import MessageBrowser
    from connector.settings import BusSettings, Settings
    from connector.setup.calls import SetupCalls
    from connector.spotler import Spotler
    from connector.state import StateStore

#: The folder of the app: function_app.py, host.json, requirements.txt.
APP: Final = Path(__file__).parents[2]


@dataclass
class CheckContext:
    """The connector as the doctor sees it.

    Attributes:
        environment: the application settings.
        now: the present, in UTC.
        app: the folder of the app.
        package: a package for deployment, if one is to be looked at.
        azure: Azure's management; None where nobody signed in, and then `no_azure` says why.
        probe: whether a job may be created to see it arrive.
        sleep: waits so many seconds.
    """

    environment: Mapping[str, str]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    app: Path = APP
    package: Path | None = None
    azure: "AzureManagement | None" = None
    no_azure: str = "Not asked for: run doctor with --azure on a machine that is signed in with az login."
    probe: bool = False
    _open: list[Callable[[], None]] = field(default_factory=list, repr=False)

    @cached_property
    def settings(self) -> "Settings":
        """All settings. Raises Misconfigured."""
        from connector.settings import get_settings  # noqa: PLC0415 - heavy, loaded when used

        return get_settings()

    @cached_property
    def bus_settings(self) -> "BusSettings":
        """The settings of the bus. Raises Misconfigured."""
        from connector.settings import BusSettings, load_settings  # noqa: PLC0415

        return load_settings(BusSettings)

    @cached_property
    def browser(self) -> "MessageBrowser":
        """Looks into queues and subscriptions."""
        from connector.servicebus.browse import MessageBrowser  # noqa: PLC0415

        return MessageBrowser(self.bus_settings)

    @cached_property
    def dataverse(self) -> "Dataverse":
        """The client of the settings."""
        from connector.dataverse.api import connect  # noqa: PLC0415

        client = connect(self.settings)
        self._open.append(client.close)
        return client

    @property
    def setup_calls(self) -> "SetupCalls":
        """The calls of the set-up, of which checks read only."""
        from connector.setup.calls import SetupCalls  # noqa: PLC0415

        return SetupCalls(self.dataverse)

    @cached_property
    def spotler(self) -> "Spotler":
        """The client of the settings."""
        from connector.spotler import spotler_from  # noqa: PLC0415

        client = spotler_from(self.settings)
        self._open.append(client.close)
        return client

    @cached_property
    def state(self) -> "StateStore":
        """The state of the settings."""
        from connector.settings import StateSettings, load_settings  # noqa: PLC0415
        from connector.state import state_from  # noqa: PLC0415

        return state_from(load_settings(StateSettings))

    @property
    def management(self) -> "AzureManagement":
        """Azure's management.

        Raises:
            NoAzure: nobody signed in, or not all resources are named.
        """
        if self.azure is None:
            raise NoAzure(self.no_azure)
        return self.azure

    def close(self) -> None:
        """Close what was opened."""
        while self._open:
            self._open.pop()()


class NoAzure(Misconfigured):
    """Azure's management cannot be asked."""

    code = "NO_AZURE"
    advice = "Sign in with az login, and name the resources; see the page of the doctor."
