"""Serving: certificates, ports, the ready line, a clean end; and the same as a context manager for tests."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import trustme
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.dataverse.app import Application
from sandbox.dataverse.environment import Environment
from sandbox.dataverse.settings import Settings
from sandbox.forking import Forked
from sandbox.quiet_server import QuietServer

HOST: Final = "127.0.0.1"
#: Enough for a thousand clients that connect in the same moment.
BACKLOG: Final = 1024
#: How long the end of the process waits for running requests.
SHUTDOWN_SECONDS: Final = 1


@dataclass(frozen=True, slots=True)
class Ready:
    """What the ready line says: where the stand-in is and who may sign in.

    Attributes:
        ready: always `dataverse`.
        url: the address of the organisation, https.
        http_url: the same over plain http, if asked for.
        ca_file: the certificate authority to trust, PEM.
        tenant_id: the Entra tenant; the authority is the same address as `url`.
        client_id: the connector's app registration.
        client_secret: its secret.
        admin_client_id: that of an administrator, who plays users and flows.
        admin_client_secret: its secret.
        user_id: the `systemuserid` of the connector's application user.
        admin_user_id: that of the administrator.
    """

    ready: str
    url: str
    http_url: str | None
    ca_file: str
    tenant_id: str
    client_id: str
    client_secret: str
    admin_client_id: str
    admin_client_secret: str
    user_id: str
    admin_user_id: str


class _Protocol(HttpToolsProtocol):
    """Lets the application end a connection without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["sandbox.transport"] = self.transport


class _Server(QuietServer):
    """A server that leaves the signals to `serve`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            cycle = connection.cycle  # type: ignore[union-attr]
            if cycle is None or cycle.response_complete:
                connection.transport.abort()  # a polite end waits for the other side
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    environment = Environment(settings)
    application = Application(environment)
    ca_file, context = _certificates(settings.ca_file)
    secure = _listen(settings.port)
    servers = [(_server(application, context), secure)]
    url = f"https://localhost:{secure.getsockname()[1]}"
    http_url = None
    if settings.http_port is not None:
        plain = _listen(settings.http_port)
        servers.append((_server(application, None), plain))
        http_url = f"http://localhost:{plain.getsockname()[1]}"
    environment.addresses = tuple(address for address in (url, http_url) if address)
    environment.start()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, [server for server, _ in servers])
    tasks = [asyncio.create_task(server.serve(sockets=[sock])) for server, sock in servers]
    await asyncio.gather(*(server.ready.wait() for server, _ in servers))
    print(json.dumps(asdict(ready_of(settings, url, http_url, str(ca_file)))), flush=True)
    await asyncio.gather(*tasks)
    environment.stop()
    if settings.ca_file is None:
        ca_file.unlink(missing_ok=True)


def _stop(servers: Sequence[uvicorn.Server]) -> None:
    for server in servers:
        server.should_exit = True


def _server(application: Application, context: ssl.SSLContext | None) -> _Server:
    config = uvicorn.Config(
        application,
        http=_Protocol,
        loop="uvloop",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_level="warning",
        backlog=BACKLOG,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        server_header=False,
        proxy_headers=False,
    )
    config.load()
    config.ssl = context
    return _Server(config)


def _certificates(ca_file: Path | None) -> tuple[Path, ssl.SSLContext]:
    """A certificate authority for this run, and a certificate of localhost by it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", HOST).configure_cert(context)
    if ca_file is None:
        handle, name = tempfile.mkstemp(prefix="dataverse-ca-", suffix=".pem")
        os.close(handle)
        ca_file = Path(name)
    ca_file.write_bytes(authority.cert_pem.bytes())
    return ca_file, context


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


def ready_of(settings: Settings, url: str, http_url: str | None, ca_file: str) -> Ready:
    """What the ready line of a run says."""
    return Ready(
        "dataverse",
        url,
        http_url,
        ca_file,
        settings.tenant_id,
        settings.client_id,
        settings.client_secret,
        settings.admin_client_id,
        settings.admin_client_secret,
        settings.user_id,
        settings.admin_user_id,
    )


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[Ready]:
    """The stand-in as a process of its own, for tests.

    Args:
        arguments: of the command line, see `python -m sandbox.dataverse --help`.

    Raises:
        RuntimeError: when it ends before it is ready.
    """
    process = Forked("sandbox.dataverse", arguments, os.environ, sys.__stderr__ or sys.stderr)
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the Dataverse stand-in ended with {process.wait()} before it was ready")
        yield Ready(**json.loads(line))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        process.stdout.close()
