"""The settings of an app as its host sees them: the environment, over the `Values` of `local.settings.json`.

The host resolves two things with them: `%NAME%` inside a binding, and the name of a connection.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

#: Variables that make the engine believe that it runs inside Azure, where it would not look at the app's folder.
AZURE_MARKERS = ("CONTAINER_NAME", "WEBSITE_INSTANCE_ID")

#: What the Service Bus extension looks up when a binding names no connection (Service Bus bindings documentation).
DEFAULT_CONNECTION = "AzureWebJobsServiceBus"

#: The host gives the engine this many threads for `def` functions, unless the app says otherwise.
THREAD_COUNT = "1000"


class SettingMissing(LookupError):
    """A binding names a setting that neither the environment nor `local.settings.json` has."""


class _LocalSettings(BaseModel):
    values: dict[str, str] = Field(default_factory=dict, alias="Values")


@dataclass(frozen=True, slots=True)
class AppSettings:
    """The settings of one app: name to value."""

    values: Mapping[str, str]

    @classmethod
    def load(cls, app: Path, environment: Mapping[str, str]) -> "AppSettings":
        """The environment, and below it the `Values` of `local.settings.json` in the folder `app`, if it is there.

        Raises ValueError for a file that is not of the documented form.
        """
        file = app / "local.settings.json"
        local: dict[str, str] = {}
        if file.exists():
            try:
                local = _LocalSettings.model_validate(json.loads(file.read_text("utf-8"))).values
            except (json.JSONDecodeError, ValidationError) as error:
                places = [e["loc"] for e in error.errors()] if isinstance(error, ValidationError) else error
                raise ValueError(f"{file} cannot be read: {places}. Values must be text.") from None
        return cls({**local, **environment})

    def resolve(self, text: str) -> str:
        """`text` with every `%NAME%` replaced by that setting. Raises SettingMissing."""
        return re.sub(r"%([^%]+)%", lambda match: self._get(match[1], f"{text!r} in a binding"), text)

    def connection_string(self, name: str) -> str:
        """The connection string behind the name of a connection; `""` means the default. Raises SettingMissing."""
        wanted = name or DEFAULT_CONNECTION
        for candidate in (f"AzureWebJobs{wanted}", wanted):
            if value := self.values.get(candidate):
                return value
        if f"{wanted}__fullyQualifiedNamespace" in self.values:
            raise SettingMissing(
                f"The connection {wanted} is identity-based; this host needs {wanted} to be a connection string, "
                "because identities cannot log on to a stand-in."
            )
        return self._get(wanted, "the connection of a Service Bus binding")

    def engine_environment(self, app: Path) -> dict[str, str]:
        """The environment of an engine process that runs the app in the folder `app`."""
        environment = {name: value for name, value in self.values.items() if name not in AZURE_MARKERS}
        environment["FUNCTIONS_WORKER_RUNTIME"] = "python"
        environment["AzureWebJobsScriptRoot"] = str(app)
        environment.setdefault("PYTHON_THREADPOOL_THREAD_COUNT", THREAD_COUNT)
        return environment

    def _get(self, name: str, purpose: str) -> str:
        if value := self.values.get(name):
            return value
        raise SettingMissing(
            f"The setting {name} is missing; {purpose} needs it. "
            "Set it in the environment or under Values in local.settings.json."
        )
