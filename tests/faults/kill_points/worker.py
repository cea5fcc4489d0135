"""The processes of a trial: the one that dies, the ones that go on, and the timer.

Each is forked from a server that has everything imported and nothing connected, so that it starts within milliseconds
and still makes its own connections, as a fresh process of the app does. Work and settlement are those of the functions:
a batch runs, then its messages are completed one by one, or abandoned if it raised.
"""

import logging
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from azure.servicebus import ServiceBusReceivedMessage

from connector.errors import ConnectorError
from connector.jobs import chunks
from connector.jobs.batch import run_batch
from connector.jobs.sweep import sweep
from connector.operations.registry import operation_of
from connector.routing.work_item import WorkItem
from connector.servicebus.entities import TOPIC_JOBS
from connector.services import Services, get_services
from sandbox.functions.bindings import ServiceBusTrigger, Source
from sandbox.functions.receiver import Receiver
from tests.faults.kill_points.points import Touches, watch

#: Messages of one batch; there are never so many.
BATCH: Final = 100
#: Seconds between two looks at a subscription, and between two sweeps.
LOOK: Final = 0.25
SWEEP: Final = 0.5
#: Seconds that the victim waits for its messages; they are sent before it starts.
PATIENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Orders:
    """What the victim is to do.

    Attributes:
        slug: its operation.
        jobs: the jobs that it waits for.
        fatal: the touch that it does not survive; 0 for none.
        chunk: how many jobs it has in one chunk.
    """

    settings: Mapping[str, str]
    slug: str
    jobs: frozenset[str]
    fatal: int
    chunk: int


def be_victim(orders: Orders, pipe: Connection) -> None:
    """Take the messages of these jobs as one batch, do the work, settle, and send every touch through the pipe."""
    services = _begin(orders.settings)
    chunks.SIZE = orders.chunk  # type: ignore[misc]
    with Receiver(_trigger(orders.settings, orders.slug), prefetch=0) as receiver:
        messages = _gather(receiver, orders.jobs)
        watch(Touches(orders.fatal, pipe.send))
        _run(services, orders.slug, receiver, messages)
    services.bus.close()
    pipe.close()


def be_successor(settings: Mapping[str, str], slugs: Sequence[str], pipe: Connection) -> None:
    """Work on whatever comes to these subscriptions, until the other end of the pipe is closed."""
    services = _begin(settings)
    with ExitStack() as stack:
        receivers = {slug: stack.enter_context(Receiver(_trigger(settings, slug), prefetch=0)) for slug in slugs}
        while not pipe.poll():
            for slug, receiver in receivers.items():
                messages = receiver.receive(BATCH, LOOK)
                if messages:
                    _run(services, slug, receiver, messages)


def be_timer(settings: Mapping[str, str], pipe: Connection) -> None:
    """Sweep again and again, until the other end of the pipe is closed."""
    services = _begin(settings)
    while not pipe.poll(SWEEP):
        sweep(services)


def _begin(settings: Mapping[str, str]) -> Services:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of whoever started the trials
    logging.getLogger().addHandler(logging.NullHandler())  # what is logged about a death is no news here
    os.environ.update(settings)
    return get_services()


def _gather(receiver: Receiver, jobs: frozenset[str]) -> list[ServiceBusReceivedMessage]:
    """The messages of these jobs; those of others stay locked for a while, and come again for the successor."""
    mine: dict[str, ServiceBusReceivedMessage] = {}
    while mine.keys() != jobs:
        messages = receiver.receive(BATCH, PATIENCE)
        if not messages:
            raise TimeoutError(f"only {len(mine)} of {len(jobs)} messages came")
        for message in messages:
            job = WorkItem.from_body(_body(message)).job
            if job in jobs:
                mine[job] = message
    return list(mine.values())


def _run(services: Services, slug: str, receiver: Receiver, messages: Sequence[ServiceBusReceivedMessage]) -> None:
    """One invocation of the function of this operation, and what the host does after it."""
    try:
        run_batch(services, operation_of(slug), [_body(message) for message in messages])
    except ConnectorError:
        for message in messages:
            receiver.abandon(message)
    else:
        for message in messages:
            receiver.complete(message)


def _body(message: ServiceBusReceivedMessage) -> bytes:
    return b"".join(message.body)


def _trigger(settings: Mapping[str, str], slug: str) -> ServiceBusTrigger:
    source = Source(topic=TOPIC_JOBS, subscription=slug)
    return ServiceBusTrigger(
        slug, "messages", source, settings["ServiceBus"], many=True, binary=True, auto_complete=None
    )
