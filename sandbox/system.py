"""The whole system on one machine: bus, Dataverse, Spotler, and the functions of the connector, each a process.

with running() as system:
    system.dataverse.get("url")
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from connector.dataverse.names import Job
from sandbox.launch import ROOT, Part, launch

#: The application settings of the running system.
SETTINGS: Final = "local.settings.json"
#: The example of the settings; its schedules are the usual ones.
EXAMPLE: Final = ROOT / f"{SETTINGS}.example"
#: The schedule, once a year, of a timer that is to run only when it is told to.
NEVER: Final = "0 0 3 1 1 *"


@dataclass(frozen=True, slots=True)
class Options:
    """How the system is to behave.

    Attributes:
        latency_ms: simulated time on the way, per HTTP call to Dataverse and to Spotler.
        lock_seconds: how long the bus locks a message, where tests cannot wait for minutes; None for the real time.
        dataverse_arguments: further arguments of the Dataverse stand-in, e.g. its service protection limits.
        settings: further application settings.
        app: the folder of the app; the connector by default.
        workers: engine processes.
        leads: whether Spotler Leads is there too, and configured.
        automatic: whether changes of records are posted too, and not only jobs that are created.
        telemetry: whether there is an endpoint for telemetry, and the app sends its own there.
        by_the_clock: whether timers run on their usual schedules. Otherwise a timer runs when it is told to, or on the
            schedule that `settings` has for it: what a test sees must not depend on the time of the day.
    """

    latency_ms: int = 0
    lock_seconds: float | None = None
    dataverse_arguments: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    app: Path = ROOT
    workers: int = 1
    leads: bool = False
    automatic: bool = False
    telemetry: bool = False
    by_the_clock: bool = False


@dataclass(frozen=True, slots=True)
class System:
    """The running system: its parts, and the application settings that the functions run with."""

    servicebus: Part
    dataverse: Part
    spotler: Part
    functions: Part
    settings: Mapping[str, str]
    leads: Part | None = None
    telemetry: Part | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts, in the order in which they were started."""
        more = [part for part in (self.leads, self.telemetry) if part is not None]
        return (self.servicebus, self.dataverse, self.spotler, *more, self.functions)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the connector talks to, running, and the application settings that it would run with.

    Attributes:
        folder: where logs go.
    """

    servicebus: Part
    dataverse: Part
    spotler: Part
    settings: Mapping[str, str]
    folder: Path
    leads: Part | None = None
    telemetry: Part | None = None


@contextmanager
def running(options: Options | None = None, *, folder: Path | None = None) -> Iterator[System]:
    """Start everything, and end it when the context ends.

    Args:
        options: how it is to behave.
        folder: where logs, the certificate authority and `local.settings.json` go; a temporary folder by default. The
            settings are removed when the system ends: they name what is no longer there.
    """
    options = options or Options()
    with surroundings(options, folder=folder) as around, functions(around, options) as app:
        yield System(
            around.servicebus, around.dataverse, around.spotler, app, around.settings, around.leads, around.telemetry
        )


@contextmanager
def console(system: System, folder: Path) -> Iterator[Part]:
    """The console of a running system; its ready line says at which address."""
    addresses = {
        "dataverse": {name: str(value) for name, value in system.dataverse.ready.items()},
        "spotler_url": system.spotler.get("url"),
        "bus_url": system.servicebus.get("control_url"),
        "bus_connection": system.servicebus.get("connection_string"),
        "functions_url": system.functions.get("control_url"),
        "folder": str(folder.absolute()),
    }
    part = launch("sandbox.console", logs=folder, environment={"SANDBOX_CONSOLE": json.dumps(addresses)})
    try:
        yield part
    finally:
        part.stop()


@contextmanager
def functions(around: Surroundings, options: Options) -> Iterator[Part]:
    """Start the functions alone, in surroundings that may hold work for them already."""
    arguments = ["--app", str(options.app), "--workers", str(options.workers)]
    part = launch("sandbox.functions", arguments, logs=around.folder, environment=around.settings)
    try:
        yield part
    finally:
        part.stop()


@contextmanager
def surroundings(options: Options, *, folder: Path | None = None) -> Iterator[Surroundings]:
    """Start everything but the functions."""
    folder = folder or Path(mkdtemp(prefix="spotler-sandbox-"))
    folder.mkdir(parents=True, exist_ok=True)
    latency = ["--latency-ms", str(options.latency_ms)] if options.latency_ms else []
    with ExitStack() as stack:

        def start(module: str, arguments: list[str]) -> Part:
            part = launch(module, arguments, logs=folder)
            stack.callback(part.stop)
            return part

        lock = ["--lock-seconds", str(options.lock_seconds)] if options.lock_seconds else []
        servicebus = start("sandbox.servicebus", lock)
        spotler = start("sandbox.spotler", latency)
        leads = start("sandbox.leads", latency) if options.leads else None
        telemetry = start("sandbox.telemetry", []) if options.telemetry else None
        dataverse = start(
            "sandbox.dataverse",
            [
                "--service-bus-connection-string",
                servicebus.get("dataverse_connection_string"),
                "--ca-file",
                str(folder / "ca.pem"),
                *latency,
                *([] if options.automatic else ["--steps-of", Job.TABLE]),
                *options.dataverse_arguments,
            ],
        )
        settings = {
            **_settings(servicebus, dataverse, spotler, options),
            **(_leads_settings(leads) if leads else {}),
            **(_telemetry_settings(telemetry) if telemetry else {}),
            "STATE": str((folder / "state").absolute()),
            **options.settings,
        }
        stack.callback((folder / SETTINGS).unlink, missing_ok=True)
        write_settings(folder / SETTINGS, settings)
        yield Surroundings(servicebus, dataverse, spotler, settings, folder, leads, telemetry)


def write_settings(path: Path, settings: Mapping[str, str]) -> None:
    """Write application settings in the form of `local.settings.json`."""
    path.write_text(json.dumps({"IsEncrypted": False, "Values": dict(settings)}, indent=2), encoding="utf-8")


def _settings(servicebus: Part, dataverse: Part, spotler: Part, options: Options) -> dict[str, str]:
    settings = {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "ServiceBus": servicebus.get("connection_string"),
        "DATAVERSE_URL": dataverse.get("url"),
        "DATAVERSE_AUTHORITY": dataverse.get("url"),
        "DATAVERSE_TENANT_ID": dataverse.get("tenant_id"),
        "DATAVERSE_CLIENT_ID": dataverse.get("client_id"),
        "DATAVERSE_CLIENT_SECRET": dataverse.get("client_secret"),
        "DATAVERSE_USER_ID": dataverse.get("user_id"),
        "REQUESTS_CA_BUNDLE": dataverse.get("ca_file"),
        "SPOTLER_URL": f"{spotler.get('url')}/integrationservice-1.1.0",
        "SPOTLER_KEY": spotler.get("key"),
        "SPOTLER_SECRET": spotler.get("secret"),
        **schedules(options),
    }
    if options.lock_seconds:
        settings["JOB_LEASE_SECONDS"] = str(options.lock_seconds)
    return settings


def schedules(options: Options) -> dict[str, str]:
    """When each timer runs: as in the example of the settings, or never by itself."""
    values: dict[str, str] = json.loads(EXAMPLE.read_text(encoding="utf-8"))["Values"]
    usual = {name: value for name, value in values.items() if name.endswith("_SCHEDULE")}
    return usual if options.by_the_clock else dict.fromkeys(usual, NEVER)


def _telemetry_settings(telemetry: Part) -> dict[str, str]:
    """As the infrastructure sets them, but for the sign-in, which a stand-in cannot check."""
    return {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": telemetry.get("connection_string"),
        "PYTHON_ENABLE_OPENTELEMETRY": "true",
    }


def _leads_settings(leads: Part) -> dict[str, str]:
    return {
        "LEADS_URL": leads.get("url"),
        "LEADS_IDENTITY_URL": leads.get("url"),
        "LEADS_CLIENT_ID": leads.get("client_id"),
        "LEADS_CLIENT_SECRET": leads.get("client_secret"),
        "LEADS_USER": leads.get("username"),
        "LEADS_PASSWORD": leads.get("password"),
        "LEADS_ACCOUNT": leads.get("account"),
    }
