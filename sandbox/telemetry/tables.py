"""From an envelope, the form in which telemetry travels, to a row of the table that it is stored in.

Public sources: "Application Insights telemetry data model" and the table references of Azure Monitor (AppTraces,
AppExceptions, AppMetrics, AppDependencies, AppRequests, AppEvents, AppPerformanceCounters). Columns that none of our
queries could use are left out. Values of custom dimensions are text, whatever they were before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

type Row = dict[str, object]

#: The tag of an envelope, by the column that it becomes.
_TAGS: Final = {
    "OperationId": "ai.operation.id",
    "ParentId": "ai.operation.parentId",
    "OperationName": "ai.operation.name",
    "AppRoleName": "ai.cloud.role",
    "AppRoleInstance": "ai.cloud.roleInstance",
    "AppVersion": "ai.application.ver",
    "SDKVersion": "ai.internal.sdkVersion",
}
#: How long a text may be: the endpoint cuts off what is longer, and the exporter does so before.
LONGEST_MESSAGE: Final = 32768
LONGEST_VALUE: Final = 8192


class EnvelopeRefused(ValueError):
    """An envelope is not of the documented form."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class _Data(_Model):
    base_type: str = Field(alias="baseType")
    base_data: dict[str, object] = Field(alias="baseData")


class Envelope(_Model):
    """What the endpoint is sent, one for each row."""

    ver: int = 1
    name: str
    time: datetime
    instrumentation_key: str = Field(alias="iKey")
    sample_rate: float = Field(default=100.0, alias="sampleRate")
    seq: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    data: _Data


class _Custom(_Model):
    ver: int = 2
    properties: dict[str, str] = Field(default_factory=dict)
    measurements: dict[str, float] = Field(default_factory=dict)


class _Message(_Custom):
    message: str = Field(min_length=1, max_length=LONGEST_MESSAGE)
    severity_level: int | str | None = Field(default=None, alias="severityLevel")


class _ExceptionDetails(_Model):
    type_name: str = Field(alias="typeName")
    message: str
    has_full_stack: bool = Field(default=True, alias="hasFullStack")
    stack: str | None = None


class _Exceptions(_Custom):
    exceptions: list[_ExceptionDetails] = Field(min_length=1)
    severity_level: int | str | None = Field(default=None, alias="severityLevel")
    problem_id: str | None = Field(default=None, alias="problemId")


class _Point(_Model):
    name: str
    value: float
    namespace: str | None = Field(default=None, alias="ns")
    kind: str | None = None
    count: int | None = None
    minimum: float | None = Field(default=None, alias="min")
    maximum: float | None = Field(default=None, alias="max")
    deviation: float | None = Field(default=None, alias="stdDev")


class _Metric(_Custom):
    metrics: list[_Point] = Field(min_length=1, max_length=1)


_SEVERITIES: Final = {"Verbose": 0, "Information": 1, "Warning": 2, "Error": 3, "Critical": 4}


def _severity(value: int | str | None) -> int | None:
    return _SEVERITIES.get(value) if isinstance(value, str) else value


def _trace(data: _Message) -> Row:
    return {"Message": data.message, "SeverityLevel": _severity(data.severity_level)}


def _exception(data: _Exceptions) -> Row:
    first = data.exceptions[0]
    return {
        "ExceptionType": first.type_name,
        "OuterType": first.type_name,
        "OuterMessage": first.message,
        "ProblemId": data.problem_id or first.type_name,
        "SeverityLevel": _severity(data.severity_level),
        "Details": [{"type": one.type_name, "message": one.message, "rawStack": one.stack} for one in data.exceptions],
    }


def _metric(data: _Metric) -> Row:
    point = data.metrics[0]
    return {
        "Name": point.name,
        "Sum": point.value,
        "ItemCount": 1 if point.count is None else point.count,
        "Min": point.value if point.minimum is None else point.minimum,
        "Max": point.value if point.maximum is None else point.maximum,
    }


@dataclass(frozen=True, slots=True)
class _Kind[Data: _Custom]:
    """A kind of data that is read in full."""

    table: str
    model: type[Data]
    columns: Callable[[Data], Row]

    def row(self, base: Mapping[str, object]) -> tuple[str, Row]:
        data = self.model.model_validate(base)
        return self.table, {**self.columns(data), "Properties": data.properties, "Measurements": data.measurements}


_READ: Final[Mapping[str, _Kind[_Message] | _Kind[_Exceptions] | _Kind[_Metric]]] = {
    "MessageData": _Kind("AppTraces", _Message, _trace),
    "ExceptionData": _Kind("AppExceptions", _Exceptions, _exception),
    "MetricData": _Kind("AppMetrics", _Metric, _metric),
}
#: Kinds that the connector does not send: they are kept as they come, so that it is seen when one arrives.
_KEPT: Final = {
    "RemoteDependencyData": "AppDependencies",
    "RequestData": "AppRequests",
    "EventData": "AppEvents",
    "AvailabilityData": "AppAvailabilityResults",
    "PageViewData": "AppPageViews",
}
#: All tables that a row can be in.
TABLES: Final = (*(kind.table for kind in _READ.values()), *_KEPT.values(), "AppPerformanceCounters")

_ENVELOPE: Final = TypeAdapter(Envelope)


def row_of(item: object, instrumentation_key: str) -> tuple[str, Row]:
    """The table and the row of an envelope for the component with this key.

    Raises:
        EnvelopeRefused: it is not of the documented form, or for another component; the text names no value.
    """
    try:
        envelope = _ENVELOPE.validate_python(item)
        if envelope.instrumentation_key.lower() != instrumentation_key:
            raise EnvelopeRefused("Invalid instrumentation key")
        kind = envelope.data.base_type
        if kind in _READ:
            table, columns = _READ[kind].row(envelope.data.base_data)
        elif kind in _KEPT:
            table, columns = _KEPT[kind], dict(envelope.data.base_data)
        else:
            raise EnvelopeRefused(f"baseType {kind} is not known")
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise EnvelopeRefused(f"not of the documented form: {fields}") from None
    if table == "AppMetrics" and str(columns["Name"]).startswith("\\"):
        table = "AppPerformanceCounters"
    tags = {column: envelope.tags.get(tag, "") for column, tag in _TAGS.items()}
    return table, {"TimeGenerated": envelope.time.isoformat(), **tags, **columns}
