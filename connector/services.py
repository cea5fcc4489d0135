"""What an instance of the app works with, made once per process, when the first message arrives."""

import logging
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
from connector.dataverse.permission_tables import PermissionTable, periodiek
from connector.errors import Misconfigured
from connector.mapping import Mapping, Times, load_mapping
from connector.servicebus.bus import Bus, bus_from
from connector.settings import Settings, StateSettings, get_bus_settings, get_settings, load_settings
from connector.spotler import Spotler, spotler_from
from connector.spotler.leads import SpotlerLeads, leads_from
from connector.state import StateStore, state_from
from connector.state.pause import PauseWatch
from connector.threads import ContextThreadPool
from connector.words import Wording, wording_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """The systems and settings that the work needs.

    Attributes:
        state: checkpoints of feeds and whatever else has no place in Dataverse.
        pool: threads for calls that cannot be batched; as many as Spotler is asked at the same time.
        side_pool: threads for calls to Dataverse that do not depend on one another.
        now: the present, in UTC.
        new_id: a fresh unique text.
        leads: Spotler Leads; None where it is not configured.
        run: the inward run whose old values are kept (`connector.sync.old_values`); empty for none.
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
    leads: SpotlerLeads | None = None
    run: str = ""

    @property
    def wording(self) -> Wording:
        """The language of what people read on rows."""
        return wording_of(self.settings.result_language)

    def close(self) -> None:
        """Close the connections to Dataverse, Spotler and Spotler Leads."""
        if self.leads is not None:
            self.leads.close()
        self.dataverse.close()
        self.spotler.close()


@dataclass(frozen=True, slots=True)
class RouterServices:
    """What the router needs: the bus, and nothing that could call Dataverse or Spotler.

    Attributes:
        mapping: which columns start a sync; None where it cannot be read.
        periodiek: the table of Periodieken; None where there is none, or its names cannot be read.
    """

    bus: Bus
    now: Callable[[], datetime]
    own_user: str | None = None
    mapping: Mapping | None = None
    periodiek: PermissionTable | None = None


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


@once
def get_state() -> StateStore:
    """The state of this process. It needs its own settings only.

    Raises:
        Misconfigured: they are missing or wrong.
    """
    return state_from(load_settings(StateSettings))


@once
def get_pause() -> PauseWatch:
    """What this process knows of the pause."""
    return PauseWatch(get_state, _now)


def get_router_services() -> RouterServices:
    """The services of the router. Without a mapping it goes on: what it routes then waits until there is one."""
    mapping = None
    try:
        mapping = get_mapping()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the mapping, jobs have to be routed
        telemetry.log_problem(log, error, operation="mapping")
    settings, table = get_bus_settings(), None
    try:
        table = periodiek(settings.periodiek) if settings.periodiek else None
    except Misconfigured as error:  # the messages about its rows then wait in quarantine
        telemetry.log_problem(log, error, operation="periodiek")
    return RouterServices(get_bus(), _now, settings.dataverse_user_id, mapping, table)


@once
def get_mapping() -> Mapping:
    """The mapping of this process, as its file has it.

    Raises:
        Misconfigured: the file is missing or wrong.
    """
    return load_mapping(get_bus_settings().mapping_file)


@once
def get_services() -> Services:
    """The services of this process.

    Raises:
        Misconfigured: naming what is missing or wrong in the settings or in the mapping.
    """
    from connector.mapping.live import refuse_unfit  # noqa: PLC0415 - only needed once

    settings = get_settings()
    telemetry.set_brief(settings.telemetry_job_lines == "problems")
    services = services_with(settings, get_mapping())
    try:
        refuse_unfit(services.mapping, services.dataverse, services.spotler.fields)
    except Misconfigured:
        services.close()
        raise
    return services


def services_with(settings: Settings, mapping: Mapping) -> Services:
    """Services of their own with another mapping than that of the settings, for a command."""
    dataverse = connect(settings)
    dates = DateColumns(dataverse)
    times = Times(ZoneInfo(settings.time_zone), dates.is_wall_clock, dates.is_day)
    return Services(
        settings=settings,
        dataverse=dataverse,
        spotler=spotler_from(settings),
        bus=get_bus(),
        mapping=replace(mapping, times=times, definitions=ColumnDefinitions(dataverse).of),
        state=state_from(settings),
        pool=ContextThreadPool(settings.spotler_parallel, thread_name_prefix="spotler"),
        side_pool=ContextThreadPool(settings.dataverse_parallel, thread_name_prefix="dataverse"),
        now=_now,
        new_id=lambda: str(uuid.uuid4()),
        leads=leads_from(settings),
    )


def _now() -> datetime:
    return datetime.now(UTC)
