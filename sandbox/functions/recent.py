"""The latest log records and runs of functions, for people who look on; Azure shows them in Application Insights."""

import itertools
import json
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.functions.engine import EngineLog
from sandbox.functions.invocation import Invocation, PendingOutcome
from sandbox.functions.service_bus import Invoker

#: Enough for people to read back; a bench must not fill the memory.
KEPT: Final = 500
#: Ids kept of one run; a large batch names thousands.
IDS_KEPT: Final = 100

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log record, with the moment at which it arrived here."""

    seq: int
    at: str
    level: str
    category: str
    function: str
    message: str
    invocation: str


@dataclass(slots=True)
class Run:
    """One invocation; times are ISO 8601 in UTC.

    `ids` are those that its messages name, as far as they are kept, each with the time at which its message had arrived
    in the queue or subscription. `ended` is None while it runs. `error` is empty after a success.
    """

    seq: int
    function: str
    began: str
    ids: dict[str, str]
    ended: str | None = None
    error: str = ""


@dataclass(slots=True)
class Recent:
    """What happened lately, oldest first. Safe to use from any thread."""

    _lines: deque[LogLine] = field(default_factory=lambda: deque(maxlen=KEPT))
    _runs: deque[Run] = field(default_factory=lambda: deque(maxlen=KEPT))
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    #: Changes with everything that happens.
    revision: int = 0

    def log(self, record: EngineLog) -> None:
        """Keep a log record."""
        with self._lock:
            seq = self._next()
            self._lines.append(
                LogLine(seq, _now(), record.level, record.category, record.function, record.message, record.invocation)
            )

    def began(self, invocation: Invocation) -> Run:
        """Keep a run that begins."""
        ids = dict(itertools.islice(_ids(invocation), IDS_KEPT))
        with self._lock:
            run = Run(self._next(), invocation.function, _now(), ids)
            self._runs.append(run)
        return run

    def ended(self, run: Run, error: str) -> None:
        """A run ended; of the error its first line is kept."""
        with self._lock:
            self._next()
            run.ended, run.error = _now(), error.partition("\n")[0]

    def lines(self) -> list[dict[str, object]]:
        """The log records."""
        with self._lock:
            return [asdict(line) for line in self._lines]

    def runs(self) -> list[dict[str, object]]:
        """The runs."""
        with self._lock:
            return [asdict(run) for run in self._runs]

    def _next(self) -> int:
        self.revision = next(self._numbers)
        return self.revision


class RecordedInvoker:
    """Runs functions as the engines do, and keeps each run."""

    def __init__(self, engines: Invoker, recent: Recent) -> None:
        self._engines = engines
        self._recent = recent

    def invoke(self, invocation: Invocation) -> PendingOutcome:
        """Runs a function; the future raises EngineDied where the outcome will never be known."""
        run = self._recent.began(invocation)
        pending = self._engines.invoke(invocation)
        pending.add_done_callback(lambda done: self._recent.ended(run, _error(done)))
        return pending

    def wait_until_ready(self, timeout: float) -> bool:
        """Waits until functions can be run."""
        return self._engines.wait_until_ready(timeout)


def _error(done: PendingOutcome) -> str:
    problem = done.exception()
    return done.result().error if problem is None else f"{type(problem).__name__}: {problem}"


def _ids(invocation: Invocation) -> Iterator[tuple[str, str]]:
    """The ids in the bodies of messages, and when each message had arrived."""
    arrived = _arrived(invocation.metadata)
    for data in invocation.inputs.values():
        for body, at in zip(_bodies(data), arrived, strict=False):
            yield from ((found.lower(), at) for found in _ID.findall(body))


def _bodies(data: Any) -> list[str]:
    """One body or many, as text."""
    many = [*data.collection_bytes.bytes, *data.collection_string.string] or [data.bytes or data.string or data.json]
    return [body.decode(errors="replace") if isinstance(body, bytes) else body for body in many]


def _arrived(metadata: Mapping[str, Any]) -> Iterator[str]:
    """When the messages had arrived, in their order; empty where nothing says so, as for a timer."""
    if one := metadata.get("EnqueuedTimeUtc"):
        return iter([str(json.loads(one.json))])
    if many := metadata.get("EnqueuedTimeUtcArray"):
        return iter(map(str, json.loads(many.json)))
    return itertools.repeat("")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
