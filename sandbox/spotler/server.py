"""Serving the stand-in inside a test; as a process of its own it is `python -m sandbox.spotler`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from sandbox.http_server import serving
from sandbox.imitated_api import ImitatedApi
from sandbox.spotler.app import Sandbox
from sandbox.spotler.settings import Settings
from sandbox.spotler.side_door.app import side_door


@dataclass(frozen=True, slots=True)
class Running:
    """A stand-in that listens. `sandbox` is its state, to be read between calls only."""

    url: str
    sandbox: Sandbox = field(repr=False)

    @property
    def key(self) -> str:
        """The consumer key of the first credential."""
        return self.sandbox.settings.credentials[0].key

    @property
    def secret(self) -> str:
        """The consumer secret of the first credential."""
        return self.sandbox.settings.credentials[0].secret


def app_of(sandbox: Sandbox) -> ASGIApp:
    """The API and its side door."""
    return ImitatedApi(sandbox.handle, lambda: sandbox.settings.latency_ms, side_door(sandbox))


@contextmanager
def running(settings: Settings | None = None, port: int = 0) -> Iterator[Running]:
    """Serve in a thread until the block ends. Raises `RuntimeError` if it does not start."""
    sandbox = Sandbox(settings)
    with serving(app_of(sandbox), "spotler", port) as url:
        yield Running(url, sandbox)
