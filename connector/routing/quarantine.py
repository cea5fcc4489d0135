"""The quarantine: messages that the connector cannot process are kept in a queue, with the reason.

Messages are kept whole, with one exception: a message of almost the maximum size leaves no room for the reason, so its
end is cut off, and a property says how much is kept.
"""

import hashlib
import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from connector import telemetry
from connector.errors import ConnectorError, InternalError
from connector.servicebus.bus import MAX_MESSAGE_BYTES, Bus, OutgoingMessage
from connector.servicebus.entities import QUEUE_QUARANTINE

log = logging.getLogger(__name__)

#: The most bytes of a body that are kept; the rest of the message is for the reason and the properties. Dataverse
#: itself posts at most 192 KB.
MAX_BODY_BYTES: Final = MAX_MESSAGE_BYTES - 16 * 1024
#: The most bytes of properties that are kept; those of Dataverse have less than one thousand.
MAX_PROPERTIES_BYTES: Final = 4 * 1024


class Note(StrEnum):
    """The application properties that say why a message is in quarantine; they never quote it.

    They are stored beside the message's own properties. No property of Dataverse has the name of a note.
    """

    REASON = "reason"
    SENTENCE = "sentence"
    ADVICE = "advice"
    SOURCE = "source"
    CUT = "cut"


def quarantine(
    bus: Bus, body: bytes, error: ConnectorError, *, source: str, properties: Mapping[str, str] | None = None
) -> None:
    """Keep a message with the reason why it was not processed.

    Args:
        body: the body as received; its end is cut off when it leaves no room for the reason.
        error: why. Its code, sentence and advice become application properties, so they must not quote the message.
        source: where the message came from: `dataverse`, or the slug of an operation.
        properties: the message's own properties to keep: people see them, and a replay sends them again.

    Raises:
        Transient: when the bus does not accept it, so that the original is delivered again.
    """
    kept = body[:MAX_BODY_BYTES]
    own = dict(properties or {})
    missing = [f"the first {len(kept)} of {len(body)} bytes"] if len(kept) < len(body) else []
    if sum(len(text.encode()) for pair in own.items() for text in pair) > MAX_PROPERTIES_BYTES:
        own.clear()
        missing.append("without its properties")
    notes = {
        Note.REASON.value: error.result_code,
        Note.SENTENCE.value: error.sentence,
        Note.ADVICE.value: error.what_to_do,
        Note.SOURCE.value: source,
    }
    if missing:
        notes[Note.CUT.value] = ", ".join(missing)
    message_id = f"quarantine/{hashlib.sha256(body).hexdigest()}"
    bus.to_queue(QUEUE_QUARANTINE, [OutgoingMessage(kept, message_id, own | notes)])
    # An internal error was logged where it was caught: one problem is one alert.
    level = logging.INFO if isinstance(error, InternalError) else logging.WARNING
    log.log(
        level, "Message quarantined: %s", error.sentence, extra=telemetry.fields(code=error.result_code, source=source)
    )
