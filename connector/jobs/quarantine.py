"""The quarantine: what is not a message of ours, or cannot be read, is kept with the reason. Nothing is thrown away."""

import hashlib
import logging
from enum import StrEnum

from connector import telemetry
from connector.bus import QUEUE_QUARANTINE, Bus, OutgoingMessage
from connector.errors import ConnectorError

log = logging.getLogger(__name__)


class Note(StrEnum):
    """The application properties that say why a message is here; they never quote it."""

    REASON = "reason"
    SENTENCE = "sentence"
    ADVICE = "advice"
    SOURCE = "source"


def quarantine(bus: Bus, body: bytes, error: ConnectorError, *, source: str) -> None:
    """Keep a message with the reason why it was not processed.

    Args:
        body: the message as it came.
        error: why; its code and sentence become application properties, so that they must not quote the message.
        source: where it came from: `dataverse`, or the slug of an operation.

    Raises:
        Transient: when the bus does not take it, so that the original is delivered again.
    """
    bus.to_queue(
        QUEUE_QUARANTINE,
        [
            OutgoingMessage(
                body=body,
                message_id=f"quarantine/{hashlib.sha256(body).hexdigest()}",
                properties={
                    Note.REASON.value: error.result_code,
                    Note.SENTENCE.value: error.sentence,
                    Note.ADVICE.value: error.what_to_do,
                    Note.SOURCE.value: source,
                },
            )
        ],
    )
    log.warning(
        "Message quarantined: %s", error.sentence, extra=telemetry.fields(code=error.result_code, source=source)
    )
