"""The gRPC server that engine processes dial, and the conversation that each of them gets.

Threads rather than asyncio: gRPC's blocking streams carry about twice as many messages a second in Python.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import grpc  # type: ignore[import-untyped]

from sandbox.functions import protocol
from sandbox.functions.protocol import messages

#: How long a closing server waits for its streams; the engines were asked to end before.
SHUTDOWN_GRACE_SECONDS = 0.5

#: Field of the answer -> the field in it that says which request it answers ("" where only one can be on its way).
_ANSWERS = {
    "worker_init_response": "",
    "function_metadata_response": "",
    "function_load_response": "function_id",
    "invocation_response": "invocation_id",
}


class ConversationEnded(ConnectionError):
    """The stream is closed, so an answer will never come."""


class Conversation:
    """One engine's stream, seen from the host: questions and their answers, and the engine's log records."""

    def __init__(self, on_log: Callable[[Any], None]) -> None:
        self.connected = threading.Event()
        self._on_log = on_log
        self._outbox: SimpleQueue[Any] = SimpleQueue()
        self._waiting: dict[tuple[str, str], Future[Any]] = {}
        self._lock = threading.Lock()
        self.ended = False

    def ask(self, field: str, question: Any, answer: str, ident: str = "") -> Future[Any]:
        """Sends `question` in `field`; the future holds the message in the field `answer` that carries `ident`.

        The future raises ConversationEnded where the stream closes first.
        """
        future: Future[Any] = Future()
        with self._lock:
            if self.ended:
                future.set_exception(ConversationEnded("the engine has gone"))
                return future
            self._waiting[answer, ident] = future
        self._outbox.put(messages.StreamingMessage(request_id=str(uuid.uuid4()), **{field: question}))
        return future

    def end(self) -> None:
        """Closes the stream; everything that is still waited for raises ConversationEnded."""
        with self._lock:
            self.ended = True
            left, self._waiting = list(self._waiting.values()), {}
        self._outbox.put(None)
        for future in left:
            future.set_exception(ConversationEnded("the engine has gone"))

    def outgoing(self) -> Iterator[Any]:
        """What is to be sent, as it comes, until the end."""
        return iter(self._outbox.get, None)

    def incoming(self, message: Any) -> None:
        """Takes one message from the engine."""
        kind = message.WhichOneof("content")
        if kind == "rpc_log":
            self._on_log(message.rpc_log)
        elif kind in _ANSWERS:
            answer = getattr(message, kind)
            ident = getattr(answer, _ANSWERS[kind]) if _ANSWERS[kind] else ""
            with self._lock:
                future = self._waiting.pop((kind, ident), None)
            if future:
                future.set_result(answer)


class Transport:
    """Listens on a free port of 127.0.0.1 and hands each engine that dials in to the conversation kept for it."""

    def __init__(self, engines: int) -> None:
        # One thread per stream, and room for the next engine to dial in while a dead one's stream is still ending.
        self._server = grpc.server(ThreadPoolExecutor(engines * 2 + 2, "grpc"), options=protocol.CHANNEL_OPTIONS)
        handler = grpc.stream_stream_rpc_method_handler(
            self._stream, request_deserializer=protocol.decode, response_serializer=protocol.encode
        )
        generic = grpc.method_handlers_generic_handler(protocol.SERVICE, {protocol.METHOD: handler})
        self._server.add_generic_rpc_handlers((generic,))
        self.port: int = self._server.add_insecure_port("127.0.0.1:0")
        self._expected: dict[str, Conversation] = {}

    def start(self) -> None:
        """Begins to listen."""
        self._server.start()

    def stop(self) -> None:
        """Closes the port and every stream."""
        self._server.stop(SHUTDOWN_GRACE_SECONDS).wait()

    def expect(self, worker_id: str, conversation: Conversation) -> None:
        """The engine that introduces itself as `worker_id` gets this conversation."""
        self._expected[worker_id] = conversation

    def _stream(self, incoming: Iterator[Any], context: Any) -> Iterator[Any]:
        hello = next(incoming, None)
        worker_id = hello.start_stream.worker_id if hello else ""
        conversation = self._expected.pop(worker_id, None)
        if conversation is None:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "no engine of that id was started")
            return

        def read() -> None:
            try:
                for message in incoming:
                    conversation.incoming(message)
            except grpc.RpcError:
                pass  # how gRPC says that the engine's process has ended
            finally:
                conversation.end()

        threading.Thread(target=read, name=f"read-{worker_id[:8]}", daemon=True).start()
        conversation.connected.set()
        yield from conversation.outgoing()
