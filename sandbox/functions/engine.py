"""One engine process: started, introduced to its app, given invocations, ended.

The steps and their order are those of the real host: the engine dials in, is initialised (Python 3.13 engines
index the app here, so a broken app fails this step), names its functions, loads each, and then takes invocations.
"""

import os
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sandbox
from sandbox.forking import WARM_ENGINES, Forked
from sandbox.functions.bindings import RawBinding, parse_raw
from sandbox.functions.invocation import EngineDied, Invocation, Outcome, PendingOutcome
from sandbox.functions.protocol import messages
from sandbox.functions.transport import Conversation, ConversationEnded, Transport
from sandbox.patience import START_SECONDS

#: The version of the host that the engine gets; any 4.x will do.
HOST_VERSION = "4.1052.200"

#: How long an engine may take to end by itself after its stream was closed.
END_TIMEOUT_SECONDS = 3.0

#: So much of the process's last output is kept to explain its death.
OUTPUT_LINES_KEPT = 30

_ROOT = Path(sandbox.__file__).parents[1]


class AppBroken(RuntimeError):
    """The engine runs, but cannot index the app. The text names the Python exception and holds its traceback."""


@dataclass(frozen=True, slots=True)
class EngineLog:
    """One log record from the engine.

    Attributes:
        function: the function that was running; empty for a record of no invocation.
        system: whether the engine logged it, and not the app.
        invocation: the id of the invocation that it belongs to.
    """

    level: str
    category: str
    function: str
    message: str
    system: bool
    invocation: str = ""


