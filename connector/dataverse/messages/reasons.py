"""Why a message cannot be read: one class, one code and one advice per reason.

    Unreadable
    ├── Empty             MESSAGE_EMPTY          it has no content
    ├── WrongFormat       MESSAGE_WRONG_FORMAT   binary or text XML: the service endpoint is registered wrongly
    ├── NotJson           MESSAGE_NOT_JSON       neither XML nor JSON, or JSON that was cut off
    ├── NotFromDataverse  MESSAGE_NOT_DATAVERSE  JSON, but from another sender
    └── Malformed         MESSAGE_MALFORMED      posted by Dataverse, but a member has an unexpected shape

The sentences are logged and shown in the portal, so they name members of the format and never quote the message.
"""

from connector.errors import Unreadable
from connector.words import Sentence


class Empty(Unreadable):
    """The message is empty."""

    code = "MESSAGE_EMPTY"
    advice = "Find out who sends empty messages to the queue; replayed, they fail again."


class WrongFormat(Unreadable):
    """The endpoint's message format is not JSON: set messageformat to 2."""

    code = "MESSAGE_WRONG_FORMAT"
    advice = "Correct the service endpoint in Dataverse; the sweep finds the jobs of messages already posted."


class NotJson(Unreadable):
    """The message is not JSON."""

    code = "MESSAGE_NOT_JSON"
    advice = "Find out who sent it (quarantine show names a user of Dataverse); replayed, it fails again."


class NotFromDataverse(Unreadable):
    """The message is JSON, but not the context of a Dataverse operation."""

    code = "MESSAGE_NOT_DATAVERSE"
    advice = "Give other senders a queue of their own; only Dataverse may write to this one."


class Malformed(Unreadable):
    """The message is the context of a Dataverse operation, but a member has an unexpected shape."""

    code = "MESSAGE_MALFORMED"
    advice = "Report it to the maintainers with the message from the queue quarantine; replay it after an update."

    @classmethod
    def member(cls, name: str, expected: str) -> "Malformed":
        """The error for one member, e.g. `Malformed.member("Entities", "a list of rows")`.

        Both texts come from this package, never from the message.
        """
        return cls(
            Sentence("The member {name} of the message is not {expected}.", name=name, expected=Sentence.of(expected))
        )
