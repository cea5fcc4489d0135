"""The engine's process: carries the messages of the protocol between the host and Microsoft's engine.

In Azure this shell is Microsoft's `proxy_worker`, which is not published as a package; the engine behind it,
`azure_functions_runtime`, is, and does everything that matters: indexing, bindings, running functions, errors.
The shell takes the same command line and, like the original, reads the stream in a thread of its own and runs
the engine's coroutines on one event loop.

It is as strict as the original about log records: a record belongs to an invocation only where the task that logs, or
the engine's context variable, names it (`invocation_of_this_record`). The host ignores all other records of the app.

    python -m sandbox.functions.worker --host 127.0.0.1 --port N --workerId ID --requestId ID
"""

import argparse
import asyncio
import logging
import os
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import azure_functions_runtime as engine
import grpc  # type: ignore[import-untyped]

from sandbox.functions import protocol
from sandbox.functions.protocol import messages

#: The engine's own records are for its makers; below a warning they would only double the traffic of every call.
SYSTEM_LOGGERS = ("azure.functions", "azure_functions_runtime")

#: Request on the stream -> the engine's coroutine for it, and the field of the answer.
HANDLERS = {
    "worker_init_request": (engine.worker_init_request, "worker_init_response"),
    "functions_metadata_request": (engine.functions_metadata_request, "function_metadata_response"),
    "function_load_request": (engine.function_load_request, "function_load_response"),
    "invocation_request": (engine.invocation_request, "invocation_response"),
}


@dataclass(frozen=True, slots=True)
class WorkerRequest:
    """The form in which the engine takes a message of the stream."""

    name: str
    request: Any
    properties: dict[str, Any]


class InvocationTask(asyncio.Task[Any]):
    """A task that knows its invocation, as do the tasks that it creates."""

    def __init__(self, *arguments: Any, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(*arguments, loop=loop, **options)
        self.invocation = getattr(asyncio.current_task(loop), "invocation", "")


def invocation_of_this_record() -> str:
    """The invocation that is known where a record is logged; empty where none is.

    The original looks in the same two places in the same order. It looks up two more, the id last set for the thread of
    the event loop and a thread-local of its own that nothing sets: records found there only would be there by accident.
    """
    try:
        task = asyncio.current_task()
    except RuntimeError:  # a thread without an event loop
        task = None
    return getattr(task, "invocation", "") or engine.invocation_id_cv.get() or ""


class RpcLogHandler(logging.Handler):
    """Sends the log records of the app to the host, with the invocation they belong to."""

    def __init__(self, outbox: "SimpleQueue[Any]", *, debug: bool) -> None:
        super().__init__()
        self._outbox = outbox
        self._debug = debug

    def emit(self, record: logging.LogRecord) -> None:
        """Queues one record; nothing is sent from the thread that logs."""
        system = record.name.startswith(SYSTEM_LOGGERS)
        if system and not self._debug and record.levelno < logging.WARNING:
            return
        log = messages.RpcLog(
            level=_level(record.levelno),
            category=record.name,
            message=self.format(record),
            invocation_id=invocation_of_this_record(),
            log_category=messages.RpcLog.System if system else messages.RpcLog.User,
        )
        self._outbox.put(messages.StreamingMessage(rpc_log=log))


def _level(number: int) -> int:
    levels = messages.RpcLog
    for least, level in (
        (logging.CRITICAL, levels.Critical),
        (logging.ERROR, levels.Error),
        (logging.WARNING, levels.Warning),
        (logging.INFO, levels.Information),
        (logging.DEBUG, levels.Debug),
    ):
        if number >= least:
            return int(level)
    return int(levels.Trace)


class Shell:
    """One conversation with the host, from the first message to the end of the stream."""

    def __init__(self, host: str, port: int, worker_id: str, request_id: str) -> None:
        self._address = f"{host}:{port}"
        self._hello = messages.StreamingMessage(
            request_id=request_id, start_stream=messages.StartStream(worker_id=worker_id)
        )
        self._properties = {"protos": messages, "host": host}
        self._outbox: SimpleQueue[Any] = SimpleQueue()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Talks with the host until one of both ends the stream."""
        loop = asyncio.get_running_loop()
        loop.set_task_factory(lambda loop, work, **options: InvocationTask(work, loop=loop, **options))
        ended = asyncio.Event()
        debug = os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING") == "1"
        root = logging.getLogger()
        root.addHandler(RpcLogHandler(self._outbox, debug=debug))
        root.setLevel(logging.DEBUG if debug else logging.INFO)

        channel = grpc.insecure_channel(self._address, options=protocol.CHANNEL_OPTIONS)
        call = channel.stream_stream(
            f"/{protocol.SERVICE}/{protocol.METHOD}",
            request_serializer=protocol.encode,
            response_deserializer=protocol.decode,
        )
        self._outbox.put(self._hello)
        stream = call(iter(self._outbox.get, None))

        def read(incoming: Iterable[Any]) -> None:
            try:
                for message in incoming:
                    loop.call_soon_threadsafe(self._accept, message)
            except grpc.RpcError:
                pass  # the host is gone: nothing is left to work for
            finally:
                loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=read, args=(stream,), name="stream", daemon=True).start()
        await ended.wait()
        stream.cancel()
        channel.close()

    def _accept(self, message: Any) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, message: Any) -> None:
        kind = message.WhichOneof("content")
        if kind == "worker_init_request":
            self._enter(message.worker_init_request.function_app_directory)
        task = asyncio.current_task()
        if kind == "invocation_request" and isinstance(task, InvocationTask):
            task.invocation = message.invocation_request.invocation_id
        if kind in HANDLERS:
            coroutine, answer = HANDLERS[kind]
            response = await coroutine(WorkerRequest(kind, message, self._properties))
            self._outbox.put(messages.StreamingMessage(request_id=message.request_id, **{answer: response}))
        elif kind == "worker_status_request":
            alive = messages.WorkerStatusResponse()
            self._outbox.put(messages.StreamingMessage(request_id=message.request_id, worker_status_response=alive))

    @staticmethod
    def _enter(app: str) -> None:
        # `-m` has put the folder of this repository in front; in Azure it is the app that stands there.
        sys.path[0] = app
        os.chdir(app)
        engine.start_threadpool_executor()


def main() -> None:
    """Reads the command line that the Functions host gives to a worker, and runs until the stream ends."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--workerId", required=True)
    parser.add_argument("--requestId", required=True)
    arguments, _ = parser.parse_known_args()
    shell = Shell(arguments.host, arguments.port, arguments.workerId, arguments.requestId)
    asyncio.run(shell.run())


if __name__ == "__main__":
    main()
