"""The queues, the topic and its subscriptions.

`entities.json` beside this module is the one definition: the functions and the stand-in read it. It is written by
`python -m connector entities`, which calls `definition` with all subscriptions.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

from connector.words import Sentence

QUEUE_DATAVERSE: Final = "dataverse"
QUEUE_QUARANTINE: Final = "quarantine"
TOPIC_JOBS: Final = "spotler-jobs"

#: The subscription of records that are synced without a job; each of the others is that of an operation of jobs.
SYNC_RECORDS: Final = "sync-records"

#: The application property on which the subscriptions of the topic filter.
OPERATION_PROPERTY: Final = "operation"

ENTITIES_FILE: Final = Path(__file__).with_name("entities.json")

#: How long a message is locked for its receiver. Work on jobs takes the longest time that Service Bus allows.
QUEUE_LOCK: Final = timedelta(minutes=1)
JOB_LOCK: Final = timedelta(minutes=5)

#: After so many deliveries Service Bus moves a message to the dead letters.
MAX_DELIVERIES: Final = 10
#: Reading single messages out of the quarantine delivers the older ones too: allow as many as Service Bus does.
MAX_DELIVERIES_QUARANTINE: Final = 2000

#: How long a message waits before it becomes a dead letter.
TIME_TO_LIVE: Final = timedelta(days=14)
TIME_TO_LIVE_QUARANTINE: Final = timedelta(days=90)

#: How long the topic recognises a repeated message id.
DUPLICATE_DETECTION: Final = timedelta(minutes=10)

type Json = str | int | bool | list[Json] | dict[str, Json]


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """Where a message is stored: a queue, a subscription of the topic, or the dead letters of either."""

    name: str
    dead_letters: bool = False

    @property
    def is_queue(self) -> bool:
        """Whether it is a queue, and not a subscription."""
        return self.name in (QUEUE_DATAVERSE, QUEUE_QUARANTINE)

    @property
    def sentence(self) -> Sentence:
        """Its kind and name."""
        place = Sentence("queue {name}" if self.is_queue else "subscription {name}", name=self.name)
        return Sentence("dead letters of {place}", place=place) if self.dead_letters else place

    def __str__(self) -> str:
        return str(self.sentence)


QUARANTINE: Final = Location(QUEUE_QUARANTINE)


def work_locations() -> tuple[Location, ...]:
    """Every location where a message waits for a function."""
    return tuple(Location(name) for name in (QUEUE_DATAVERSE, *subscriptions()))


def dead_letter_locations() -> tuple[Location, ...]:
    """Every location of dead letters."""
    return tuple(Location(name, dead_letters=True) for name in (QUEUE_DATAVERSE, QUEUE_QUARANTINE, *subscriptions()))


@cache
def subscriptions() -> tuple[str, ...]:
    """The subscriptions of the topic, one for each operation and `SYNC_RECORDS`, as `entities.json` has them."""
    document = json.loads(ENTITIES_FILE.read_text(encoding="utf-8"))
    return tuple(entry["name"] for topic in document["topics"] for entry in topic["subscriptions"])


def job_subscriptions() -> tuple[str, ...]:
    """The subscriptions of jobs."""
    return tuple(name for name in subscriptions() if name != SYNC_RECORDS)


def definition(names: Iterable[str]) -> dict[str, Json]:
    """The content of `entities.json`, in the names of Azure's resource definitions.

    Args:
        names: of the subscriptions; each receives the messages that name it in `OPERATION_PROPERTY`.
    """
    return {
        "queues": [
            {
                "name": QUEUE_DATAVERSE,
                **_receiving(QUEUE_LOCK, MAX_DELIVERIES),
                "defaultMessageTimeToLive": _iso(TIME_TO_LIVE),
            },
            {
                "name": QUEUE_QUARANTINE,
                **_receiving(QUEUE_LOCK, MAX_DELIVERIES_QUARANTINE),
                "defaultMessageTimeToLive": _iso(TIME_TO_LIVE_QUARANTINE),
            },
        ],
        "topics": [
            {
                "name": TOPIC_JOBS,
                "requiresDuplicateDetection": True,
                "duplicateDetectionHistoryTimeWindow": _iso(DUPLICATE_DETECTION),
                "defaultMessageTimeToLive": _iso(TIME_TO_LIVE),
                "subscriptions": [
                    {
                        "name": name,
                        **_receiving(JOB_LOCK, MAX_DELIVERIES),
                        "correlationFilter": {OPERATION_PROPERTY: name},
                    }
                    for name in names
                ],
            }
        ],
        "authorizationRules": [{"name": "dataverse-send", "queue": QUEUE_DATAVERSE, "rights": ["Send"]}],
    }


def _receiving(lock: timedelta, max_deliveries: int) -> dict[str, Json]:
    return {
        "lockDuration": _iso(lock),
        "maxDeliveryCount": max_deliveries,
        "deadLetteringOnMessageExpiration": True,
    }


def _iso(duration: timedelta) -> str:
    """An ISO 8601 duration of whole days or whole minutes, such as `P14D` or `PT5M`."""
    return f"P{duration.days}D" if duration.days else f"PT{duration // timedelta(minutes=1)}M"
