"""Starts the stand-in: inside an event loop, or in a thread of its own for tests.

with running(definition, lock_seconds=1.0) as bus:
    ServiceBusClient.from_connection_string(bus.connection_string)
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.patience import START_SECONDS
from sandbox.servicebus.alarm import LoopAlarm
from sandbox.servicebus.claims import Claims
from sandbox.servicebus.clock import wall_clock
from sandbox.servicebus.connection import IDLE_SECONDS, Connection
from sandbox.servicebus.control import ControlServer
from sandbox.servicebus.namespace import Namespace
from sandbox.servicebus.nodes import Nodes
from sandbox.servicebus.security import ROOT_POLICY, KeyRing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sandbox.servicebus.definition import NamespaceDefinition

HOST = "127.0.0.1"

#: The entities of the connector.
DEFAULT_ENTITIES = Path(__file__).resolve().parents[2] / "connector" / "servicebus" / "entities.json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How to reach a running stand-in; connection strings by the name of the policy."""

    port: int
    control_url: str
    connection_strings: dict[str, str]

    @property
    def connection_string(self) -> str:
        """With every right."""
        return self.connection_strings[ROOT_POLICY]


@asynccontextmanager
async def serving(
    definition: NamespaceDefinition,
    *,
    port: int = 0,
    control_port: int = 0,
    lock_seconds: float | None = None,
    idle_seconds: float = IDLE_SECONDS,
) -> AsyncIterator[Endpoint]:
    """Serve in the running event loop until the context ends; port 0 finds a free one.

    `lock_seconds` overrides the lock duration of every entity. Messages live in memory and end with the context.
    """

    def ring() -> int | None:
        return namespace.advance()

    alarm = LoopAlarm(wall_clock, ring)
    namespace = Namespace(
        definition, wall_clock, alarm, lock_ms=None if lock_seconds is None else int(lock_seconds * 1000)
    )
    keys = KeyRing.of(definition)
    connections: set[Connection] = set()

    def connect() -> Connection:
        nodes = Nodes(namespace, Claims(keys, wall_clock))
        connection = Connection(nodes, connections.discard, idle_seconds)
        connections.add(connection)
        return connection

    server = await asyncio.get_running_loop().create_server(connect, HOST, port)
    control = await ControlServer(namespace, keys).serve(HOST, control_port)
    try:
        yield _endpoint(keys, _port_of(server), _port_of(control))
    finally:
        server.close()
        control.close()
        for connection in tuple(connections):
            connection.close()
        await asyncio.sleep(0)  # lets the transports close
        alarm.cancel()


@contextmanager
def running(
    definition: NamespaceDefinition, *, lock_seconds: float | None = None, idle_seconds: float = IDLE_SECONDS
) -> Iterator[Endpoint]:
    """Serve in a thread of its own until the context ends."""
    endpoints: list[Endpoint] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with serving(definition, lock_seconds=lock_seconds, idle_seconds=idle_seconds) as endpoint:
            endpoints.append(endpoint)
            ready.set()
            await stop.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="servicebus", daemon=True)
    thread.start()
    if not ready.wait(START_SECONDS):
        raise TimeoutError("The Service Bus stand-in did not start.")
    try:
        yield endpoints[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _endpoint(keys: KeyRing, port: int, control_port: int) -> Endpoint:
    return Endpoint(
        port,
        f"http://{HOST}:{control_port}",
        {
            policy.name: f"Endpoint=sb://{HOST}:{port};SharedAccessKeyName={policy.name};SharedAccessKey={policy.key};"
            "UseDevelopmentEmulator=true;" + (f"EntityPath={policy.scope};" if policy.scope else "")
            for policy in keys.policies
        },
    )


def _port_of(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port
