"""When telemetry starts, and how it ends.

    first invocation ─► records are kept ─► a thread loads the exporter ─► what was kept is replayed ─► running
          │                                        └─ it cannot be loaded ─► one line, and work goes on without
          └─ no APPLICATIONINSIGHTS_CONNECTION_STRING ─► nothing is loaded or kept

The app is indexed without any of this: its import stays fast. The thread that loads the exporter stays, and sends what
is in memory whenever that is asked for: at the end of a timer, after which the instance may be stopped, and on SIGTERM,
for which Azure gives a few seconds and Python's own action none. Asking needs no new thread and no lock that the main
thread may hold, so it is safe in a signal handler; waiting for it is bounded.
"""

import logging
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextvars import Context, copy_context
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Final, override

from connector.telemetry import measuring
from connector.threads import start_background_thread

if TYPE_CHECKING:
    from connector.telemetry.export import Exporting

log = logging.getLogger(__name__)

#: What names the component of Application Insights; without it nothing is exported.
CONNECTION: Final = "APPLICATIONINSIGHTS_CONNECTION_STRING"
#: The logger whose lines are exported; those of libraries would tell of the exporter's own requests, for ever.
LOGGER: Final = "connector"
#: Records that are kept while the exporter is loaded.
MOST_EARLY: Final = 2000
#: Seconds that the end of the process, or of a timer, waits for what is in memory.
FLUSH_SECONDS: Final = 3.0


class EarlyRecords(logging.Handler):
    """Keeps records, each with the context that it was logged in, until there is somebody to give them to."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._kept: deque[tuple[Context, logging.LogRecord]] = deque(maxlen=MOST_EARLY)
        self._next: logging.Handler | None = None

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if self._next is None:
            self._kept.append((copy_context(), record))
        else:
            self._next.handle(record)

    def replay(self, handler: logging.Handler) -> None:
        """Give all records to this handler, from now on too."""
        self.acquire()
        try:
            self._next = handler
            for context, record in self._kept:
                context.run(handler.handle, record)
            self._kept.clear()
        finally:
            self.release()


class Pipeline:
    """The telemetry of a process.

    Args:
        environment: the settings of the app.
        make: makes the exporter; called in a thread.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        make: Callable[[measuring.MetricTally, Mapping[str, str]], "Exporting"] | None = None,
    ) -> None:
        self._environment = environment
        self._make = make or _to_azure_monitor
        self._early = EarlyRecords()
        self._requests: SimpleQueue[threading.Event] = SimpleQueue()
        self._is_on = False

    def start(self) -> None:
        """Start, where there is a connection string; returns at once."""
        if not self._environment.get(CONNECTION):
            return
        self._is_on = True
        tally = measuring.MetricTally()
        measuring.collect(tally)
        logger = logging.getLogger(LOGGER)
        logger.setLevel(logging.INFO)
        logger.addHandler(self._early)
        if threading.current_thread() is threading.main_thread():
            flush_on_sigterm(self)
        start_background_thread("telemetry", lambda: self._run(tally))

    def flush(self, seconds: float | None = None) -> bool:
        """Send what is in memory; whether that was done in so many seconds, `FLUSH_SECONDS` where none are given."""
        if not self._is_on:
            return True
        done = threading.Event()
        self._requests.put(done)
        return done.wait(FLUSH_SECONDS if seconds is None else seconds)

    def stop(self) -> None:
        """Keep and send nothing more."""
        self._is_on = False
        measuring.collect(None)
        logging.getLogger(LOGGER).removeHandler(self._early)

    def _run(self, tally: measuring.MetricTally) -> None:
        try:
            exporting = self._make(tally, self._environment)
        except Exception as error:  # noqa: BLE001 - whatever it is, work goes on without telemetry
            self.stop()
            log.warning(
                "Telemetry could not be started (%s), so the tables of Application Insights stay empty. Check %s.",
                type(error).__name__,
                CONNECTION,
            )
            for done in self._waiting():
                done.set()
            return
        self._early.replay(exporting.handler)
        while True:
            # One flush answers all who ask by now: else SIGTERM would wait behind those who have long gone on.
            asked = [self._requests.get(), *self._waiting()]
            try:
                exporting.flush()
            except Exception as error:  # noqa: BLE001 - telemetry never stops work
                log.warning("Telemetry could not be sent (%s).", type(error).__name__)
            for done in asked:
                done.set()

    def _waiting(self) -> Iterator[threading.Event]:
        while not self._requests.empty():
            yield self._requests.get()


def flush_on_sigterm(pipeline: Pipeline) -> None:
    """Let SIGTERM flush first, and then do what it did before: by default end the process, with exit code 143."""
    before = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        pipeline.flush()
        if callable(before):
            before(number, frame)
        elif before is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, end)


def _to_azure_monitor(tally: measuring.MetricTally, environment: Mapping[str, str]) -> "Exporting":
    from connector.telemetry.export import to_azure_monitor  # noqa: PLC0415 - heavy, loaded in a thread

    return to_azure_monitor(tally, environment)


_pipeline: Pipeline | None = None


def start() -> None:
    """Start the telemetry of this process, once; called on the main thread, so that SIGTERM can be handled."""
    global _pipeline  # noqa: PLW0603 - one per process
    if _pipeline is None:
        _pipeline = Pipeline(os.environ)
        _pipeline.start()


def flush() -> None:
    """Send what is in memory, where telemetry was started."""
    if _pipeline is not None:
        _pipeline.flush()
