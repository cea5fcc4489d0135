"""Keeps the engine processes of an app alive and spreads invocations over them.

    starting ──► running ──► died ──► (back-off) ──► starting ...
        └──► failed, after START_ATTEMPTS in a row: the host gives up, with the exception as its reason

An engine that is killed takes its invocations with it: their outcome is unknown, and their futures say so.
"""

import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

from sandbox.functions.bindings import RawBinding
from sandbox.functions.engine import AppBroken, Engine, EngineLog
from sandbox.functions.invocation import EngineDied, Invocation, PendingOutcome
from sandbox.functions.transport import Transport

#: Starts that fail in a row before the host gives up, as the real host gives up on a worker after three restarts.
START_ATTEMPTS = 3

#: Wait before the second start; doubled for each further one. Short: this machine has nothing to protect.
BACK_OFF_SECONDS = 0.25

#: The least wait between two looks for calls that outstay functionTimeout, which is in minutes.
OVERDUE_CHECK_SECONDS = 1.0

#: How long an invocation waits for an engine that is being started again before it is given up.
ENGINE_WAIT_SECONDS = 30.0

Log = Callable[[EngineLog], None]


class Engines:
    """The engine processes of one app.

    `on_failure` is called once, from another thread, with the sentence that says why the engine cannot be kept alive.
    """

    def __init__(
        self,
        app: Path,
        environment: Mapping[str, str],
        *,
        count: int,
        function_timeout: timedelta,
        on_log: Log,
        on_failure: Callable[[str], None],
    ) -> None:
        self._app = app
        self._environment = environment
        self._timeout = function_timeout.total_seconds()
        self._on_log = on_log
        self._on_failure = on_failure
        self._transport = Transport(count)
        self._slots: list[Engine | None] = [None] * count
        self._turn = itertools.count()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self.functions: Mapping[str, list[RawBinding]] = {}
        self.retried: frozenset[str] = frozenset()
        self.restarts = 0

    def start(self) -> None:
        """Starts every engine. Raises AppBroken where the app is, EngineDied where the process does not stay up."""
        self._transport.start()
        try:
            for slot in range(len(self._slots)):
                self._fill(slot)
        except (AppBroken, EngineDied):
            self.stop()
            raise
        threading.Thread(target=self._end_overdue, name="overdue", daemon=True).start()

    def stop(self) -> None:
        """Ends every engine."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        for engine in self._running():
            engine.end()
        self._transport.stop()

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        return [engine.pid for engine in self._running()]

    def kill(self) -> list[int]:
        """Ends every engine at once, as a crash would, and returns which; each is started again."""
        running = self._running()
        for engine in running:
            engine.kill()
        return [engine.pid for engine in running]

    def wait_until_ready(self, timeout: float) -> bool:
        """Waits until at least one engine runs; False after `timeout` seconds or when the engines are stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping.is_set() or bool(self._running()), timeout)
            return not self._stopping.is_set() and bool(self._running())

    def invoke(self, invocation: Invocation) -> PendingOutcome:
        """Runs a function on one of the engines, in turn. Waits for one where none runs just now."""
        if self.wait_until_ready(ENGINE_WAIT_SECONDS):
            running = self._running()
            if running:
                return running[next(self._turn) % len(running)].invoke(invocation)
        future: PendingOutcome = Future()
        future.set_exception(EngineDied(f"No engine runs that could take {invocation.function}."))
        return future

    def _running(self) -> list[Engine]:
        return [engine for engine in self._slots if engine and engine.alive]

    def _fill(self, slot: int) -> None:
        engine = self._start_with_retries()
        self.functions, self.retried = engine.functions, engine.retried
        with self._changed:
            self._slots[slot] = engine
            self._changed.notify_all()
        threading.Thread(target=self._mind, args=(slot, engine), name=f"mind-{slot}", daemon=True).start()

    def _start_with_retries(self) -> Engine:
        for attempt in itertools.count(1):
            engine = Engine(self._app, self._environment, self._on_log)
            try:
                engine.start(self._transport)
            except EngineDied:
                if attempt == START_ATTEMPTS or self._stopping.wait(BACK_OFF_SECONDS * 2 ** (attempt - 1)):
                    raise
            else:
                return engine
        raise AssertionError  # the loop ends by return or raise

    def _mind(self, slot: int, engine: Engine) -> None:
        code = engine.wait()
        if self._stopping.is_set():
            return
        self._report("Error", f"The engine {engine.pid} ended with code {code}; starting it again.")
        self._stopping.wait(BACK_OFF_SECONDS)
        if self._stopping.is_set():
            return
        self.restarts += 1
        try:
            self._fill(slot)
        except (AppBroken, EngineDied) as error:
            if not self._stopping.is_set():
                self._on_failure(str(error))

    def _end_overdue(self) -> None:
        """Kills an engine in which a call exceeds functionTimeout: Python code cannot be stopped in another way."""
        oldest = 0.0
        # No call can be overdue before the oldest of now is; those that begin meanwhile are younger.
        while not self._stopping.wait(min(max(self._timeout - oldest, OVERDUE_CHECK_SECONDS), threading.TIMEOUT_MAX)):
            oldest = 0.0
            for engine in self._running():
                function, seconds = engine.longest_call()
                oldest = max(oldest, seconds)
                if seconds > self._timeout:
                    self._report("Error", f"{function} has run for {seconds:.0f} s, over functionTimeout; ending it.")
                    engine.kill()

    def _report(self, level: str, message: str) -> None:
        self._on_log(EngineLog(level, "Host", "", message, system=True))


def index(app: str | Path, environment: Mapping[str, str] | None = None) -> dict[str, list[RawBinding]]:
    """Has the engine index the app in the folder `app` and returns the raw bindings of each function by its name.

    The app sees only `environment`, by default an empty one, and nothing of `local.settings.json`; `%NAME%` stays as
    written. Nothing is listened to and nothing runs. Raises AppBroken, naming the Python exception, or EngineDied.
    """
    engines = Engines(
        Path(app).resolve(),
        environment or {},
        count=1,
        function_timeout=timedelta.max,
        on_log=lambda _: None,
        on_failure=lambda _: None,
    )
    engines.start()
    try:
        return dict(engines.functions)
    finally:
        engines.stop()
