"""What the Service Bus stand-in takes and gives: messages sent in batches, received and completed, by the real SDK."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceiver

from connector.servicebus.entities import QUEUE_DATAVERSE
from sandbox.launch import launch
from tests.bench import report
from tests.bench.observe import BenchFailed
from tests.bench.report import Expectation

MESSAGES: Final = 20_000
#: Messages a second that the stand-in should take and give at least, so that it is never what a job waits for.
LEAST_RATE: Final = 2000.0
#: Messages that are sent, and asked for, at a time.
BLOCK: Final = 100
#: Larger than a work item; a hundred of them are within the 256 KB that the Standard tier takes at once.
BODY: Final = b"x" * 1000
#: Seconds to wait for messages that are all there.
PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class BusFigures:
    """Messages a second, each with one sender or receiver of the SDK in one process."""

    sent: float
    received: float


def measure(messages: int, folder: Path) -> BusFigures:
    """Send so many messages to a queue, then receive and complete them.

    Raises:
        BenchFailed: when not all of them come back.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bus = launch("sandbox.servicebus", logs=folder)
    try:
        with ServiceBusClient.from_connection_string(bus.get("connection_string")) as client:
            began = time.perf_counter()
            with client.get_queue_sender(QUEUE_DATAVERSE) as sender:
                for block in _blocks(messages):
                    sender.send_messages([ServiceBusMessage(BODY) for _ in range(block)])
            sent = time.perf_counter()
            with client.get_queue_receiver(QUEUE_DATAVERSE) as receiver:
                _receive(receiver, messages)
            received = time.perf_counter()
    finally:
        bus.stop()
    return BusFigures(messages / (sent - began), messages / (received - sent))


def heading() -> str:
    """What is run, and where."""
    return (
        f"{MESSAGES:,} messages of {len(BODY):,} bytes through the stand-in of Service Bus, {BLOCK} at a time; "
        f"{report.machine()}"
    )


def expectations(figures: BusFigures) -> list[Expectation]:
    """What is expected of them."""
    return [
        Expectation(f"{rate:,.0f} messages/s {what}, at least {LEAST_RATE:,.0f}", rate >= LEAST_RATE)
        for what, rate in (("sent", figures.sent), ("received and completed", figures.received))
    ]


def _blocks(messages: int) -> Iterator[int]:
    for start in range(0, messages, BLOCK):
        yield min(BLOCK, messages - start)


def _receive(receiver: ServiceBusReceiver, messages: int) -> None:
    left = messages
    while left:
        taken = receiver.receive_messages(max_message_count=BLOCK, max_wait_time=PATIENCE)
        if not taken:
            raise BenchFailed(f"of {messages} messages {left} never came")
        for message in taken:
            receiver.complete_message(message)
        left -= len(taken)