class Engine:
    """A running engine process with the app indexed. Make one with `start`."""

    def __init__(self, app: Path, environment: Mapping[str, str], on_log: Callable[[EngineLog], None]) -> None:
        self._app = app
        self._environment = environment
        self._on_log = on_log
        self._worker_id = str(uuid.uuid4())
        self._conversation = Conversation(self._log)
        self._process: subprocess.Popen[str] | Forked | None = None
        self._output: deque[str] = deque(maxlen=OUTPUT_LINES_KEPT)
        self._function_ids: dict[str, str] = {}
        self._under_way: dict[str, tuple[str, float]] = {}
        self._losing: set[str] = set()
        self.functions: dict[str, list[RawBinding]] = {}
        self.retried: frozenset[str] = frozenset()

    @property
    def pid(self) -> int:
        """The id of the process; 0 before it is started."""
        return self._process.pid if self._process else 0

    @property
    def alive(self) -> bool:
        """Whether the process runs and its stream is open."""
        return self._process is not None and self._process.poll() is None and not self._conversation.ended

    def start(self, transport: Transport) -> None:
        """Starts the process and has it index the app. Raises AppBroken, or EngineDied with the last output.

        After it, `functions` holds the raw bindings by function, and `retried` the functions with a retry policy.
        """
        transport.expect(self._worker_id, self._conversation)
        self._process = _process(self._arguments(transport.port), self._environment)
        reader = threading.Thread(target=self._watch, name=f"engine-{self.pid}", daemon=True)
        reader.start()
        try:
            self._introduce()
        except (ConversationEnded, TimeoutError) as error:
            self.kill()
            reader.join(END_TIMEOUT_SECONDS)
            last_words = "".join(self._output) or f"it said nothing ({error or type(error).__name__})"
            raise EngineDied(f"The engine ended while it started: {last_words}") from None
        except AppBroken:
            self.end()
            raise

    def invoke(self, invocation: Invocation) -> PendingOutcome:
        """Runs a function; the future raises EngineDied where the process ends first."""
        ident = str(uuid.uuid4())
        # The log handler and the watch over overdue calls look invocations up by id.
        self._under_way[ident] = (invocation.function, time.monotonic())
        request = messages.InvocationRequest(
            invocation_id=ident,
            function_id=self._function_ids[invocation.function],
            input_data=[messages.ParameterBinding(name=name, data=data) for name, data in invocation.inputs.items()],
            trigger_metadata=invocation.metadata,
            trace_context=messages.RpcTraceContext(trace_parent=f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"),
        )
        outcome: PendingOutcome = Future()
        answer = self._conversation.ask("invocation_request", request, "invocation_response", ident)
        answer.add_done_callback(lambda done: self._finish(ident, done, outcome))
        return outcome

    def longest_call(self) -> tuple[str, float]:
        """The function that has been running longest in this engine, and for how many seconds; ("", 0.0) if idle."""
        calls = list(self._under_way.values())
        if not calls:
            return "", 0.0
        function, began = min(calls, key=lambda call: call[1])
        return function, time.monotonic() - began

    def end(self) -> None:
        """Closes the stream, upon which the process ends by itself, and kills it if it does not."""
        self._conversation.end()
        if self._process:
            try:
                self._process.wait(END_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Ends the process at once, as a crash would."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def wait(self) -> int:
        """Waits for the end of the process and returns its code (negative: the number of the signal)."""
        return self._process.wait() if self._process else 0

    def _arguments(self, port: int) -> list[str]:
        # The parameters of the real host, old names and new.
        return [
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--workerId", self._worker_id, "--requestId", self._worker_id),
            *("--grpcMaxMessageLength", "2147483647"),
            *("--functions-uri", f"http://127.0.0.1:{port}/", "--functions-worker-id", self._worker_id),
            *("--functions-request-id", self._worker_id, "--functions-grpc-max-message-length", "2147483647"),
        ]

    def _introduce(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._conversation.connected.wait(0.05):
            if not self.alive:
                raise ConversationEnded
            if time.monotonic() > deadline:
                raise TimeoutError("it did not dial in")
        app = str(self._app)
        init = messages.WorkerInitRequest(
            host_version=HOST_VERSION,
            capabilities={"MultiStream": "10"},
            worker_directory=str(_ROOT),
            function_app_directory=app,
        )
        started = self._ask("worker_init_request", init, "worker_init_response")
        self._check(started.result)
        listing = messages.FunctionsMetadataRequest(function_app_directory=app)
        listed = self._ask("functions_metadata_request", listing, "function_metadata_response")
        self._check(listed.result)
        for function in listed.function_metadata_results:
            load = messages.FunctionLoadRequest(function_id=function.function_id, metadata=function)
            self._check(self._ask("function_load_request", load, "function_load_response", function.function_id).result)
            self._function_ids[function.name] = function.function_id
            self.functions[function.name] = parse_raw(function.raw_bindings)
        self.retried = frozenset(f.name for f in listed.function_metadata_results if f.HasField("retry_options"))
        if not self.functions:
            raise AppBroken(f"The engine found no function in {self._app}; is there a function_app.py?")

    def _ask(self, field: str, question: Any, answer: str, ident: str = "") -> Any:
        return self._conversation.ask(field, question, answer, ident).result(START_SECONDS)

    def _check(self, result: Any) -> None:
        if result.status != messages.StatusResult.Success:
            problem = result.exception
            raise AppBroken(f"The app in {self._app} cannot be indexed: {problem.message}\n{problem.stack_trace}")

    def _finish(self, ident: str, answer: "Future[Any]", outcome: PendingOutcome) -> None:
        function, _ = self._under_way.pop(ident, ("", 0.0))
        if answer.exception():
            outcome.set_exception(EngineDied(f"The engine {self.pid} ended while it ran {function}."))
            return
        response = answer.result()
        result = response.result
        if result.status == messages.StatusResult.Success:
            outcome.set_result(Outcome(returned=response.return_value if response.HasField("return_value") else None))
        else:
            outcome.set_result(Outcome(result.exception.message or "no reason given", result.exception.stack_trace))

    def _log(self, record: Any) -> None:
        """Passes a record on. Like the real host, ignores records of the app that belong to no running invocation."""
        function, _ = self._under_way.get(record.invocation_id, ("", 0.0))
        system = record.log_category == messages.RpcLog.System
        if not function and not system:
            self._warn_of_lost_records(record.category)
            return
        level = messages.RpcLog.Level.Name(record.level)
        self._on_log(EngineLog(level, record.category, function, record.message, system, record.invocation_id))

    def _warn_of_lost_records(self, category: str) -> None:
        """Says once per logger that its records get lost, which Azure does not. While the app loads, all are."""
        if category in self._losing or not self.functions:
            return
        self._losing.add(category)
        lost = f"Records of the logger {category} are lost: they belong to no running invocation."
        self._on_log(EngineLog("Warning", "Host", "", lost, system=True))

    def _watch(self) -> None:
        """Passes on what the process prints, and closes the conversation when it ends."""
        process = self._process
        if process is None or process.stdout is None:
            return
        for line in process.stdout:
            self._output.append(line)
            sys.stderr.write(line)
        process.wait()
        process.stdout.close()
        self._conversation.end()


def _process(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str] | Forked:
    """Start the process, in a session of its own: Ctrl-C in a terminal does not end it before its work is settled."""
    if os.environ.get(WARM_ENGINES):
        return Forked("sandbox.functions.warm_worker", arguments, environment)
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "sandbox.functions.worker", *arguments],
        cwd=_ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
