"""Reads `host.json`: what of it decides how this host behaves, with the defaults of the real host.

Public sources: "host.json reference for Azure Functions 2.x and later" and "Azure Service Bus bindings, host.json
settings" (extension 5.x). All settings of the Service Bus extension are for the whole app, not for one function.
"""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

_TIME = re.compile(r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{2}):(?P<seconds>\d{2}(?:\.\d+)?)")

#: A Flex Consumption app may run for half an hour unless host.json says otherwise.
DEFAULT_FUNCTION_TIMEOUT = timedelta(minutes=30)

#: "Never" in host.json, where it is written as -1.
UNLIMITED = timedelta.max


def _time_span(value: object) -> object:
    if value in ("-1", -1):
        return UNLIMITED
    if isinstance(value, str) and (match := _TIME.fullmatch(value)):
        return timedelta(**{unit: float(number) for unit, number in match.groupdict(default="0").items()})
    if isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic reports only ValueErrors of validators
            "a time span is written [days.]hours:minutes:seconds, for example 00:05:00"
        )
    return value


TimeSpan = Annotated[timedelta, BeforeValidator(_time_span)]


class _Section(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class ServiceBusOptions(_Section):
    """`extensions.serviceBus`. Unknown names are refused: the real extension ignores them, and so hides errors."""

    model_config = ConfigDict(extra="forbid")

    prefetch_count: int = Field(default=0, ge=0)
    auto_complete_messages: bool = True
    max_auto_lock_renewal_duration: TimeSpan = timedelta(minutes=5)
    max_concurrent_calls: int = Field(default=16, ge=1)
    max_concurrent_sessions: int = Field(default=8, ge=1)
    max_concurrent_calls_per_session: int = Field(default=1, ge=1)
    max_message_batch_size: int = Field(default=1000, ge=1)
    min_message_batch_size: int = Field(default=1, ge=1)
    max_batch_wait_time: TimeSpan = timedelta(seconds=30)
    session_idle_timeout: TimeSpan | None = None
    enable_cross_entity_transactions: bool = False
    transport_type: str = "amqpTcp"
    client_retry_options: dict[str, object] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _batch_sizes_fit(self) -> Self:
        if self.min_message_batch_size > self.max_message_batch_size:
            raise ValueError("minMessageBatchSize is greater than maxMessageBatchSize")
        return self


LogLevel = Literal["Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"]


class HttpOptions(_Section):
    """`extensions.http`, as far as it is known here; other names are refused."""

    model_config = ConfigDict(extra="forbid")

    route_prefix: str = "api"


class _Extensions(_Section):
    service_bus: ServiceBusOptions = ServiceBusOptions()
    http: HttpOptions = HttpOptions()


class Logging(_Section):
    """`logging`: the least level of each category. The real host ignores `telemetryMode` here without a word."""

    log_level: dict[str, LogLevel] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _mode_is_elsewhere(cls, read: object) -> object:
        if isinstance(read, dict) and "telemetryMode" in read:
            raise ValueError("telemetryMode stands at the top level of host.json, not below logging")
        return read


class HostJson(_Section):
    """A `host.json`, as far as it matters here.

    Attributes:
        telemetry_mode: what the host sends its own telemetry with; with OpenTelemetry it leaves the lines of functions
            to a worker that sends them itself.
    """

    version: str
    telemetry_mode: Literal["ApplicationInsights", "OpenTelemetry"] = "ApplicationInsights"
    logging: Logging = Logging()
    function_timeout: TimeSpan = DEFAULT_FUNCTION_TIMEOUT
    extensions: _Extensions = _Extensions()

    @property
    def service_bus(self) -> ServiceBusOptions:
        """The options of the Service Bus extension."""
        return self.extensions.service_bus

    @property
    def http(self) -> HttpOptions:
        """The options of HTTP triggers."""
        return self.extensions.http

    @classmethod
    def load(cls, app: Path) -> "HostJson":
        """Reads `host.json` in the folder `app`. Raises FileNotFoundError, and ValueError naming what is wrong."""
        file = app / "host.json"
        if not file.exists():
            raise FileNotFoundError(f"{file} is missing; without it a folder is not a Functions app.")
        try:
            read = cls.model_validate(json.loads(file.read_text("utf-8")))
        except (json.JSONDecodeError, ValidationError) as error:
            raise ValueError(f"{file} is not valid: {error}") from None
        if read.version != "2.0":
            raise ValueError(f'{file} has version {read.version}; the host wants "2.0".')
        return read
