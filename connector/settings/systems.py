"""How Dataverse, Spotler and the state are reached."""

from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from connector.settings.kinds import SettingsGroup, Url, secure_url


class DataverseSettings(SettingsGroup):
    """Dataverse."""

    # Without a client secret the managed identity of the app is used.
    dataverse_url: Url
    dataverse_tenant_id: str | None = None
    dataverse_client_id: str | None = None
    dataverse_client_secret: SecretStr | None = None
    dataverse_authority: Url = "https://login.microsoftonline.com"
    #: Seconds for one call; a bulk write of 100 rows with plug-ins takes several.
    dataverse_timeout: Annotated[float, Field(gt=0)] = 60
    #: The most calls at the same time; Dataverse allows 52 or more per user.
    dataverse_parallel: Annotated[int, Field(ge=1, le=52)] = 8
    #: Seconds of the window of its service protection limits.
    dataverse_window: Annotated[float, Field(gt=0, le=3600)] = 300

    @field_validator("dataverse_client_secret")
    @classmethod
    def _whose_secret(cls, secret: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if secret and not (others.data.get("dataverse_client_id") and others.data.get("dataverse_tenant_id")):
            raise ValueError("needs DATAVERSE_CLIENT_ID and DATAVERSE_TENANT_ID beside it")
        return secret


class SpotlerSettings(SettingsGroup):
    """Spotler."""

    spotler_url: Url = "https://restapi.mailplus.nl/integrationservice-1.1.0"
    spotler_key: SecretStr
    spotler_secret: SecretStr
    #: Seconds for one call; public clients of this API use 10 to 20.
    spotler_timeout: Annotated[float, Field(gt=0)] = 20
    #: Corrections of unpublished paths, as JSON; see docs/to-verify.md.
    spotler_paths: str | None = None
    #: Whether the header Date and the dates of contacts come from the same clock; see docs/to-verify.md.
    spotler_date_is_its_clock: bool = True
    #: The most calls at the same time; the limiter finds how many the system accepts. Spotler publishes no limit.
    spotler_parallel: Annotated[int, Field(ge=1, le=32)] = 24


class StateSettings(SettingsGroup):
    """What has no place in Dataverse."""

    #: The address of a storage account, a connection string of one, or a directory of this machine.
    state: SecretStr
    #: The container in that storage account.
    state_container: Annotated[str, Field(pattern=r"^[a-z0-9](-?[a-z0-9])+$", min_length=3, max_length=63)] = (
        "spotler-connector"
    )
    #: The client id of a user-assigned managed identity, for an address.
    state_client_id: str | None = None

    @field_validator("state")
    @classmethod
    def _secure_state(cls, place: SecretStr) -> SecretStr:
        text = place.get_secret_value().strip()
        return SecretStr(secure_url(text) if "://" in text and "=" not in text else text)

    @property
    def state_is_directory(self) -> bool:
        """Whether STATE is a directory, and no storage account."""
        place = self.state.get_secret_value()
        return "://" not in place and "=" not in place
