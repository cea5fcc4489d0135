"""Serving the stand-in inside a test; as a process of its own it is `python -m sandbox.leads`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from sandbox.http_server import serving
from sandbox.imitated_api import ImitatedApi
from sandbox.leads.app import LeadsSandbox
from sandbox.leads.settings import LeadsSettings
from sandbox.leads.side_door import side_door


@dataclass(frozen=True, slots=True)
class RunningLeads:
    """A stand-in that listens. `sandbox` is its state, to be read between calls only."""

    url: str
    sandbox: LeadsSandbox = field(repr=False)


def app_of(sandbox: LeadsSandbox) -> ASGIApp:
    """The API and its side door."""
    return ImitatedApi(sandbox.handle, lambda: sandbox.settings.latency_ms, side_door(sandbox))


@contextmanager
def running(settings: LeadsSettings | None = None, port: int = 0) -> Iterator[RunningLeads]:
    """Serve in a thread until the block ends. Raises `RuntimeError` if it does not start."""
    sandbox = LeadsSandbox(settings)
    with serving(app_of(sandbox), "leads", port) as url:
        yield RunningLeads(url, sandbox)
