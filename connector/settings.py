"""Settings, as one typed object, read from the environment (application settings in Azure).

Every problem is named at once, by the name of its setting, without its value. Settings are read when the first message
arrives, never at import: `function_app.py` must index with an empty environment.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from connector.errors import Misconfigured

#: The only kind of identity that the triggers and the sender both take by a setting.
MANAGED_IDENTITY = "managedidentity"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _secure_url(url: str) -> str:
    """Credentials are sent over TLS only, except to a stand-in on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:  # its own message would quote the value
        raise ValueError("must be an https address") from None
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise ValueError("must be an https address")
    return url.rstrip("/")


def _time_zone(name: str) -> str:
    """A zone that this machine knows: checked here, and not by the first date-time that is sent."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Amsterdam") from None
    return name


Url = Annotated[str, AfterValidator(_secure_url)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]


class BusSettings(BaseSettings):
    """What routes and sends messages: enough for the router, and to put work back while any other setting is wrong."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

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


class Settings(BusSettings):
    """All settings; the field's name in upper case is the name of the application setting."""

    # Dataverse. Without a client secret the managed identity of the app is used.
    dataverse_url: Url
    dataverse_tenant_id: str | None = None
    dataverse_client_id: str | None = None
    dataverse_client_secret: SecretStr | None = None
    dataverse_authority: Url = "https://login.microsoftonline.com"
    #: Seconds for one call; a bulk write of 100 rows with plug-ins takes several.
    dataverse_timeout: Annotated[float, Field(gt=0)] = 60
    #: The most calls at the same time; Dataverse allows 52 or more per user.
    dataverse_parallel: Annotated[int, Field(ge=1, le=52)] = 8

    # Spotler.
    spotler_url: Url = "https://restapi.mailplus.nl/integrationservice-1.1.0"
    spotler_key: SecretStr
    spotler_secret: SecretStr
    #: Seconds for one call; public clients of this API use 10 to 20.
    spotler_timeout: Annotated[float, Field(gt=0)] = 20
    #: Corrections of unpublished paths, as JSON; see docs/to-verify.md.
    spotler_paths: str | None = None
    #: The most calls at the same time; the limiter finds how many the system accepts. Spotler publishes no limit.
    spotler_parallel: Annotated[int, Field(ge=1, le=32)] = 24

    # Jobs.
    #: Hours after which a job that only met transient faults is Failed.
    job_give_up_hours: Annotated[float, Field(gt=0)] = 3
    #: Seconds after which a claim is stale: the lock duration of the subscriptions.
    job_lease_seconds: Annotated[float, Field(gt=0)] = 300
    #: Whether a deactivated record is anonymised in Spotler; if not, it loses its permissions only, on both sides.
    anonymise_on_deactivation: bool = True
    #: Whether what a job changed in Spotler (all but a sync) is posted on the timeline of the record.
    timeline_posts: bool = True
    #: Seconds that a Queued row may wait for its message before the sweep requeues it.
    job_sweep_after_seconds: Annotated[float, Field(ge=0)] = 120

    #: Days after which a Completed or Failed job is deleted; 0 keeps it.
    keep_completed_days: Annotated[int, Field(ge=0)] = 30
    keep_failed_days: Annotated[int, Field(ge=0)] = 90

    # Feeds.
    #: How far back a feed is read at its first run, in days; by default it has no history.
    feed_first_days: Annotated[float, Field(ge=0)] = 0
    #: Whether changed contacts are read on their schedule.
    updates_enabled: bool = True
    #: Whether bounces are read on their schedule.
    bounces_enabled: bool = True

    # State: what has no place in Dataverse.
    #: The address of a storage account, a connection string of one, or a directory of this machine.
    state: SecretStr
    #: The container in that storage account.
    state_container: Annotated[str, Field(pattern=r"^[a-z0-9](-?[a-z0-9])+$", min_length=3, max_length=63)] = (
        "spotler-connector"
    )
    #: The client id of a user-assigned managed identity, for an address.
    state_client_id: str | None = None

    # Consent.
    #: Seconds for which the two environment variables about permissions of new records are remembered.
    permission_variables_seconds: Annotated[float, Field(ge=0)] = 300
    #: Whether somebody who opts out of everything in Spotler gets Do Not Bulk Email in Dataverse too.
    opt_out_sets_do_not_bulk_email: bool = True
    #: What the Periodieken of Engage 365 are called, as JSON; see connector/dataverse/permission_tables.py.
    periodiek: str | None = None

    # New subscribers.
    #: What somebody becomes who subscribed in Spotler: contact, lead, or the table that the mapping names in
    #: tables.entity (Membership Entry); empty: nothing.
    new_subscribers: str = ""
    #: Columns by which a subscriber is found among the contacts: with + together, with ; one after the other, e.g.
    #: emailaddress1;lastname+birthdate. Empty: the column of the address.
    new_subscriber_match: str = ""
    #: The topic of a lead that is made for a subscriber.
    new_subscriber_lead_topic: Annotated[str, Field(min_length=1, max_length=300)] = "New subscriber"
    #: Whether contacts of Spotler's test group are taken as subscribers too.
    new_subscriber_test_contacts: bool = False

    # Plans.
    #: The share of the records that a changed mapping, or a read that lacks something, may silence, anonymise or
    #: empty a field of, before the brake holds back the rest; 1 switches the brake off.
    brake_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    #: So many records never need the brake.
    brake_least: Annotated[int, Field(ge=0)] = 20
    #: Days for which the old values of what came from Spotler are kept, so that a run can be undone; 0 keeps none.
    undo_days: Annotated[int, Field(ge=0)] = 14

    # Mapping.
    #: The time zone in which a date-time becomes a date.
    time_zone: TimeZone = "Europe/Amsterdam"

    @field_validator("state")
    @classmethod
    def _secure_state(cls, place: SecretStr) -> SecretStr:
        text = place.get_secret_value().strip()
        return SecretStr(_secure_url(text) if "://" in text and "=" not in text else text)

    @property
    def state_is_directory(self) -> bool:
        """Whether STATE is a directory, and no storage account."""
        place = self.state.get_secret_value()
        return "://" not in place and "=" not in place

    @field_validator("dataverse_client_secret")
    @classmethod
    def _whose_secret(cls, secret: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if secret and not (others.data.get("dataverse_client_id") and others.data.get("dataverse_tenant_id")):
            raise ValueError("needs DATAVERSE_CLIENT_ID and DATAVERSE_TENANT_ID beside it")
        return secret


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        Misconfigured: naming every setting that is missing or wrong.
    """
    return load_settings(Settings)


@lru_cache(maxsize=1)
def get_bus_settings() -> BusSettings:
    """The settings of the bus alone, read once; raises as `get_settings` does."""
    return load_settings(BusSettings)


def load_settings[S: BusSettings](kind: type[S]) -> S:
    """Read settings from the environment.

    Raises:
        Misconfigured: naming every setting that is missing or wrong.
    """
    try:
        return kind()  # its arguments are the environment
    except ValidationError as error:
        problems = "; ".join(_problems(error))
    # Outside of the handler, because the text of pydantic's error holds the values and would stay in the context.
    raise Misconfigured(f"Settings are missing or wrong: {problems}.")


def _problems(error: ValidationError) -> list[str]:
    """One text per problem; messages of pydantic are kept, values are not."""
    return [f"{_name(problem['loc'])}: {problem['msg']}" for problem in error.errors(include_input=False)]


def _name(location: tuple[int | str, ...]) -> str:
    """The name of a setting; pydantic gives the name of its field, or the alias that is the name already."""
    name = str(location[0])
    field = Settings.model_fields.get(name)
    return name if field is None else str(field.validation_alias or name.upper())
