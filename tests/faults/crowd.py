"""The whole system with several hosts: what people do, what is sent to the bus, and what became of it."""

import time
from collections.abc import Collection, Sequence
from typing import Any

import requests
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from connector.dataverse.choices import JobStatus
from connector.dataverse.names import Contact, Job
from connector.routing.work_item import WorkItem
from connector.servicebus.entities import OPERATION_PROPERTY, QUEUE_QUARANTINE, TOPIC_JOBS
from sandbox.launch import Part
from sandbox.people import People
from sandbox.sample_setup import create_automations
from sandbox.spotler.side_door.client import SideDoor
from sandbox.system import Surroundings
from tests.faults.patience import Patience
from tests.faults.simulated_bus import UNDER_WAY

#: Messages in one send: far below the 256 KB that the bus takes at once.
SEND_AT_ONCE = 100


class Crowd:
    """The whole system with several hosts: what people do, what is sent to the bus, and what became of it."""

    def __init__(self, around: Surroundings, hosts: Sequence[Part]) -> None:
        self.around = around
        self.hosts = hosts
        self.people = People(around.dataverse)
        self.spotler = SideDoor(around.spotler.get("url"))
        self.automations = create_automations(self.people)

    def contacts(self, names: Sequence[str]) -> list[str]:
        rows = [{"lastname": name, "emailaddress1": f"{name}@example.org"} for name in names]
        return self.people.create_many(Contact.TABLE, Contact.SET, rows)

    def jobs(self, rows: Sequence[dict[str, object]], *, lost: bool = False) -> list[str]:
        """Create jobs, in this order; `lost`: no message of them reaches the bus."""
        self.steps(enabled=not lost)
        try:
            return self.people.create_many(Job.TABLE, Job.SET, rows)
        finally:
            self.steps(enabled=True)

    def steps(self, **switches: object) -> dict[str, int]:
        """Switch what Dataverse does with messages; how many are still to be lost or doubled."""
        switched: dict[str, int] = self._door("POST", "steps", json=switches)
        return switched

    def send(self, messages: Sequence[WorkItem | bytes], *, to: str = TOPIC_JOBS) -> None:
        """Send work items or anything else. Without message ids, so that the bus does not see that they repeat."""
        with ServiceBusClient.from_connection_string(self.around.servicebus.get("connection_string")) as client:
            make = client.get_topic_sender if to == TOPIC_JOBS else client.get_queue_sender
            with make(to) as sender:
                for start in range(0, len(messages), SEND_AT_ONCE):
                    sender.send_messages([_sdk_message(each) for each in messages[start : start + SEND_AT_ONCE]])

    def bus_faults(self, **order: object) -> None:
        """Order misbehaviour of the bus: `drop_next`, `duplicate_next`, `entity`, `shuffle`, `seed`."""
        answer = requests.post(f"{self.around.servicebus.get('control_url')}/_sandbox/faults", json=order, timeout=60)
        assert answer.ok, answer.text

    def pending_bus_faults(self) -> dict[str, dict[str, int]]:
        """What was ordered and has not happened yet, by kind and entity."""
        answer = requests.get(f"{self.around.servicebus.get('control_url')}/_sandbox/faults", timeout=60)
        pending: dict[str, dict[str, int]] = answer.json()
        return pending

    def wait(self, jobs: Collection[str]) -> dict[str, tuple[str, str | None]]:
        """Status and code of these jobs once all are over, or nothing happens to them any more."""
        wanted, patience = set(jobs), Patience()
        while True:
            rows = [row for row in self._door("GET", f"rows/{Job.TABLE}") if row[Job.ID] in wanted]
            if all(row[Job.STATE] for row in rows) or not patience.lasts(rows):
                return {str(row[Job.ID]): (JobStatus(row[Job.STATUS]).label, row[Job.RESULT_CODE]) for row in rows}
            time.sleep(0.2)

    def settle(self) -> None:
        """Wait until no message is on its way."""
        patience, figures = Patience(), self.figures()
        while any(
            each.get(state) for entity, each in figures.items() if entity != QUEUE_QUARANTINE for state in UNDER_WAY
        ):
            assert patience.lasts(figures), figures
            time.sleep(0.2)
            figures = self.figures()

    def figures(self) -> dict[str, dict[str, int]]:
        """How many messages stand where, by entity."""
        answer = requests.get(f"{self.around.servicebus.get('control_url')}/_sandbox/stats", timeout=60)
        figures: dict[str, dict[str, int]] = answer.json()["entities"]
        return figures

    def engines(self) -> list[list[int]]:
        """The engine processes of each host."""
        return [_ask_host(host, "engines")["pids"] for host in self.hosts]

    def batches(self) -> list[int]:
        """How many batches of messages each host has handed to its engines so far: to one after the other."""
        return [
            sum(sum(each["batch_sizes"].values()) for each in _ask_host(host, "stats").values()) for host in self.hosts
        ]

    def quarantined(self) -> list[bytes]:
        """The bodies of what was put aside."""
        with (
            ServiceBusClient.from_connection_string(self.around.servicebus.get("connection_string")) as client,
            client.get_queue_receiver(QUEUE_QUARANTINE) as receiver,
        ):
            return [b"".join(message.body) for message in receiver.peek_messages(1000)]

    def _door(self, method: str, path: str, **options: Any) -> Any:
        part = self.around.dataverse
        url = f"{part.get('url')}/_sandbox/{path}"
        answer = requests.request(method, url, verify=part.get("ca_file"), timeout=60, **options)
        assert answer.ok, answer.text
        return answer.json()


def _ask_host(host: Part, what: str) -> dict[str, Any]:
    answer = requests.get(f"{host.get('control_url')}/_sandbox/{what}", timeout=60)
    reported: dict[str, Any] = answer.json()
    return reported


def _sdk_message(message: WorkItem | bytes) -> ServiceBusMessage:
    if isinstance(message, bytes):
        return ServiceBusMessage(message)
    return ServiceBusMessage(message.message("").body, application_properties={OPERATION_PROPERTY: message.operation})
