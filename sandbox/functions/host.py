"""The Functions host: an app on Microsoft's engine, with its messages received and its timers kept.

with FunctionsHost("path/to/app") as host:
    host.run_timer("nightly")
    host.figures()["on_message"]["completed"]
"""

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from sandbox.functions.app_settings import AppSettings
from sandbox.functions.bindings import BindingRefused, Triggers, read_triggers
from sandbox.functions.engine import EngineLog
from sandbox.functions.engines import Engines
from sandbox.functions.host_json import HostJson
from sandbox.functions.http_triggers import HttpFunctions
from sandbox.functions.invocation import Outcome
from sandbox.functions.recent import Recent, RecordedInvoker
from sandbox.functions.service_bus import Listener, listener, stop_all
from sandbox.functions.statistics import FunctionFigures, Statistics
from sandbox.functions.timers import Timer

#: How long a stop waits for calls under way. What is not done by then is left unsettled, and comes again.
STOP_SECONDS = 10.0

_log = logging.getLogger(__name__)
_app_log = logging.getLogger("sandbox.functions.app")

_LEVELS = {
    "Trace": logging.DEBUG,
    "Debug": logging.DEBUG,
    "Information": logging.INFO,
    "Warning": logging.WARNING,
    "Error": logging.ERROR,
    "Critical": logging.CRITICAL,
}


class FunctionsHost:
    """Runs the app in one folder. `start` and `stop`, or use as a context manager.

    `environment` is what the app sees (by default that of this process), over `local.settings.json`. Without
    `listen` no messages and no requests are received; without `timers` no schedule is kept, but `run_timer` works.
    `workers` engine processes share the calls, as with FUNCTIONS_WORKER_PROCESS_COUNT; batches stay one at a time per
    function.
    HTTP functions are served on `http_port`, 0 for a free one, and called with `function_key`.
    `on_failure` is called, from another thread, when the host gives up; `failure` says why.
    """

    def __init__(
        self,
        app: str | Path = ".",
        *,
        environment: Mapping[str, str] | None = None,
        workers: int = 1,
        listen: bool = True,
        timers: bool = True,
        http_port: int = 0,
        on_log: Callable[[EngineLog], None] | None = None,
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        self.app = Path(app).resolve()
        self.failed = threading.Event()
        self.failure = ""
        self._on_failure = on_failure
        self._listen = listen
        self._keep_timers = timers
        self._http_port = http_port
        self._http: HttpFunctions | None = None
        self.function_key = secrets.token_urlsafe(32)
        self._host_json = HostJson.load(self.app)
        self._settings = AppSettings.load(self.app, os.environ if environment is None else environment)
        self._statistics = Statistics()
        self.recent = Recent()
        pass_on = on_log or log_line

        def keep(record: EngineLog) -> None:
            self.recent.log(record)
            pass_on(record)

        self._engines = Engines(
            self.app,
            self._settings.engine_environment(self.app),
            count=workers,
            function_timeout=self._host_json.function_timeout,
            on_log=keep,
            on_failure=self._fail,
        )
        self._invoker = RecordedInvoker(self._engines, self.recent)
        self._listeners: list[Listener] = []
        self._timers: dict[str, Timer] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the engines, then whatever wakes the functions.

        Raises AppBroken, naming the Python exception, for an app that cannot be indexed; EngineDied for an engine
        that does not stay up; BindingRefused, ScheduleRefused or SettingMissing for a trigger that cannot be served.
        """
        self._engines.start()
        try:
            self._wire(self._read_triggers())
        except Exception:
            self._engines.stop()
            raise
        for each in self._listeners:
            each.start()
        if self._http is not None:
            self._http.start()
        if self._keep_timers:
            for timer in self._timers.values():
                timer.start()

    def stop(self, grace: float = STOP_SECONDS) -> None:
        """Receives no more, waits up to `grace` seconds for what is under way, settles it, and ends the engines."""
        deadline = time.monotonic() + grace
        if self._http is not None:
            self._http.stop()
        for timer in self._timers.values():
            timer.ask_to_stop()
        busy = stop_all(self._listeners, grace)
        busy += sum(not timer.join(max(0.0, deadline - time.monotonic())) for timer in self._timers.values())
        if busy:
            _log.warning("stopped while %d functions were still running; their messages will come again", busy)
        self._engines.stop()

    @property
    def functions(self) -> list[str]:
        """The names of the functions, sorted."""
        return sorted(self._engines.functions)

    @property
    def engine_pids(self) -> list[int]:
        """The engine processes that run now."""
        return self._engines.pids

    @property
    def timers(self) -> list[str]:
        """The names of the timers, sorted."""
        return sorted(self._timers)

    @property
    def http_url(self) -> str:
        """The address of the HTTP functions, without a path; empty where there are none."""
        return self._http.url if self._http is not None else ""

    @property
    def restarts(self) -> int:
        """How many times an engine was started again after it died."""
        return self._engines.restarts

    def figures(self) -> dict[str, FunctionFigures]:
        """What each function did so far."""
        return self._statistics.figures()

    def run_timer(self, name: str) -> Outcome:
        """Runs a timer function now and returns how it ended. Raises KeyError for a name that is not a timer's."""
        return self._timers[name].run()

    def kill_engines(self) -> list[int]:
        """Ends the engine processes at once, as a crash would, and returns which; they are started again."""
        return self._engines.kill()

    def _read_triggers(self) -> Triggers:
        engines = self._engines
        if engines.retried:
            raise BindingRefused(
                f"{', '.join(sorted(engines.retried))}: retry policies are not run by this host, and on Service Bus "
                "triggers not by the real one either (though it takes them without a word)."
            )
        return read_triggers(engines.functions, self._settings)

    def _wire(self, triggers: Triggers) -> None:
        options = self._host_json.service_bus
        self._timers = {
            trigger.function: Timer(trigger, self._invoker, self._statistics) for trigger in triggers.timers
        }
        if self._listen:
            self._listeners = [
                listener(trigger, options, self._invoker, self._statistics) for trigger in triggers.service_bus
            ]
        if self._listen and triggers.http:
            prefix, key = self._host_json.http.route_prefix, self.function_key
            self._http = HttpFunctions(
                triggers.http, self._invoker, self._statistics, prefix=prefix, key=key, port=self._http_port
            )

    def _fail(self, reason: str) -> None:
        self.failure = reason
        self.failed.set()
        if self._on_failure:
            self._on_failure()


def log_line(record: EngineLog) -> None:
    """Passes a record of the engine to this process's log, on one line: category, function, message."""
    message = record.message.replace("\n", "\\n")
    _app_log.log(_LEVELS.get(record.level, logging.INFO), "%s %s %s", record.category, record.function or "-", message)
