"""What wakes a function: its trigger, read from the raw bindings that the engine reports after indexing.

Functions that this host cannot run as Azure would (other triggers, output bindings, sessions, retry policies) are
refused by name: a stand-in that runs them differently would be worse than none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.functions.app_settings import AppSettings

#: One binding as in function.json: what the engine hands over as JSON text. Values are JSON values.
RawBinding = dict[str, object]


class BindingRefused(ValueError):
    """A function has a binding that this host does not run."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where messages come from: a queue, or a subscription of a topic."""

    queue: str = ""
    topic: str = ""
    subscription: str = ""

    def __str__(self) -> str:
        return self.queue or f"{self.topic}/{self.subscription}"


@dataclass(frozen=True, slots=True)
class ServiceBusTrigger:
    """A function that messages start. `auto_complete` is None where host.json decides."""

    function: str
    parameter: str
    source: Source
    connection_string: str
    many: bool
    binary: bool
    auto_complete: bool | None


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """A function that runs on a schedule. `schedule` is an NCRONTAB expression."""

    function: str
    parameter: str
    schedule: str
    run_on_startup: bool
    use_monitor: bool


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """A function that answers requests. `needs_key` is whether it is called with a key; methods are in upper case."""

    function: str
    parameter: str
    route: str
    methods: frozenset[str]
    needs_key: bool


@dataclass(frozen=True, slots=True)
class Triggers:
    """The triggers of an app by kind."""

    service_bus: tuple[ServiceBusTrigger, ...]
    timers: tuple[TimerTrigger, ...]
    http: tuple[HttpTrigger, ...] = ()


class _Binding(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    type: str
    direction: str
    name: str
    connection: str = ""
    queue_name: str = ""
    topic_name: str = ""
    subscription_name: str = ""
    is_sessions_enabled: bool = False
    cardinality: str = "one"
    data_type: str = ""
    auto_complete_messages: bool | None = None
    schedule: str = Field(default="", alias="schedule")
    run_on_startup: bool = False
    use_monitor: bool = True
    route: str | None = None
    methods: list[str] | None = None
    auth_level: str = "function"


def parse_raw(texts: Sequence[str]) -> list[RawBinding]:
    """The raw bindings of a function from their JSON texts."""
    return [json.loads(text) for text in texts]


def read_triggers(functions: Mapping[str, Sequence[RawBinding]], settings: AppSettings) -> Triggers:
    """The triggers of every function, with settings resolved. Raises BindingRefused or SettingMissing."""
    service_bus: list[ServiceBusTrigger] = []
    timers: list[TimerTrigger] = []
    http: list[HttpTrigger] = []
    for function, raw in functions.items():
        binding = _only_trigger(function, raw)
        if binding.type == "serviceBusTrigger":
            service_bus.append(_service_bus(function, binding, settings))
        elif binding.type == "timerTrigger":
            timers.append(_timer(function, binding, settings))
        elif binding.type == "httpTrigger":
            http.append(_http(function, binding, settings))
        else:
            raise BindingRefused(f"{function}: a trigger of type {binding.type} is not known to this host.")
    return Triggers(tuple(service_bus), tuple(timers), tuple(http))


def _only_trigger(function: str, raw: Sequence[RawBinding]) -> _Binding:
    bindings = [_Binding.model_validate(item) for item in raw]
    if any(each.type == "httpTrigger" for each in bindings):  # it answers through a binding of its own
        bindings = [each for each in bindings if (each.type, each.name) != ("http", "$return")]
    if len(bindings) != 1:
        raise BindingRefused(
            f"{function} has the bindings {', '.join(b.type for b in bindings) or 'none'}; "
            "this host runs functions with exactly one trigger and no other binding."
        )
    return bindings[0]


def _service_bus(function: str, binding: _Binding, settings: AppSettings) -> ServiceBusTrigger:
    if binding.is_sessions_enabled:
        raise BindingRefused(f"{function} asks for sessions, which this host does not offer.")
    return ServiceBusTrigger(
        function=function,
        parameter=binding.name,
        source=Source(
            queue=settings.resolve(binding.queue_name),
            topic=settings.resolve(binding.topic_name),
            subscription=settings.resolve(binding.subscription_name),
        ),
        connection_string=settings.connection_string(settings.resolve(binding.connection)),
        many=binding.cardinality.lower() == "many",
        binary=binding.data_type.lower() == "binary",
        auto_complete=binding.auto_complete_messages,
    )


def _http(function: str, binding: _Binding, settings: AppSettings) -> HttpTrigger:
    route = settings.resolve(function if binding.route is None else binding.route).strip("/")
    if "{" in route:
        raise BindingRefused(f"{function} has a route with parameters, which this host does not read.")
    level = binding.auth_level.lower()
    if level not in ("anonymous", "function"):
        raise BindingRefused(f"{function} has the authorization level {level}, which this host does not check.")
    if binding.methods is None:
        raise BindingRefused(f"{function} names no methods; name those that it answers.")
    return HttpTrigger(
        function=function,
        parameter=binding.name,
        route=route,
        methods=frozenset(method.upper() for method in binding.methods),
        needs_key=level == "function",
    )


def _timer(function: str, binding: _Binding, settings: AppSettings) -> TimerTrigger:
    return TimerTrigger(
        function=function,
        parameter=binding.name,
        schedule=settings.resolve(binding.schedule),
        run_on_startup=binding.run_on_startup,
        use_monitor=binding.use_monitor,
    )
