"""The quarantine: what is not a message of ours, or cannot be read, is kept with the reason. Nothing is thrown away.

The one exception says so: a message that fills the bus to its limit has no room for the reason beside it, so its end is
cut off, and a property tells how much is kept.
"""

import hashlib
import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from connector import telemetry
from connector.errors import ConnectorError
from connector.servicebus.bus import LARGEST, QUEUE_QUARANTINE, Bus, OutgoingMessage

log = logging.getLogger(__name__)

#: The most bytes of a body that are kept. The rest of what the bus takes is for the reason and the properties;
#: Dataverse itself posts no more than 192 KB.
LONGEST_BODY: Final = LARGEST - 16 * 1024
#: The most bytes of properties that are kept; those of Dataverse have less than one thousand.
LARGEST_PROPERTIES: Final = 4 * 1024


class Note(StrEnum):
    """The application properties that say why a message is here; they never quote it.

    Beside them stand those that came with the message. No name of Dataverse's is the name of a note.
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
        body: the message as it came; cut to what the bus takes beside the reason.
        error: why; its code and sentence become application properties, so that they must not quote the message.
        source: where it came from: `dataverse`, or the slug of an operation.
        properties: those of its own that are kept, for people to see and to be sent again when it is replayed.

    Raises:
        Transient: when the bus does not take it, so that the original is delivered again.
    """
    kept = body[:LONGEST_BODY]
    notes = {
        Note.REASON.value: error.result_code,
        Note.SENTENCE.value: error.sentence,
        Note.ADVICE.value: error.what_to_do,
        Note.SOURCE.value: source,
    }
    own = dict(properties or {})
    missing = [f"the first {len(kept)} of {len(body)} bytes"] if len(kept) < len(body) else []
    if sum(len(text.encode()) for pair in own.items() for text in pair) > LARGEST_PROPERTIES:
        own.clear()
        missing.append("without its properties")
    if missing:
        notes[Note.CUT.value] = ", ".join(missing)
    message_id = f"quarantine/{hashlib.sha256(body).hexdigest()}"
    bus.to_queue(QUEUE_QUARANTINE, [OutgoingMessage(kept, message_id, own | notes)])
    log.warning(
        "Message quarantined: %s", error.sentence, extra=telemetry.fields(code=error.result_code, source=source)
    )
