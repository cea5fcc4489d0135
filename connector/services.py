"""What an instance of the app works with, made once per process, when the first message arrives."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache, wraps
from threading import Lock
from zoneinfo import ZoneInfo

from connector import telemetry
from connector.dataverse.api import Dataverse, connect
from connector.dataverse.definitions import ColumnDefinitions, DateColumns
from connector.mapping import Mapping, Times, load_mapping
from connector.servicebus.bus import Bus, bus_from
from connector.settings import Settings, get_bus_settings, get_settings
from connector.spotler import Spotler, spotler_from
from connector.state import StateStore, state_from
from connector.threads import ContextThreadPool


@dataclass(frozen=True, slots=True)
class Services:
    """The systems and settings that the work needs.

    Attributes:
        state: checkpoints of feeds and whatever else has no place in Dataverse.
        pool: threads for calls that cannot be batched; as many as Spotler is asked at the same time.
        side_pool: threads for calls to Dataverse that do not depend on one another.
        now: the present, in UTC.
        new_id: a fresh unique text.
    """

    settings: Settings
    dataverse: Dataverse
    spotler: Spotler
    bus: Bus
    mapping: Mapping
    state: StateStore
    pool: ContextThreadPool
    side_pool: ContextThreadPool
    now: Callable[[], datetime]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class RouterServices:
    """What the router needs: the bus, and nothing that could call Dataverse or Spotler."""

    bus: Bus
    now: Callable[[], datetime]
    own_user: str | None = None


def once[T](make: Callable[[], T]) -> Callable[[], T]:
    """Make it once per process, also when several threads ask at a cold start; a failure is not remembered."""
    lock = Lock()
    made = lru_cache(maxsize=1)(make)

    @wraps(make)
    def get() -> T:
        with lock:
            return made()

    return get


@once
def get_bus() -> Bus:
    """The bus of this process. It needs its own settings only."""
    telemetry.silence_loggers()
    return bus_from(get_bus_settings())


def get_router_services() -> RouterServices:
    """The services of the router."""
    return RouterServices(bus=get_bus(), now=_now, own_user=get_bus_settings().dataverse_user_id)


@once
def get_services() -> Services:
    """The services of this process.

    Raises:
        Misconfigured: naming what is missing or wrong in the settings or in the mapping.
    """
    settings = get_settings()
    dataverse = connect(settings)
    times = Times(ZoneInfo(settings.time_zone), DateColumns(dataverse).is_wall_clock)
    return Services(
        settings=settings,
        dataverse=dataverse,
        spotler=spotler_from(settings),
        bus=get_bus(),
        mapping=replace(load_mapping(settings.mapping_file), times=times, definitions=ColumnDefinitions(dataverse).of),
        state=state_from(settings),
        pool=ContextThreadPool(settings.spotler_parallel, thread_name_prefix="spotler"),
        side_pool=ContextThreadPool(settings.dataverse_parallel, thread_name_prefix="dataverse"),
        now=_now,
        new_id=lambda: str(uuid.uuid4()),
    )


def _now() -> datetime:
    return datetime.now(UTC)
